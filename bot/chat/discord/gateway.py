"""The connection over which Discord delivers: how it starts, comes back, and ends."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlencode

import discord
from aiohttp import web

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.commands import warn_of_differences
from bot.chat.discord.discreet import log
from bot.chat.discord.guild import Guild, create_discord_bot, understood
from bot.chat.discord.reception import Reception
from bot.chat.discord.refusals import TokenRefused
from bot.chat.discord.signins import SignIns, TooOften
from bot.chat.discreet import log_without_words
from bot.domain.errors import TwokeyError
from bot.invocation import Command, Desk
from bot.ports import ChatRefused, ChatUnreachable, Remedy

Routes = Mapping[str, Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]]

# View Channels, Send Messages, Read Message History, Create Public Threads, Send in Threads.
PERMISSIONS: Final = 1 << 10 | 1 << 11 | 1 << 16 | 1 << 35 | 1 << 38
_CONNECT_SECONDS: Final = 15.0
_SETTLE_SECONDS: Final = 3.0
_CLOSE_SECONDS: Final = 3.0
_REFUSED_PAUSE: Final = 300.0  # for what only people can mend

# Close codes after which trying again can't help.
_FATAL: Final[Mapping[int, str]] = {
    4004: "Discord does not accept DISCORD_BOT_TOKEN any more (4004): set the newest one.",
    4010: "Discord refused the connection for its shard (4010).",
    4011: "This bot is in too many servers for one connection (4011): make an app of your own.",
    4012: "Discord does not speak this version of its protocol any more (4012): update Twokey.",
    4013: "Discord does not know what this version of Twokey asks for (4013): update Twokey.",
    4014: "Discord does not allow this bot what it asks for (4014): see docs/discord.md.",
}


class DiscordGateway:
    """The connection of one server; it reconnects by itself until it is stopped."""

    def __init__(
        self,
        guild: Guild,
        chat: DiscordChat,
        desk: Desk,
        commands: Sequence[Command],
        *,
        receives: Callable[[], bool] = lambda: True,
        patience: float = 1.0,
    ) -> None:
        """Connect nothing yet; ``commands`` are those that Discord should have registered.

        ``receives``: of several connections, each of which hears everything, this one answers.
        """
        self._guild = guild
        self._commands = commands
        self._reception = Reception(guild, chat, desk, patience=patience, receives=receives)
        self._client: discord.Client | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._is_up = asyncio.Event()
        self._sign_ins = SignIns(guild)

    def routes(self) -> Routes:
        """Return nothing: over the gateway, Discord needs no address of ours."""
        return {}

    async def start(self) -> None:
        """Check token and server and connect; whatever is wrong is raised as a sentence."""
        try:
            await self._guild.sign_in()
            await check_membership(self._guild)
        except TokenRefused as error:
            raise ChatRefused(f"{error} Nothing was started.", remedy=Remedy.LATER) from error
        await warn_of_differences(self._guild, self._commands)
        await self._sign_ins.check()
        self._connecting = asyncio.create_task(self._stay_connected())
        up = asyncio.create_task(self._is_up.wait())
        try:
            done, _ = await asyncio.wait(
                {self._connecting, up},
                timeout=_CONNECT_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            up.cancel()
        if up not in done:
            failed = self._connecting.exception() if self._connecting.done() else None
            await self.stop()
            raise failed or ChatUnreachable("Discord's gateway can't be reached.")

    async def stop(self) -> None:
        """Answer what has arrived, while it can still be answered, and disconnect."""
        await self._reception.settle(seconds=_SETTLE_SECONDS)
        if self._connecting is not None:
            self._connecting.cancel()
            with suppress(asyncio.CancelledError, TwokeyError):
                await self._connecting
            self._connecting = None
        await self._reception.close()

    async def is_connected(self) -> bool:
        """Tell whether Discord can deliver right now."""
        socket = self._client.ws if self._client is not None else None
        return self._is_up.is_set() and socket is not None and socket.open

    @property
    def turned_away(self) -> Mapping[str, int]:
        """Return how many deliveries never reached the desk, by the reason."""
        return self._reception.turned_away

    async def _stay_connected(self) -> None:
        """Connect, again and again; a refusal ends it only before the first connection."""
        was_up = False
        while True:
            least = 0.0
            try:
                await self._connect()
            except TooOften as error:
                log.error("%s", error)
                least = error.seconds
            except ChatRefused as error:
                log.error("%s", error)
                if not (was_up or self._is_up.is_set()):
                    raise
                least = _REFUSED_PAUSE
            except TwokeyError as error:
                log.warning("%s", error)
            was_up = was_up or self._is_up.is_set()
            self._is_up.clear()
            pause = max(least, self._sign_ins.pause())
            log.warning("Connecting to Discord again in %.0f s.", pause)
            await asyncio.sleep(pause)

    def _came_up(self) -> None:
        self._is_up.set()
        self._sign_ins.came_up()

    async def _connect(self) -> None:
        """Connect once, with a client of its own: what is posted must not depend on it."""
        client = create_discord_bot(
            self._guild.settings,
            take=self._reception.take,
            before_identify=self._sign_ins.spend,
            when_up=self._came_up,
        )
        self._client = client
        try:
            await understood(client.login(self._guild.settings.bot_token))
            await client.connect()
        except discord.PrivilegedIntentsRequired as error:
            raise ChatRefused(_FATAL[4014], remedy=Remedy.LATER) from error
        except discord.ConnectionClosed as error:
            if error.code in _FATAL:
                raise ChatRefused(_FATAL[error.code], remedy=Remedy.LATER) from error
            raise ChatUnreachable(f"Discord closed the connection ({error.code}).") from error
        except TwokeyError:
            raise
        except Exception as error:  # discord.py trusts the form of what arrives
            log_without_words(log, "discord.py gave up", error)
            raise ChatUnreachable("The connection to Discord broke.") from error
        finally:
            await _closed(client)
        raise ChatUnreachable("Discord ended the connection.")


async def check_membership(guild: Guild) -> None:
    """Raise a sentence with the link that invites Twokey, if it is not in the server."""
    try:
        await guild.call("GET /guilds/{guild_id}", where=guild.id, guild_id=guild.id)
    except ChatRefused as refusal:
        raise ChatRefused(
            f"Twokey is not in the Discord server {guild.id}: invite it with "
            f"{invitation(guild)} or put the right server in twokey.yaml."
        ) from refusal


def invitation(guild: Guild) -> str:
    """Return the address at which somebody adds Twokey to a server, with what it may do there."""
    query = urlencode(
        {
            "client_id": guild.application,
            "scope": "bot applications.commands",
            "permissions": PERMISSIONS,
        }
    )
    return f"{guild.settings.site}/oauth2/authorize?{query}"


async def _closed(client: discord.Client) -> None:
    """Close a client; one that hangs is given up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await client.close()
