"""The way into one Slack team: every call passes here, and every refusal becomes a sentence."""

import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.chat.discreet import Discreet
from bot.chat.slack.blocks import Json
from bot.chat.slack.refusals import meaning
from bot.ports import ChatRefused, ChatUnreachable

log = logging.getLogger("twokey.slack")
_LEFT_OUT: Final = r"xox\S+|xapp-\S+|(?:wss?|https?)://\S+"

# Every method that is ever called, with the scopes of the bot token that it needs.
METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "auth.test": (),
    "bots.info": ("users:read",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "users.info": ("users:read",),
    "views.open": (),
}

_SECONDS: Final = 10.0
_OK: Final = 200
_ANSWERS: Final = "hooks.slack.com"


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """One team and how to reach it; ``api_base`` ends with a slash."""

    team: str
    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)  # for Socket Mode
    api_base: str = "https://slack.com/api/"
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """One Slack team, with one connection pool for all calls."""

    settings: SlackSettings
    web: AsyncWebClient
    session: aiohttp.ClientSession
    app: str = ""  # the app's own id; over Socket Mode, the connection tells it

    @property
    def id(self) -> str:
        """Return the team's id, such as ``T0123``."""
        return self.settings.team

    def as_team(self, settings: SlackSettings, *, app: str) -> "Team":
        """Return the way into another team, over the same connections."""
        web = web_client(settings, self.session, token=settings.bot_token)
        return Team(settings, web, self.session, app)

    async def call(self, method: str, *, where: str = "", **arguments: object) -> Json:
        """Call one of ``METHODS``, once; ``where`` names the place in the sentence of a refusal."""
        if method not in METHODS:
            raise KeyError(f"{method} has no entry in METHODS, so nobody asked for its scopes")
        # As a form with JSON inside, the one encoding that every method takes.
        form = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in arguments.items()
            if value is not None
        }
        web: Any = self.web  # half typed by the SDK
        # Written out here, because aiohttp makes a boundary for parts that no form has.
        body = urlencode(form).encode()
        return await understood(web.api_call(method, data=body), where=where)

    async def socket_address(self) -> str:
        """Return where deliveries can be fetched, for one try; the app's own token asks for it."""
        web: Any = self.web  # half typed by the SDK
        opening = web.apps_connections_open(app_token=self.settings.app_token)
        return str((await understood(opening, setting="SLACK_APP_TOKEN"))["url"])

    async def respond(self, address: str, body: Json) -> None:
        """Answer an interaction privately, at the address that it brought along: one of Slack's."""
        if urlsplit(address).netloc not in {_ANSWERS, urlsplit(self.settings.api_base).netloc}:
            raise ChatRefused("The address for the answer is not Slack's.")
        try:
            async with self.session.post(
                address, json=body, proxy=self.settings.proxy, allow_redirects=False
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ChatUnreachable("Slack did not answer.") from error
        if status != _OK:
            raise ChatRefused("Slack takes no more answers to this click or command.")


@asynccontextmanager
async def opened(settings: SlackSettings) -> AsyncGenerator[Team]:
    """Open the connection pool of one team for as long as the context lasts."""
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield Team(settings, web_client(settings, session, token=settings.bot_token), session)


def web_client(
    settings: SlackSettings, session: aiohttp.ClientSession, *, token: str | None
) -> AsyncWebClient:
    """Return a client that never repeats a call and takes nothing from the environment."""
    client = AsyncWebClient(
        token=token,
        base_url=settings.api_base,
        session=session,
        retry_handlers=[],
        logger=library_logger(),
    )
    client.proxy = settings.proxy  # the constructor takes a missing one from the environment
    return client


async def understood(
    answer: Awaitable[AsyncSlackResponse], *, where: str = "", setting: str = "SLACK_BOT_TOKEN"
) -> Json:
    """Return what Slack answers; a refusal becomes a sentence that may name place and setting."""
    try:
        return cast("Json", (await answer).data)
    except SlackApiError as error:
        raise meaning(error.response, where=where, setting=setting) from error
    except (aiohttp.ClientError, TimeoutError, AttributeError) as error:
        # The SDK stumbles with AttributeError over a plain text, as proxies send it.
        raise ChatUnreachable("Slack did not answer.") from error


def library_logger() -> logging.Logger:
    """Return the logger for Slack's libraries, which print whole deliveries when they debug."""
    logger = logging.getLogger("twokey.slack.library")
    logger.setLevel(logging.WARNING)
    if not logger.filters:
        logger.addFilter(Discreet(_LEFT_OUT))
    return logger
