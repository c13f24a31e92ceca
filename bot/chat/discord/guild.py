"""The way into one Discord server: every call passes here, and every refusal becomes a sentence."""

import asyncio
import logging
import re
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route

from bot.chat.discord.components import Json
from bot.chat.discord.refusals import busy, meaning
from bot.ports import ChatUnreachable

log = logging.getLogger("twokey.discord")

_SEE: Final = "View Channels"
# Every call that is ever made, with the permissions that it needs. In the paths, the names are
# those by which Discord tells its rate limits apart.
CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "GET /gateway/bot": (),
    "GET /guilds/{guild_id}": (),
    "GET /guilds/{guild_id}/members/{user_id}": (),
    "GET /channels/{channel_id}/messages": (_SEE, "Read Message History"),
    "POST /channels/{channel_id}/messages": (_SEE, "Send Messages", "Send Messages in Threads"),
    "PATCH /channels/{channel_id}/messages/{message_id}": (_SEE,),
    "POST /channels/{channel_id}/messages/{message_id}/threads": (_SEE, "Create Public Threads"),
    "PATCH /channels/{channel_id}": (_SEE, "Send Messages in Threads"),
    "POST /users/@me/channels": (),
    "POST /interactions/{webhook_id}/{webhook_token}/callback": (),
    "POST /webhooks/{webhook_id}/{webhook_token}": (),
    "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original": (),
    "DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original": (),
    "GET /applications/{application_id}/commands": (),
    "PUT /applications/{application_id}/commands": (),
    "GET /applications/{application_id}/guilds/{guild_id}/commands": (),
    "PUT /applications/{application_id}/guilds/{guild_id}/commands": (),
}

_PUBLIC_API: Final = "https://discord.com/api/v10"
_PUBLIC_GATEWAY: Final = "wss://gateway.discord.gg/"
_SECONDS: Final = 10.0  # for one try
_PATIENCE_SECONDS: Final = 45.0  # for all tries, and for what discord.py waits in between
_LONGEST_WAIT: Final = 30.0  # for a rate limit; beyond that, others go first


@dataclass(frozen=True, slots=True)
class DiscordSettings:
    """One server and how to reach it; ``api_base`` ends without a slash."""

    guild: str
    bot_token: str = field(repr=False)
    api_base: str = _PUBLIC_API
    gateway_url: str = ""

    @property
    def site(self) -> str:
        """Return where people open Discord: beside the address of its API."""
        parts = urlsplit(self.api_base)
        return f"{parts.scheme}://{parts.netloc}"


class Guild:
    """One server, with one connection pool for all calls; it signs in with the first of them."""

    def __init__(self, settings: DiscordSettings, client: discord.Client) -> None:
        """Talk through this client, which need not be connected to the gateway."""
        self.settings = settings
        self._client = client
        self._signing_in = asyncio.Lock()

    @property
    def id(self) -> str:
        """Return the server's id."""
        return self.settings.guild

    @property
    def application(self) -> str:
        """Return the application's id; empty until we are signed in."""
        return str(self._client.application_id or "")

    @property
    def user(self) -> str:
        """Return the id of the bot's own account; empty until we are signed in."""
        return str(self._client.user.id) if self._client.user else ""

    async def sign_in(self) -> None:
        """Check the token, once, and learn who we are."""
        async with self._signing_in:
            if self._client.application is not None:
                return
            try:
                await understood(self._client.login(self.settings.bot_token))
            except BaseException:
                # A second try opens its own session, so the first must not stay open.
                await self._client.http.close()
                self._client.http.connector = discord.utils.MISSING
                raise

    async def call(
        self,
        call: str,
        *,
        where: str = "",
        json: object = None,
        params: Mapping[str, str] | None = None,
        **names: str,
    ) -> Any:  # noqa: ANN401 - JSON
        """Make one of ``CALLS``; ``where`` names the place in the sentence of a refusal."""
        if call not in CALLS:
            raise KeyError(f"{call} has no entry in CALLS, so nobody asked for its permissions")
        await self.sign_in()
        method, path = call.split(" ")
        options: dict[str, Any] = {"timeout": aiohttp.ClientTimeout(total=_SECONDS)}
        options |= {"json": json} if json is not None else {}
        options |= {"params": params} if params else {}
        route = Route(method, path, **names)
        return await understood(self._client.http.request(route, **options), where=where)


@asynccontextmanager
async def opened(settings: DiscordSettings) -> AsyncGenerator[Guild]:
    """Open the connection pool for as long as the context lasts; nothing is called yet."""
    client = create_discord_bot(settings)
    try:
        yield Guild(settings, client)
    finally:
        await client.close()


async def understood(answer: Awaitable[Any], *, where: str = "") -> Any:  # noqa: ANN401 - JSON
    """Return what Discord answers; a refusal becomes a sentence that may name the place."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await answer
    except discord.RateLimited as error:
        raise busy(error.retry_after) from error
    except discord.LoginFailure as error:
        raise meaning(status=401, code=0, where=where) from error
    except discord.HTTPException as error:
        wait = str(getattr(error.response, "headers", {}).get("Retry-After", ""))
        said = meaning(status=error.status, code=error.code, where=where, retry_after=wait)
        raise said from error
    except (aiohttp.ClientError, OSError) as error:
        raise ChatUnreachable("Discord did not answer.") from error
    except (ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        # discord.py trusts the form of what answers, also if it is a proxy; and a closed session.
        kind = type(error).__name__
        raise ChatUnreachable(f"What Discord answered can't be used ({kind}).") from error


def id_of(answer: object) -> str:
    """Return the id of what Discord made; what has none leaves open whether it was made."""
    match answer:
        case {"id": str(id_)} if id_.isdecimal():
            return id_
        case _:
            raise ChatUnreachable("What Discord answered can't be used: it names no id.")


def create_discord_bot(
    settings: DiscordSettings,
    *,
    take: Callable[[Json], None] | None = None,
    before_identify: Callable[[], Awaitable[None]] | None = None,
    when_up: Callable[[], None] | None = None,
) -> discord.Client:
    """Build the client; ``take`` gets each interaction as Discord sent it.

    ``before_identify`` may raise instead of letting it sign in; ``when_up`` hears that it did.

    discord.py would look for the view, the command or the item of its own that an interaction
    belongs to, lose those of an earlier run of the process, and give up the connection over one
    that it can't read. All that we need stands in the interaction itself.
    """
    Route.BASE = settings.api_base
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway_url or _PUBLIC_GATEWAY)
    _hush()
    return _Client(take or _ignore, before_identify, when_up)


class _Client(discord.Client):
    """discord.py's client without caches, which asks before it identifies itself."""

    def __init__(
        self,
        take: Callable[[Json], None],
        before_identify: Callable[[], Awaitable[None]] | None,
        when_up: Callable[[], None] | None,
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=_LONGEST_WAIT,
        )
        self._connection.parsers["INTERACTION_CREATE"] = take  # the one private door that we use
        self._before_identify = before_identify
        self._when_up = when_up

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait as discord.py does, and as long as whoever built it says."""
        if self._before_identify is not None:
            await self._before_identify()
        await super().before_identify_hook(shard_id, initial=initial)

    async def on_connect(self) -> None:
        """Tell that Discord delivers."""
        if self._when_up is not None:
            self._when_up()

    async def close(self) -> None:
        """Disconnect, also what discord.py forgets: a connection that never came up."""
        for thread in threading.enumerate():
            if not isinstance(thread, KeepAliveHandler) or thread.ws is self.ws:
                continue
            if getattr(thread.ws, "_connection", None) is self._connection:
                thread.stop()
                await thread.ws.socket.close()
        await super().close()


def _ignore(_: Json) -> None:
    pass


class _Discreet(logging.Filter):
    """Keeps what discord.py knows of messages, tokens and addresses out of the log."""

    _secret = re.compile(r"(?:wss?|https?)://\S+|\S*[\w-]{20,}\.[\w.-]+|\S{60,}")

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record to its first words."""
        words = re.split(r"[{\n]", record.getMessage(), maxsplit=1)[0]
        kind = record.exc_info[0] if record.exc_info else None
        record.msg = self._secret.sub("…", words)[:200] + (f" ({kind.__name__})" if kind else "")
        record.args, record.exc_info = (), None
        return True


_DISCREET: Final = _Discreet()


def _hush() -> None:
    """Let discord.py warn in one line, and say nothing of a voice that we don't have."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    for name in tuple(logging.root.manager.loggerDict):
        if name == "discord" or name.startswith("discord."):
            logger = logging.getLogger(name)
            logger.setLevel(logging.WARNING)
            if _DISCREET not in logger.filters:
                logger.addFilter(_DISCREET)
