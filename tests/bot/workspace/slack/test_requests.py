"""Delivery over signed HTTP, taken by the real slack-bolt server with its own verification."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.slack import requests, seed
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.room import Room
from bot.workspace.slack.server import running
from bot.workspace.wire import Json

RESPONDER, MANAGER, DEPLOYS = "U00RESPONDER", "U00MANAGER1", "C00DEPLOYS"
BUTTON: Json = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
Start = Callable[[web.Application], Awaitable[None]]


@dataclass
class Place:
    """A workspace that delivers to a port, the hands of its people, and what an app has heard."""

    room: Room
    people: Workspace
    client: AsyncWebClient
    port: int
    heard: list[str] = field(default_factory=list)

    def app(self) -> AsyncApp:
        """An app made with the real client, which verifies signatures by itself."""
        app = AsyncApp(client=self.client, signing_secret=seed.SIGNING_SECRET)

        @app.command("/rollback")
        async def rollback(ack: AsyncAck, command: Json) -> None:
            self.heard.append(command["text"])
            await ack(text=f"heard {command['text']}")

        @app.action("go")
        async def go(ack: AsyncAck, action: Json) -> None:
            self.heard.append(action["action_id"])
            await ack()

        return app


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """A workspace whose app is not there yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    to = f"http://127.0.0.1:{port}"
    async with running(deliver_to=to, ack_seconds=0.5) as room, Workspace(room.url) as people:
        client = AsyncWebClient(token=room.bot_token, base_url=room.api_url)
        yield Place(room, people, client, port)


@pytest.fixture
async def serve(place: Place) -> AsyncIterator[Start]:
    """Puts an application at the port until the test ends."""
    async with AsyncExitStack() as stack:

        async def start(application: web.Application) -> None:
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", place.port).start()

        yield start


def of_bolt(app: AsyncApp) -> web.Application:
    """Bolt's own server, at the three paths."""
    application = web.Application()
    for path in requests.PATHS.values():
        server = app.server(port=1, path=f"/slack/{path}")
        application.router.add_post(f"/slack/{path}", server.handle_post_requests)
    return application


async def test_commands_and_clicks_arrive(place: Place, serve: Start) -> None:
    """The real client accepts the signature, and what it answers is shown."""
    await serve(of_bolt(place.app()))
    blocks = [{"type": "actions", "elements": [BUTTON]}]
    posted = await place.client.chat_postMessage(channel=DEPLOYS, text="Go?", blocks=blocks)

    typed = await place.people.command(RESPONDER, DEPLOYS, "/rollback backend & more")
    clicked = await place.people.click(MANAGER, DEPLOYS, str(posted["ts"]), "go")

    assert (typed["ok"], clicked["ok"]) == (True, True)
    assert place.heard == ["backend & more", "go"]
    assert [one["text"] for one in await place.people.ephemerals(RESPONDER)] == [
        "heard backend & more"
    ]


async def test_an_app_that_is_not_there_is_named(place: Place) -> None:
    """With nobody at the port, the person reads that the command failed."""
    outcome = await place.people.command(RESPONDER, DEPLOYS, "/rollback")

    assert not outcome["ok"]
    [said] = await place.people.ephemerals(RESPONDER)
    assert said["text"] == '/rollback failed with the error "dispatch_failed"'


async def test_an_app_that_is_too_slow_times_out(place: Place, serve: Start) -> None:
    """The app has its three seconds, here half a one, and the person is told."""
    is_over = asyncio.Event()
    application = web.Application()

    async def hang(_: web.Request) -> web.Response:
        await is_over.wait()
        return web.Response()

    application.router.add_post("/slack/commands", hang)
    await serve(application)

    outcome = await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    is_over.set()

    assert outcome["error"] == "operation_timeout"


async def test_events_are_sent_again_and_commands_are_not(
    place: Place, serve: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that failed comes three times more, each time saying why; a command never does."""
    monkeypatch.setattr(requests, "RETRY_AFTER", (0.0, 0.0, 0.0))
    tried: list[tuple[str, str | None, str | None]] = []
    application = web.Application()

    async def fail(request: web.Request) -> web.Response:
        number = request.headers.get("X-Slack-Retry-Num")
        tried.append((request.path, number, request.headers.get("X-Slack-Retry-Reason")))
        return web.Response(status=500)

    application.router.add_post("/slack/{kind}", fail)
    await serve(application)

    await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    await place.people.say(RESPONDER, DEPLOYS, "hello")
    for task in tuple(place.room.sockets._sending):
        await task

    assert tried == [
        ("/slack/commands", None, None),
        ("/slack/events", None, None),
        ("/slack/events", "1", "http_error"),
        ("/slack/events", "2", "http_error"),
        ("/slack/events", "3", "http_error"),
    ]
