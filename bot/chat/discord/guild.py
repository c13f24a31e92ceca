"""The way into one Discord server: every call passes here, and every refusal becomes a sentence."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route

from bot.chat.discord.components import Json
from bot.chat.discord.discreet import hush
from bot.chat.discord.refusals import busy, meaning
from bot.chat.discord.replies import Replies
from bot.chat.discord.requests import Requests
from bot.ports import ChatUnreachable

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

_ANSWERS: Final = ("/interactions/", "/webhooks/")  # no limit of other calls holds for them
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

    def __init__(
        self, settings: DiscordSettings, client: discord.Client, replies: Replies | None = None
    ) -> None:
        """Talk through this client, which need not be connected to the gateway.

        ``replies`` is what answers interactions; without it, the client answers those as well.
        """
        self.settings = settings
        self._client = client
        self._replies = replies
        self._requests = Requests()
        self._signing_in: asyncio.Task[None] | None = None

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
        if self._client.application is not None:
            return
        if self._signing_in is None or self._signing_in.done():
            self._signing_in = self._requests.begin(self._sign_in())
        await self._requests.wait_for(self._signing_in)

    async def _sign_in(self) -> None:
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
        if path.startswith(_ANSWERS):
            answer = (self._replies or self._client.http).request(route, **options)
            return await understood(answer, where=where)
        request = partial(self._asked, route, options)
        written = "" if method == "GET" else f"{method} {route.url}"
        return await understood(self._requests.make(request, after=written), where=where)

    async def close(self) -> None:
        """Give up what is still asked although nobody waits for it."""
        await self._requests.close()

    async def _asked(self, route: Route, options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        return await self._client.http.request(route, **options)


@asynccontextmanager
async def opened(settings: DiscordSettings) -> AsyncGenerator[Guild]:
    """Open the connection pool for as long as the context lasts; nothing is called yet."""
    client = create_discord_bot(settings)
    replies = Replies(client)
    guild = Guild(settings, client, replies)
    try:
        yield guild
    finally:
        await guild.close()
        await replies.close()
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
    hush()
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
            intents=discord.Intents.none(),  # interactions need none
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
