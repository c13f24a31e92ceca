"""The most used client for JavaScript works with the local guild as with Discord."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.workspace.discord import seed
from bot.workspace.discord.client import Guild
from bot.workspace.discord.reading import buttons, lines
from bot.workspace.discord.room import Room
from bot.workspace.discord.server import running
from bot.workspace.wire import Json
from tests.prove.workspace.conftest import Node

APP = Path(__file__).with_name("guild.cjs")
RESPONDER, MANAGER = "400000000000000001", "400000000000000002"
DEPLOYS = "500000000000000001"
STARTS_WITHIN = 60.0
CARD = ["Roll back?", "[ Approve ] [ Add reason ]"]


@dataclass(frozen=True)
class Place:
    """A guild with the JavaScript app in it, and people's hands."""

    room: Room
    people: Guild
    app: asyncio.subprocess.Process

    async def until_heard(self, word: str) -> None:
        """Wait until the app says something."""
        assert self.app.stdout
        said = b""
        async with asyncio.timeout(STARTS_WITHIN):
            while not said.endswith(f"{word}\n".encode()):
                line = await self.app.stdout.readline()
                assert line, said.decode()
                said += line

    async def until_told(self, *texts: str) -> None:
        """Wait until the responder was told exactly this, in private."""

        def is_so(state: Json) -> bool:
            told: list[str] = [one["content"] for one in state["ephemerals"][RESPONDER]]
            return told == [*texts]

        await self.people.until(is_so, seconds=STARTS_WITHIN)

    async def asked(self) -> Json:
        """Ask for a rollback, and return its card."""
        outcome = await self.people.command(RESPONDER, DEPLOYS, "/rollback backend API answers 500")
        assert outcome["ok"], outcome
        await self.until_told("taken", "and more")
        [card] = await self.people.messages(DEPLOYS)
        return card


@asynccontextmanager
async def connected(node: Node, room: Room) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the app as long as the block lasts."""
    secrets = {
        "DISCORD_API_BASE": room.api_url.removesuffix("/v10"),
        "DISCORD_BOT_TOKEN": room.bot_token,
        "DISCORD_GUILD": seed.GUILD["id"],
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
    try:
        yield app
    finally:
        app.kill()
        await app.wait()


@pytest.fixture
async def place(node: Node) -> AsyncIterator[Place]:
    """A guild with the JavaScript app in it, once it is connected."""
    async with running() as room, Guild(room.url) as people, connected(node, room) as app:
        place = Place(room, people, app)
        await place.until_heard("ready")
        yield place


async def test_a_command_makes_a_card_with_a_thread(place: Place) -> None:
    """The private promise is kept, and the card and its thread stand in the channel."""
    card = await place.asked()

    assert lines(card) == CARD
    assert [lines(one) for one in await place.people.thread(DEPLOYS, card["id"])] == [
        ["said in the thread"]
    ]


async def test_what_could_be_typed_is_suggested(place: Place) -> None:
    """The app is asked while somebody types."""
    outcome = await place.people.autocomplete(RESPONDER, DEPLOYS, "/rollback target:ba", "target")

    assert outcome["choices"] == [{"name": "backend", "value": "backend"}]


async def test_a_button_changes_the_card(place: Place) -> None:
    """A press updates the message that the button stands on."""
    card = await place.asked()

    outcome = await place.people.click(MANAGER, DEPLOYS, card["id"], buttons(card)["Approve"])

    assert outcome["ok"], outcome
    [changed] = await place.people.messages(DEPLOYS)
    assert lines(changed)[0] == "Approved by manager.one"


async def test_a_button_opens_a_dialog(place: Place) -> None:
    """A dialog opens, is filled in and sent off, and its answer is private."""
    card = await place.asked()

    await place.people.click(MANAGER, DEPLOYS, card["id"], "reason")
    [dialog] = await place.people.until(lambda state: state["views"][MANAGER])
    refused = await place.people.submit(MANAGER, dialog["id"], {"words": "x" * 21})
    saved = await place.people.submit(MANAGER, dialog["id"], {"words": "API answers 500"})

    assert refused["errors"] == {"words": "At most 20 characters."}
    assert saved["ok"], saved
    [told] = await place.people.ephemerals(MANAGER)
    assert told["content"] == "saved: API answers 500"


@pytest.mark.parametrize("kind", ["disconnect", "drop"])
async def test_it_resumes_its_session(place: Place, kind: str) -> None:
    """Asked to reconnect, or cut off, the app resumes and misses nothing."""
    await place.people.misbehave(kind=kind)

    card = await place.asked()
    await place.until_heard("resumed")

    assert lines(card) == CARD
    assert place.room.gateway.starts_left == 999


async def test_it_waits_as_long_as_it_is_told(place: Place) -> None:
    """Told that it calls too often, the client waits and posts once."""
    await place.people.misbehave(
        kind="http", method="create_message", status=429, retry_after=0.2, times=2
    )

    card = await place.asked()

    assert lines(card) == CARD
    assert len(await place.people.messages(DEPLOYS)) == 1
