"""The demo's ``twokey.yaml``: the people of the local workspace, and the shop on this machine."""

from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Final
from urllib.parse import urlsplit

from bot.config import Role
from bot.domain.errors import TwokeyError
from bot.workspace.providers import seed as shop
from bot.workspace.slack import seed as slack

# They open nothing but the local providers.
TOKENS: Final = {"vercel": "local-vercel", "railway": "local-railway"}
DEPLOYS: Final = "C00DEPLOYS"

_SOCKET: Final = "app_token: env:SLACK_APP_TOKEN"
_HTTP: Final = "receive: http, signing_secrets: [env:SLACK_SIGNING_SECRET]"

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def configuration(addresses: Mapping[str, str], *, database: str) -> str:
    """Return the text of the file for these addresses, all of which are on this machine.

    If the bot has an address, too, Slack delivers there by signed HTTP.
    """
    for url in addresses.values():
        check_loopback(url)
    file = Template((files("bot.workspace.demo") / "twokey.yaml").read_text())
    bot = urlsplit(addresses.get("bot", ""))
    listen = f"\nlisten: {{host: {bot.hostname}, port: {bot.port}}}\n" if bot.port else ""
    text = file.substitute(
        addresses,
        receive=_HTTP if listen else _SOCKET,
        database=database,
        team=slack.TEAM["id"],
        channel=DEPLOYS,
        project=shop.RAILWAY_PROJECT,
        service=shop.RAILWAY_SERVICE,
        environment=shop.RAILWAY_ENVIRONMENT,
    )
    return text + listen


def secrets(addresses: Mapping[str, str], *, role: Role = "all") -> dict[str, str]:
    """Return what a bot of this role, and it alone, finds in its environment."""
    given = {"SLACK_API_BASE": addresses["slack"], "SLACK_BOT_TOKEN": slack.BOT_TOKEN}
    if role != "executor":
        given["SLACK_APP_TOKEN"] = slack.APP_TOKEN
        given["SLACK_SIGNING_SECRET"] = slack.SIGNING_SECRET
    if role != "chat":
        given |= {f"{name.upper()}_TOKEN": token for name, token in TOKENS.items()}
    return given


def check_loopback(url: str) -> None:
    """Refuse an address that is not on this machine: a demo must never touch anything real."""
    if urlsplit(url).hostname not in _LOOPBACK:
        raise TwokeyError(
            f"The demo talks to this machine only, and {url} is not on it. Nothing was started."
        )
