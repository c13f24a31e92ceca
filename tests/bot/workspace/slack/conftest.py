"""A workspace and, in it, a small app made with the real slack-bolt client."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.slack.client import Workspace
from bot.workspace.slack.room import Room
from bot.workspace.slack.server import running


@dataclass
class Clock:
    """A clock that moves when a test says so."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Place:
    """A running workspace, a person's hands in it, and the client of an app."""

    room: Room
    people: Workspace
    client: AsyncWebClient
    clock: Clock


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """A workspace whose limits follow a clock that stands still."""
    clock = Clock()
    async with running(clock=clock, ack_seconds=0.5) as here, Workspace(here.url) as people:
        client = AsyncWebClient(token=here.bot_token, base_url=here.api_url)
        yield Place(here, people, client, clock)


Join = Callable[[AsyncApp], Awaitable[AsyncSocketModeHandler]]


@pytest.fixture
async def join(place: Place) -> AsyncIterator[Join]:
    """Connects apps over Socket Mode, and takes them off line at the end."""
    async with AsyncExitStack() as stack:

        async def connect(app: AsyncApp) -> AsyncSocketModeHandler:
            handler = AsyncSocketModeHandler(app, place.room.app_token)
            await handler.connect_async()  # type: ignore[no-untyped-call]
            stack.push_async_callback(handler.close_async)
            return handler

        yield connect
