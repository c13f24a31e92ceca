"""The demo's ``twokey.yaml``: the people of the local workspace, and the shop on this machine."""

from collections.abc import Mapping
from string import Template
from typing import Final
from urllib.parse import urlsplit

from bot.domain.errors import TwokeyError
from bot.workspace.providers import seed as shop
from bot.workspace.slack import seed as slack

# They open nothing but the local providers.
TOKENS: Final = {"vercel": "local-vercel", "railway": "local-railway"}
DEPLOYS: Final = "C00DEPLOYS"

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_FILE: Final = Template("""\
version: 1
database: sqlite:///twokey.db
slack: {team: $team, bot_token: env:SLACK_BOT_TOKEN, app_token: env:SLACK_APP_TOKEN}
people:
  responder: {name: Responder, accounts: [slack:$team/U00RESPONDER]}
  manager-one: {name: Manager One, accounts: [slack:$team/U00MANAGER1]}
  manager-two: {name: Manager Two, accounts: [slack:$team/U00MANAGER2]}
  outsider: {name: Outsider, accounts: [slack:$team/U00OUTSIDER]}
secrets: {VERCEL_TOKEN: env:VERCEL_TOKEN, RAILWAY_TOKEN: env:RAILWAY_TOKEN}
endpoints: {vercel: $vercel, railway: $railway}
targets:
  - name: frontend
    environment: production
    affected: Frontend (Vercel shop-frontend)
    channel: slack:$team/$channel
    approvers: &approvers [responder, manager-one, manager-two]
    steps:
      - &pages {name: pages, use: vercel.rollback, project: shop-frontend}
    checks:
      - &page {name: shop page, use: check.http, url: $frontend, expect: {status: healthy},
               interval: 1, internal: true, allow_plain: true}
  - name: backend
    environment: production
    affected: Backend (Railway api)
    channel: slack:$team/$channel
    approvers: *approvers
    steps:
      - &api {name: api, use: railway.rollback, project: $project, service: $service,
              environment: $environment}
    checks:
      - &health {name: API health, use: check.http, url: $backend, expect: {status: healthy},
                 interval: 1, internal: true, allow_plain: true}
  - name: full
    environment: production
    affected: Frontend and backend
    channel: slack:$team/$channel
    approvers: *approvers
    steps: [*pages, *api]
    checks: [*page, *health]
""")


def configuration(addresses: Mapping[str, str]) -> str:
    """Return the text of the file for these addresses, all of which are on this machine."""
    for url in addresses.values():
        check_loopback(url)
    return _FILE.substitute(
        addresses,
        team=slack.TEAM["id"],
        channel=DEPLOYS,
        project=shop.RAILWAY_PROJECT,
        service=shop.RAILWAY_SERVICE,
        environment=shop.RAILWAY_ENVIRONMENT,
    )


def secrets(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return what the bot, and it alone, finds in its environment."""
    return {
        "SLACK_API_BASE": addresses["slack"],
        "SLACK_BOT_TOKEN": slack.BOT_TOKEN,
        "SLACK_APP_TOKEN": slack.APP_TOKEN,
        **{f"{name.upper()}_TOKEN": token for name, token in TOKENS.items()},
    }


def check_loopback(url: str) -> None:
    """Refuse an address that is not on this machine: a demo must never touch anything real."""
    if urlsplit(url).hostname not in _LOOPBACK:
        raise TwokeyError(
            f"The demo talks to this machine only, and {url} is not on it. Nothing was started."
        )
