"""The way into one Slack team: every call passes here, and every refusal becomes a sentence."""

import json
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.chat.slack.blocks import Json
from bot.domain.errors import TwokeyError
from bot.ports import ChatBusy, ChatRefused, ChatUnreachable

log = logging.getLogger("twokey.slack")

# Every method that is ever called, with the scopes of the bot token that it needs.
METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "auth.test": (),
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
_BUSY_SECONDS: Final = 30.0
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_OK: Final = 200

_POST_ANEW: Final = {"cant_update_message", "edit_window_closed", "message_not_found"}
_ITS_OWN_FAULT: Final = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
# Somebody mends these on Slack's side, and what waits is then shown: nothing gets lost.
_MENDABLE: Final = {
    "account_inactive",
    "invalid_auth",
    "missing_scope",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
}
_INVITE: Final = "Twokey is not in the channel {where}: type /invite @Twokey there."
_GONE: Final = (
    "{where} can't get direct messages: correct the account under people: in twokey.yaml."
)
_SENTENCES: Final = {
    "channel_not_found": _INVITE,
    "not_in_channel": _INVITE,
    "is_archived": "The channel {where} is archived: unarchive it or name another in twokey.yaml.",
    "restricted_action": "This Slack team lets only some people post in {where}: allow Twokey to.",
    "cannot_dm_bot": _GONE,
    "user_disabled": _GONE,
    "user_not_found": _GONE,
    "users_not_found": _GONE,
    "thread_not_found": "The message in {where} that the thread hung on was deleted.",
}


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """One team and how to reach it; ``api_base`` ends with a slash."""

    team: str
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    api_base: str = "https://slack.com/api/"
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """One Slack team, with one connection pool for all calls."""

    settings: SlackSettings
    web: AsyncWebClient
    session: aiohttp.ClientSession

    @property
    def id(self) -> str:
        """Return the team's id, such as ``T0123``."""
        return self.settings.team

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
        return await _understood(web.api_call(method, data=form), where=where)

    async def socket_address(self) -> str:
        """Return where deliveries can be fetched, for one try; the app's own token asks for it."""
        web: Any = self.web  # half typed by the SDK
        opening = web.apps_connections_open(app_token=self.settings.app_token)
        return str((await _understood(opening, setting="SLACK_APP_TOKEN"))["url"])

    async def respond(self, address: str, body: Json) -> None:
        """Answer an interaction privately, at the address that it brought along."""
        try:
            async with self.session.post(address, json=body, proxy=self.settings.proxy) as answer:
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


async def _understood(
    answer: Awaitable[AsyncSlackResponse], *, where: str = "", setting: str = "SLACK_BOT_TOKEN"
) -> Json:
    try:
        return cast("Json", (await answer).data)
    except SlackApiError as error:
        raise _meaning(error.response, where=where, setting=setting) from error
    except (aiohttp.ClientError, TimeoutError, AttributeError) as error:
        # The SDK stumbles with AttributeError over a plain text, as proxies send it.
        raise ChatUnreachable("Slack did not answer.") from error


def _meaning(response: Any, *, where: str, setting: str) -> TwokeyError:  # noqa: ANN401 - the SDK says so
    """Say what a failed call means; a body that is no JSON leaves the client's own response."""
    data = getattr(response, "data", None)
    code = str(cast("Json", data).get("error", "")) if isinstance(data, dict) else ""
    status = getattr(response, "status_code", getattr(response, "status", _SERVER_ERROR))
    if status == _TOO_MANY or code in {"ratelimited", "rate_limited"}:
        wait = str(response.headers.get("Retry-After", ""))
        seconds = float(wait) if wait.isdigit() else _BUSY_SECONDS
        return ChatBusy(f"Slack asks us to wait {seconds:.0f} s.", seconds=seconds)
    if status >= _SERVER_ERROR or not code or code in _ITS_OWN_FAULT:
        return ChatUnreachable(f"Slack failed to answer ({code or status}).")
    if code in _MENDABLE:
        return ChatUnreachable(
            f"Slack does not accept {setting} ({code}): install the app again with manifest.yml, "
            "and set the token that it then shows."
        )
    sentence = _SENTENCES.get(code, "Slack refused: {code}.")
    return ChatRefused(sentence.format(where=where, code=code), repost=code in _POST_ANEW)


class _Discreet(logging.Filter):
    """Keeps what Slack's libraries know of messages, tokens and addresses out of the log."""

    _secret = re.compile(r"xox\S+|xapp-\S+|(?:wss?|https?)://\S+")

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record to its first words."""
        words = re.split(r"[{\n]", record.getMessage(), maxsplit=1)[0]
        kind = record.exc_info[0] if record.exc_info else None
        record.msg = self._secret.sub("…", words)[:200] + (f" ({kind.__name__})" if kind else "")
        record.args, record.exc_info = (), None
        return True


def library_logger() -> logging.Logger:
    """Return the logger for Slack's libraries, which print whole deliveries when they debug."""
    logger = logging.getLogger("twokey.slack.library")
    logger.setLevel(logging.WARNING)
    if not logger.filters:
        logger.addFilter(_Discreet())
    return logger
