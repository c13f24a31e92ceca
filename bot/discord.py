"""How Discord is wired: one bot in one server."""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.commands import Registered, sync_commands
from bot.chat.discord.directory import DiscordDirectory
from bot.chat.discord.gateway import DiscordGateway
from bot.chat.discord.guild import DiscordSettings, opened
from bot.chats import Gateway, Platform
from bot.clock import SystemClock
from bot.config import DiscordAccess
from bot.invocation import Command, Desk


@asynccontextmanager
async def discord(
    access: DiscordAccess, commands: Sequence[Command], *, receives: Callable[[], bool]
) -> AsyncGenerator[Platform]:
    """Open the connection pool for as long as the context lasts.

    ``commands`` are those that Discord should offer. Discord tells every process everything, and
    one of them answers: ``receives`` says whether it is this one. Discord's own times are real
    ones, whatever the bot's clock says.
    """
    async with opened(_settings(access)) as guild:
        chat = DiscordChat(guild, now=time.time)
        directory = DiscordDirectory(guild, now=time.monotonic, clock=SystemClock().now)

        def gateway_to(desk: Desk) -> Gateway:
            return DiscordGateway(guild, chat, desk, commands, receives=receives)

        yield Platform("discord", "Discord", chat, directory, gateway_to, tells_all=True)


async def sync(
    access: DiscordAccess, commands: Sequence[Command], *, everywhere: bool
) -> Registered:
    """Register the commands in our server at once, or in every server within an hour."""
    return await sync_commands(_settings(access), commands, guild=not everywhere)


def _settings(access: DiscordAccess) -> DiscordSettings:
    return DiscordSettings(
        guild=access.guild,
        bot_token=access.bot_token.value,
        api_base=access.api_base,
        gateway_url=access.gateway_url,
    )
