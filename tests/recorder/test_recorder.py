"""The recorder hears what the bot sends, all of it, and makes the test fail that sent nonsense."""

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.commands import sync_commands
from bot.chat.discord.gateway import DiscordGateway
from bot.chat.discord.guild import DiscordSettings
from bot.chat.discord.guild import opened as guild_opened
from bot.chat.slack.client import SlackChat
from bot.chat.slack.gateway import SlackGateway
from bot.chat.slack.http import COMMANDS as COMMANDS_PATH
from bot.chat.slack.team import SlackSettings, Team
from bot.chat.slack.team import opened as team_opened
from bot.domain.people import Account
from bot.domain.target import Place
from bot.invocation import Answer
from bot.message import Dialog, Input
from bot.ports import ChatRefused
from bot.workspace.discord import seed
from bot.workspace.discord.client import Guild
from bot.workspace.discord.server import running as discord_running
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.room import Room
from bot.workspace.slack.server import running as slack_running
from tests.architecture.source import ROOT
from tests.bot.chat.discord.conftest import CARD, COMMANDS
from tests.bot.chat.discord.conftest import FakeDesk as DiscordDesk
from tests.bot.chat.slack.conftest import FakeDesk as SlackDesk
from tests.bot.chat.slack.conftest import eventually
from tests.bot.chat.slack.door import Door, serving
from tests.bot.chat.slack.test_payloads import COMMAND
from tests.recorder.arrived import arrived
from tests.recorder.ears import listening
from tests.recorder.payload import ACK, RESPONSE, Payload
from tests.recorder.recorder import Recorder

RESPONDER, MANAGER = "U00RESPONDER", "U00MANAGER1"
ONE = Account("slack", "T00TWOKEY", MANAGER)
DEPLOYS = Place("slack", "T00TWOKEY", "C00DEPLOYS")
CHANNEL = Place("discord", seed.GUILD["id"], "500000000000000001")
SPOILED = """
from bot.chat.slack import client
from bot.chat.slack.client import SlackChat
from bot.chat.slack.team import SlackSettings, opened
from bot.domain.target import Place
from bot.message import Message
from bot.workspace.slack.server import running


async def test_good():
    await post()


async def test_spoiled(monkeypatch):
    monkeypatch.setattr(client, "render", lambda _: ("", [{"type": "divider"}]))
    await post()


async def post():
    async with running() as room:
        settings = SlackSettings("T00TWOKEY", room.bot_token, "", room.api_url)
        async with opened(settings) as team:
            place = Place("slack", "T00TWOKEY", "C00DEPLOYS")
            await SlackChat(team).post(place, Message("Hello."), thread=None, key="x")
"""


# One test of each kind, with the file of its kind.
SENDING = {
    "tests/bot/chat/slack/test_client.py": "test_a_message_is_posted_edited_and_linked",
    "tests/bot/chat/slack/test_http.py": "test_a_command_is_answered_in_its_acknowledgement",
    "tests/bot/chat/slack/test_oauth.py": "test_an_installation_is_kept_and_served",
    "tests/bot/chat/slack/test_gateway.py": "test_a_lost_connection_comes_back",
    "tests/bot/chat/discord/test_client.py": "test_a_message_is_edited_found_and_linked",
    "tests/bot/chat/discord/test_reception.py": "test_a_command_is_answered_privately",
    "tests/bot/chat/discord/test_gateway.py": "test_a_command_arrives",
}
QUIET = {
    "tests/bot/workspace/slack/test_webapi.py": "test_refusals_carry_slacks_codes",
    "tests/bot/workspace/discord/test_journey.py": "test_a_click_changes_the_card",
}


class Ear(Recorder):
    """A recorder that keeps everything, and judges nothing."""

    def hear(self, payload: Payload) -> None:
        self.heard.append(payload)

    heard: list[Payload]


@pytest.fixture
def heard() -> Iterator[list[Payload]]:
    """What another recorder hears, beside the one of the session."""
    ear = Ear({})
    ear.heard = []
    with listening(ear):
        yield ear.heard


def told(payloads: Iterable[Payload]) -> Counter[str]:
    """Count payloads that are the same."""
    return Counter(map(str, payloads))


@asynccontextmanager
async def slack(record: Path | None = None) -> AsyncIterator[tuple[Room, Team]]:
    """Open a workspace and the way into its team."""
    async with slack_running(limits=False, record=record) as room:
        settings = SlackSettings("T00TWOKEY", room.bot_token, room.app_token, room.api_url)
        async with team_opened(settings) as team:
            yield room, team


async def test_what_arrives_at_slack_was_heard(heard: list[Payload], tmp_path: Path) -> None:
    """Of all that a workspace is sent, and writes down, the recorder has missed nothing."""
    desk = SlackDesk()
    async with (
        slack(tmp_path / "slack.requests") as (room, team),
        Workspace(room.url) as people,
    ):
        gateway, chat = SlackGateway(team, desk), SlackChat(team)
        await gateway.start()
        card = await chat.post(DEPLOYS, CARD, thread=None, key="card")
        await chat.post(Place.direct(ONE), CARD, thread=None, key="ask")
        await chat.edit(card, CARD)
        await people.command(RESPONDER, "C00DEPLOYS", "/rollback backend")
        await people.click(MANAGER, "C00DEPLOYS", card.message, "approve")
        await eventually(lambda: any(one.call == RESPONSE for one in heard))
        desk.answer = Answer(dialog=Dialog("Why?", "reason", "rb-7f3k", (Input("why", "Why?"),)))
        await people.click(MANAGER, "C00DEPLOYS", card.message, "approve")
        await people.until(lambda state: state["views"][MANAGER])
        await gateway.stop()

    answers = [one for one in heard if one.call == ACK]
    assert told(heard) - told(answers) == told(one.payload for one in arrived(tmp_path))
    assert [one.body["text"] for one in answers] == ["Done."]
    assert {one.call for one in heard} >= {"chat.update", "views.open", "conversations.open"}


async def test_answers_over_http_are_heard(heard: list[Payload]) -> None:
    """What a command is answered with in the response to its request is heard as well."""
    async with (
        slack() as (_, team),
        serving(team, SlackDesk()) as (requests, listener),
        ClientSession() as session,
    ):
        await requests.start()
        door = Door(requests, listener.address, session)
        status, _ = await door.send(COMMANDS_PATH, COMMAND)

    assert status == 200
    assert [one.body["text"] for one in heard if one.call == ACK] == ["Done."]


async def test_what_arrives_at_discord_was_heard(heard: list[Payload], tmp_path: Path) -> None:
    """Of all that a guild is sent, and writes down, the recorder has missed nothing."""
    async with (
        discord_running(limits=False, record=tmp_path / "discord.requests") as room,
        Guild(room.url) as people,
    ):
        settings = DiscordSettings(seed.GUILD["id"], room.bot_token, room.api_url, room.gateway_url)
        await sync_commands(settings, COMMANDS, guild=True)
        async with guild_opened(settings) as guild:
            chat = DiscordChat(guild, now=time.time)
            gateway = DiscordGateway(guild, chat, DiscordDesk(), COMMANDS)
            await gateway.start()
            notice = await chat.post(CHANNEL, CARD, thread=None, key="notice")
            await chat.post(CHANNEL, CARD, thread=notice, key="card")
            await chat.find(CHANNEL, thread=notice, key="other")
            await people.command("400000000000000001", CHANNEL.channel, "/rollback backend")
            await gateway.stop()

    assert told(heard) == told(one.payload for one in arrived(tmp_path))
    assert len(heard) > 10


async def test_what_tests_say_themselves_is_not_the_bots(heard: list[Payload]) -> None:
    """Nonsense that a test sends to the workspace, also through the bot's own door, is its own."""
    async with slack() as (room, team), ClientSession() as session:
        async with session.post(f"{room.api_url}chat.postMessage", json={"blocks": 1}) as answer:
            assert not (await answer.json())["ok"]
        with pytest.raises(ChatRefused):
            await team.call("chat.postMessage", channel="C00DEPLOYS", blocks=[{"type": "poem"}])

    assert heard == []


def pytest_of(*arguments: str | Path) -> str:
    """Run some tests in a process of their own and return what it says."""
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_test_that_sends_nonsense_fails(tmp_path: Path) -> None:
    """Whoever sent something invalid fails, with the reason and the payload, and nobody else."""
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_configure\n")
    (tmp_path / "test_it.py").write_text(SPOILED)

    said = pytest_of(tmp_path, "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path)

    assert "1 failed, 1 passed" in said, said
    assert "Slack does not take this:" in said
    assert "a message needs a text" in said
    assert '"channel": "C00DEPLOYS"' in said


def test_every_kind_of_test_is_heard() -> None:
    """Whatever a test drives the bot with, what the bot sends is counted for the test's file."""
    one_of_each = (f"{file}::{test}" for file, test in (SENDING | QUIET).items())

    said = pytest_of(*one_of_each)

    counted = set(re.findall(r"^(\S+): [1-9]\d* to \w+$", said, re.MULTILINE))
    assert counted == SENDING.keys(), said
