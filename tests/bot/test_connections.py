"""How the chats are connected: what is wrong for good ends the start, all else is tried again."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.gateway import DiscordGateway
from bot.chat.discord.guild import opened
from bot.chat.discord.signins import TooOften
from bot.connections import absent, connect, disconnected
from bot.ports import ChatBusy, ChatRefused, ChatUnreachable
from bot.workspace.discord.server import running
from tests.bot.chat.discord.conftest import COMMANDS, Clock, FakeDesk, settings


@dataclass
class Door:
    """A gateway that says these things, one at each start, before it connects."""

    errors: list[Exception]
    at: list[float] = field(default_factory=list)
    turned_away: Mapping[str, int] = field(default_factory=dict)

    def routes(self) -> Mapping[str, Any]:
        return {}

    async def start(self) -> None:
        self.at.append(time.monotonic())
        if self.errors:
            raise self.errors.pop(0)

    async def stop(self) -> None:
        """Nothing is open."""

    async def is_connected(self) -> bool:
        return not self.errors


async def test_a_wrong_token_of_discord_ends_the_start() -> None:
    """Nobody waits for a token to become right by itself."""
    async with running(limits=False) as room:
        wrong = replace(settings(room), bot_token="wrong.token.x")
        async with opened(wrong) as guild:
            chat = DiscordChat(guild, now=Clock())
            gateway = DiscordGateway(guild, chat, FakeDesk(), COMMANDS)

            with pytest.raises(ChatRefused, match=r"DISCORD_BOT_TOKEN .* Nothing was started\.$"):
                async with asyncio.timeout(4):
                    await connect([gateway])


async def test_a_busy_platform_is_left_alone_for_as_long_as_it_wants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever comes back sooner is told to wait even longer."""
    monkeypatch.setattr("bot.connections._CONNECT_AGAIN", 0.01)
    door = Door([ChatUnreachable("It is away."), ChatBusy("It is busy.", seconds=0.3)])

    assert await connect([door]) == ()

    first, second, third = door.at
    assert second - first < 0.3
    assert third - second >= 0.3


async def test_sign_ins_that_have_to_be_spared_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever signs in too often is told when to come back, and comes back no sooner."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("asyncio.sleep", sleep)

    await connect([Door([TooOften("Too often.", seconds=600.0), ChatUnreachable("It is away.")])])

    assert pauses == [600, 5]


async def test_a_refusal_that_comes_late_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once people are served on one chat, what is wrong with another one is waited out."""
    monkeypatch.setattr("bot.connections._WITHIN", 0.05)
    monkeypatch.setattr("bot.connections._CONNECT_AGAIN", 0.1)
    monkeypatch.setattr("bot.connections._REFUSED_AGAIN", 0.01)
    away = ChatUnreachable("It is away.")
    late = Door([away, ChatRefused("Twokey is not in the server."), ChatRefused("Still not.")])

    [trying] = await connect([Door([]), late])
    told = await absent({"Slack": Door([]), "Discord": late})
    is_served = not await disconnected({"Slack": Door([]), "Discord": late})
    async with asyncio.timeout(4):
        await trying

    assert len(late.at) == 4
    assert (told, is_served) == ("Not connected: Discord.", True)
