"""The demo's ``twokey.yaml``: the people of the local workspace, and the shop on this machine."""

from dataclasses import dataclass
from string import Template
from typing import Final
from urllib.parse import urlsplit

from bot.domain.errors import TwokeyError
from bot.workspace.providers import seed as shop
from bot.workspace.slack import seed as slack

# They open nothing but the local providers.
VERCEL_TOKEN: Final = "local-vercel"  # noqa: S105
RAILWAY_TOKEN: Final = "local-railway"  # noqa: S105

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
    affected: Frontend (Vercel $site)
    channel: slack:$team/$channel
    approvers: [responder, manager-one, manager-two]
    steps:
      - &site {name: site, use: vercel.rollback, project: $site}
    checks:
      - &pages {name: shop pages, use: check.http, url: $frontend, expect: {status: healthy},
                interval: 1, internal: true, allow_plain: true}
  - name: backend
    environment: production
    affected: Backend (Railway $service_name)
    channel: slack:$team/$channel
    approvers: [responder, manager-one, manager-two]
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
    approvers: [responder, manager-one, manager-two]
    steps: [*site, *api]
    checks: [*pages, *health]
""")


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where everything of one demo answers; nowhere but on this machine."""

    slack: str
    vercel: str
    railway: str
    frontend: str
    backend: str

    def __post_init__(self) -> None:
        """Refuse every address that leads to another machine."""
        for url in (self.slack, self.vercel, self.railway, self.frontend, self.backend):
            check_loopback(url)


def check_loopback(url: str) -> None:
    """Refuse an address that is not on this machine: a demo must never touch anything real."""
    if urlsplit(url).hostname not in _LOOPBACK:
        raise TwokeyError(
            f"The demo talks to this machine only, and {url} is not on it. Nothing was started."
        )


def configuration(addresses: Addresses) -> str:
    """Return the text of the configuration file."""
    return _FILE.substitute(
        team=slack.TEAM["id"],
        channel=DEPLOYS,
        vercel=addresses.vercel,
        railway=addresses.railway,
        frontend=addresses.frontend,
        backend=addresses.backend,
        site=shop.VERCEL_PROJECT_NAME,
        service_name=shop.RAILWAY_SERVICE_NAME,
        project=shop.RAILWAY_PROJECT,
        service=shop.RAILWAY_SERVICE,
        environment=shop.RAILWAY_ENVIRONMENT,
    )


def secrets(addresses: Addresses) -> dict[str, str]:
    """Return what the bot alone finds in its environment."""
    return {
        "SLACK_API_BASE": addresses.slack,
        "SLACK_BOT_TOKEN": slack.BOT_TOKEN,
        "SLACK_APP_TOKEN": slack.APP_TOKEN,
        "VERCEL_TOKEN": VERCEL_TOKEN,
        "RAILWAY_TOKEN": RAILWAY_TOKEN,
    }
