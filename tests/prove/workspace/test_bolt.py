"""Slack's own client for JavaScript works with the local workspace as with Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.workspace.slack import seed
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.room import Room
from bot.workspace.slack.server import running
from bot.workspace.wire import Json
from tests.prove.workspace.conftest import Node

APP = Path(__file__).with_name("app.cjs")
RESPONDER, MANAGER, DEPLOYS = "U00RESPONDER", "U00MANAGER1", "C00DEPLOYS"
STARTS_WITHIN = 60.0


@dataclass(frozen=True)
class Place:
    """A workspace with the JavaScript app in it, and people's hands."""

    room: Room
    people: Workspace

    async def until_said(self, text: str, *, privately_to: str = "") -> Json:
        """Return the message with this text, as soon as there is one."""

        def find(state: Json) -> Json | None:
            where = (
                state["ephemerals"][privately_to] if privately_to else state["messages"][DEPLOYS]
            )
            return next((one for one in where if one["text"] == text), None)

        return await self.people.until(find)


@asynccontextmanager
async def connected(node: Node, room: Room) -> AsyncIterator[None]:
    """Run the app as long as the block lasts, from when it is connected."""
    secrets = {
        "SLACK_API_BASE": room.api_url,
        "SLACK_APP_TOKEN": room.app_token,
        "SLACK_BOT_TOKEN": room.bot_token,
        "NODE_PATH": str(node.folder / "node_modules"),
    }
    app = await asyncio.create_subprocess_exec(
        "node",
        APP,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=node.environment(secrets),
    )
    assert app.stdout
    said = b""
    try:
        async with asyncio.timeout(STARTS_WITHIN):
            while not said.endswith(b"ready\n"):
                line = await app.stdout.readline()
                assert line, said.decode()
                said += line
        yield
    finally:
        app.kill()
        await app.wait()


@pytest.fixture
async def place(node: Node) -> AsyncIterator[Place]:
    """A workspace with the JavaScript app in it."""
    async with running() as room, Workspace(room.url) as people, connected(node, room):
        yield Place(room, people)


async def test_a_command_is_answered_three_times(place: Place) -> None:
    """The acknowledgement, a message in the channel and the response_url all reach people."""
    outcome = await place.people.command(RESPONDER, DEPLOYS, "/rollback backend")

    assert outcome["ok"]
    await place.until_said("taken", privately_to=RESPONDER)
    await place.until_said("answered at the response_url", privately_to=RESPONDER)
    notice = await place.until_said(f"asked by <@{RESPONDER}>: backend")
    assert notice["user"] == seed.BOT


async def test_a_button_opens_a_dialog_that_updates_the_message(place: Place) -> None:
    """A press opens a dialog and replaces the card; the dialog is checked, then edits it."""
    await place.people.command(RESPONDER, DEPLOYS, "/rollback backend")
    card = await place.until_said(f"asked by <@{RESPONDER}>: backend")

    await place.people.click(MANAGER, DEPLOYS, card["ts"], "decide")
    [dialog] = await place.people.until(lambda state: state["views"][MANAGER])
    replaced = await place.until_said("replaced at the response_url")
    refused = await place.people.submit(MANAGER, dialog["id"], {"text": "no"})
    accepted = await place.people.submit(MANAGER, dialog["id"], {"text": "The API answers 500."})
    updated = await place.until_said("updated: The API answers 500.")
    reply = await place.until_said("said in the thread")

    assert refused["errors"] == {"words": "Please say more."}
    assert accepted["ok"]
    assert {one["ts"] for one in (card, replaced, updated)} == {card["ts"]}
    assert reply["thread_ts"] == card["ts"]
    assert (await place.people.state())["views"][MANAGER] == []


async def test_what_people_say_is_heard(place: Place) -> None:
    """An event reaches the app, whose answer stands in the thread of what was said."""
    said = await place.people.say(RESPONDER, DEPLOYS, "hello")

    answer = await place.until_said(f"heard <@{RESPONDER}>")

    assert answer["thread_ts"] == said["ts"]


async def test_it_comes_back_after_a_disconnect(place: Place) -> None:
    """Asked to refresh its connection, the app connects anew and misses nothing."""
    await place.people.misbehave(kind="disconnect")

    async with asyncio.timeout(30):
        while not (await place.people.command(RESPONDER, DEPLOYS, "/rollback backend"))["ok"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    await place.until_said(f"asked by <@{RESPONDER}>: backend")


async def test_it_waits_as_long_as_it_is_told(place: Place) -> None:
    """Told that it calls too often, the client waits and posts once."""
    await place.people.misbehave(
        kind="http", method="chat.postMessage", status=429, retry_after=1, times=2
    )

    await place.people.command(RESPONDER, DEPLOYS, "/rollback backend")

    await place.until_said(f"asked by <@{RESPONDER}>: backend")
    assert len(await place.people.messages(DEPLOYS)) == 1
