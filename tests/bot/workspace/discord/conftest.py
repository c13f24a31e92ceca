"""A guild and, in it, a small app made with the real discord.py."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import discord
import httpx
import pytest
import yarl
from discord import app_commands

from bot.workspace.discord import seed
from bot.workspace.discord.client import Guild
from bot.workspace.discord.room import Room
from bot.workspace.discord.server import running

RESPONDER, MANAGER = "400000000000000001", "400000000000000002"
OUTSIDER = "400000000000000004"
DEPLOYS, GENERAL = "500000000000000001", "500000000000000002"
PATIENCE = 20


@dataclass
class Clock:
    """A clock that moves when a test says so."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Place:
    """A running guild, people's hands in it, and an app's calls as they are on the wire."""

    room: Room
    people: Guild
    clock: Clock
    api: httpx.AsyncClient

    async def call(self, verb: str, path: str, body: Any = None, **query: str) -> Any:
        """Call an operation, and return what its answer says."""
        answer = await self.api.request(verb, path, json=body, params=query)
        return answer.json() if answer.content else None

    async def post(self, text: str, *, channel: str = DEPLOYS, **more: Any) -> Any:
        """Post a message as the app."""
        return await self.call("POST", f"channels/{channel}/messages", {"content": text} | more)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """A guild whose limits follow a clock that stands still."""
    clock = Clock()
    headers = {"Authorization": f"Bot {seed.BOT_TOKEN}"}
    async with (
        running(clock=clock, ack_seconds=1.0, identify_seconds=0) as room,
        Guild(room.url) as people,
        httpx.AsyncClient(
            base_url=room.api_url, headers=headers, trust_env=False, timeout=PATIENCE
        ) as api,
    ):
        yield Place(room, people, clock, api)


class App(discord.Client):
    """An app that registers its commands and, unlike the library, comes back at once."""

    def __init__(self) -> None:
        intents = discord.Intents(guilds=True)
        # The library waits that long for more guilds; there is one.
        super().__init__(intents=intents, max_ratelimit_timeout=30, guild_ready_timeout=0.2)
        self.tree = app_commands.CommandTree(self)
        self.guild = discord.Object(int(seed.GUILD["id"]))
        self.resumed = asyncio.Event()

    async def setup_hook(self) -> None:
        """Register the commands of the guild."""
        await self.tree.sync(guild=self.guild)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for nothing."""

    async def on_resumed(self) -> None:
        """Remember that a session was resumed."""
        self.resumed.set()


Join = Callable[[App], Awaitable[None]]


@pytest.fixture
async def join(place: Place, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Join]:
    """Logs apps in, and takes them off line at the end."""
    gateway = yarl.URL(place.room.gateway_url)
    monkeypatch.setattr("discord.http.Route.BASE", place.room.api_url)
    monkeypatch.setattr("discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY", gateway)
    async with AsyncExitStack() as stack:

        async def connect(app: App) -> None:
            running_app = asyncio.create_task(app.start(seed.BOT_TOKEN))

            async def leave() -> None:
                await app.close()
                await running_app

            stack.push_async_callback(leave)
            ready = asyncio.create_task(app.wait_until_ready())
            async with asyncio.timeout(PATIENCE):
                await asyncio.wait([running_app, ready], return_when=asyncio.FIRST_COMPLETED)
            if running_app.done():
                ready.cancel()
                await running_app

        yield connect
