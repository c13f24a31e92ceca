"""The demo's ``twokey.yaml``: the people of the local chats, and the shop on this machine."""

from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from string import Template
from typing import Final
from urllib.parse import urlsplit

from bot.config import Role
from bot.domain.errors import TwokeyError
from bot.workspace.demo.sides import SIDES
from bot.workspace.discord import seed as discord
from bot.workspace.providers import seed as shop
from bot.workspace.slack import seed as slack

# They open nothing but the local providers.
TOKENS: Final = {"vercel": "local-vercel", "railway": "local-railway"}
PEOPLE: Final = ("Responder", "Manager One", "Manager Two", "Outsider")

_SOCKET: Final = "app_token: env:SLACK_APP_TOKEN"
_HTTP: Final = "receive: http, signing_secrets: [env:SLACK_SIGNING_SECRET]"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def configuration(
    addresses: Mapping[str, str],
    *,
    database: str,
    chats: Collection[str] = ("slack",),
    keys: Mapping[str, str] | None = None,
) -> str:
    """Return the text of the file for these addresses, all of which are on this machine.

    If the bot has an address, too, Slack delivers there by signed HTTP. ``keys`` are those with
    which people decide on the command line, by what people are called.
    """
    for url in addresses.values():
        check_loopback(url)
    file = Template((files("bot.workspace.demo") / "twokey.yaml").read_text())
    bot = urlsplit(addresses.get("bot", ""))
    listen = f"\nlisten: {{host: {bot.hostname}, port: {bot.port}}}\n" if bot.port else ""
    text = file.substitute(
        addresses,
        chats="\n".join(_sections(chats, is_http=bool(listen))),
        database=database,
        channels=", ".join(str(SIDES[name].place) for name in chats),
        project=shop.RAILWAY_PROJECT,
        service=shop.RAILWAY_SERVICE,
        environment=shop.RAILWAY_ENVIRONMENT,
        **{key_of(who): ", ".join(_accounts(who, chats, keys or {})) for who in PEOPLE},
    )
    return text + listen


def key_of(who: str) -> str:
    """Return somebody's key in the people map, as a name that a template takes."""
    return who.lower().replace(" ", "_")


def secrets(
    addresses: Mapping[str, str], *, role: Role = "all", chats: Collection[str] = ("slack",)
) -> dict[str, str]:
    """Return what a bot of this role, and it alone, finds in its environment."""
    given: dict[str, str] = {}
    if "slack" in chats:
        given |= {"SLACK_API_BASE": addresses["slack"], "SLACK_BOT_TOKEN": slack.BOT_TOKEN}
    if "slack" in chats and role != "executor":
        given["SLACK_APP_TOKEN"] = slack.APP_TOKEN
        given["SLACK_SIGNING_SECRET"] = slack.SIGNING_SECRET
    if "discord" in chats:
        given["DISCORD_API_BASE"] = addresses["discord"]
        given["DISCORD_GATEWAY_URL"] = addresses["discord_gateway"]
        given["DISCORD_BOT_TOKEN"] = discord.BOT_TOKEN
    if role != "chat":
        given |= {f"{name.upper()}_TOKEN": token for name, token in TOKENS.items()}
    return given


def check_loopback(url: str) -> None:
    """Refuse an address that is not on this machine: a demo must never touch anything real."""
    if urlsplit(url).hostname not in _LOOPBACK:
        raise TwokeyError(
            f"The demo talks to this machine only, and {url} is not on it. Nothing was started."
        )


def _sections(chats: Collection[str], *, is_http: bool) -> Iterator[str]:
    if "slack" in chats:
        receive, team = _HTTP if is_http else _SOCKET, slack.TEAM["id"]
        yield f"slack: {{team: {team}, bot_token: env:SLACK_BOT_TOKEN, {receive}}}"
    if "discord" in chats:
        yield f"discord: {{guild: {discord.GUILD['id']}, bot_token: env:DISCORD_BOT_TOKEN}}"


def _accounts(who: str, chats: Collection[str], keys: Mapping[str, str]) -> Iterator[str]:
    for name in chats:
        side = SIDES[name]
        yield f"{name}:{side.place.tenant}/{side.people[who]}"
    if who in keys:
        yield keys[who]
