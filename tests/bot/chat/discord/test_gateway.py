"""The gateway: how the connection starts, breaks, comes back and ends."""

import asyncio
import logging
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import discord
import pytest

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.commands import sync_commands
from bot.chat.discord.gateway import PERMISSIONS, DiscordGateway
from bot.chat.discord.guild import CALLS, DiscordSettings, Guild, create_discord_bot, opened
from bot.domain.target import Place
from bot.ports import ChatRefused, ChatUnreachable
from bot.workspace.discord.client import Guild as Workspace
from bot.workspace.discord.room import Room
from tests.bot.chat.discord.conftest import (
    CARD,
    COMMANDS,
    DEPLOYS,
    RESPONDER,
    SHOP,
    STILL_SAVING,
    Clock,
    FakeDesk,
    eventually,
    settings,
    texts,
)

ASK = "/rollback target:backend"
DOCUMENT = (Path(__file__).parents[4] / "docs" / "discord.md").read_text()


async def test_a_command_arrives(
    people: Workspace, desk: FakeDesk, gateway: DiscordGateway
) -> None:
    """What is typed in Discord reaches the desk, and its answer the person."""
    outcome = await people.command(RESPONDER, DEPLOYS, ASK)

    assert outcome["ok"]
    assert [verb for verb, _ in desk.asked] == ["rollback"]
    assert await gateway.is_connected()
    assert gateway.routes() == {}


@pytest.mark.parametrize("kind", ["disconnect", "drop"])
async def test_a_lost_connection_comes_back(
    people: Workspace, desk: FakeDesk, gateway: DiscordGateway, room: Room, kind: str
) -> None:
    """The session is resumed, without spending a sign-in, and what was missed arrives."""
    before = room.gateway.starts_left

    await people.misbehave(kind=kind)
    outcome = await people.command(RESPONDER, DEPLOYS, ASK)

    assert outcome["ok"]
    assert len(desk.asked) == 1
    assert room.gateway.starts_left == before
    assert await gateway.is_connected()


async def test_an_ended_session_is_begun_anew(
    people: Workspace,
    desk: FakeDesk,
    gateway: DiscordGateway,
    room: Room,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sign-ins that are left are looked at each time, and one of them is spent."""
    asleep = asyncio.sleep  # discord.py waits five seconds before it signs in again
    monkeypatch.setattr("discord.client.asyncio.sleep", lambda seconds: asleep(seconds / 100))
    before = room.gateway.starts_left

    await people.misbehave(kind="invalid")
    await eventually(lambda: room.gateway.starts_left == before - 1)
    outcome = await people.command(RESPONDER, DEPLOYS, ASK)

    assert outcome["ok"]
    assert len(desk.asked) == 1


@pytest.mark.parametrize("left", [0, 1, 49])
async def test_the_last_sign_ins_are_spared(
    guild: Guild, chat: DiscordChat, desk: FakeDesk, room: Room, left: int
) -> None:
    """With few left, Twokey does not connect: with the last one Discord would reset the token."""
    room.gateway.starts_left = left
    gateway = DiscordGateway(guild, chat, desk, COMMANDS)

    with pytest.raises(ChatUnreachable, match=rf"only {left} more times .* resets its token"):
        await gateway.start()

    assert room.gateway.starts_left == left
    await gateway.stop()


async def test_the_last_sign_ins_are_spared_later_as_well(
    people: Workspace, gateway: DiscordGateway, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection that breaks again and again ends in waiting, and posting goes on."""
    room.gateway.starts_left = 10

    await people.misbehave(kind="invalid")
    await eventually(lambda: "resets its token" in caplog.text)

    assert room.gateway.starts_left == 10
    assert not await gateway.is_connected()


@pytest.mark.parametrize("code", [4004, 4013, 4014])
async def test_what_trying_again_can_not_mend_is_said(
    guild: Guild, chat: DiscordChat, desk: FakeDesk, room: Room, code: int
) -> None:
    """A connection that Discord refuses for good stops the start with a sentence."""
    gateway = DiscordGateway(guild, chat, desk, COMMANDS)
    refuse(room, code)

    with pytest.raises(ChatRefused, match=rf"\({code}\)"):
        await gateway.start()

    assert not await gateway.is_connected()


def refuse(room: Room, code: int) -> None:
    """Let the gateway close each connection that signs in."""
    from bot.workspace.discord import gateway as wire  # noqa: PLC0415 - its private parts

    async def closing(*_: object) -> None:
        raise wire._Closed(code, "Refused.")

    room.gateway._identify = closing  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"bot_token": "wrong.token.x"}, "does not accept DISCORD_BOT_TOKEN"),
        ({"guild": "200000000000000009"}, r"not in the Discord server 200000000000000009: invite"),
        ({"api_base": "http://127.0.0.1:9/api/v10"}, "did not answer"),
    ],
)
async def test_what_is_wrong_stops_the_start_with_a_sentence(
    room: Room, desk: FakeDesk, change: dict[str, str], sentence: str
) -> None:
    """Whoever starts Twokey reads what to mend."""
    async with opened(replace(settings(room), **change)) as guild:
        gateway = DiscordGateway(guild, DiscordChat(guild, now=Clock()), desk, COMMANDS)

        with pytest.raises((ChatRefused, ChatUnreachable), match=sentence):
            await gateway.start()
        await gateway.stop()


async def test_the_invitation_asks_for_what_is_needed(room: Room, desk: FakeDesk) -> None:
    """Its permissions are those of the calls, and no other."""
    needed = {permission for permissions in CALLS.values() for permission in permissions}
    flags = discord.Permissions(PERMISSIONS)
    named = {name for name, is_given in flags if is_given}

    assert named == {
        "read_messages",
        "send_messages",
        "read_message_history",
        "create_public_threads",
        "send_messages_in_threads",
    }
    assert needed == {
        "View Channels",
        "Send Messages",
        "Read Message History",
        "Create Public Threads",
        "Send Messages in Threads",
    }
    async with opened(replace(settings(room), guild="200000000000000009")) as guild:
        gateway = DiscordGateway(guild, DiscordChat(guild, now=Clock()), desk, COMMANDS)
        with pytest.raises(ChatRefused) as refusal:
            await gateway.start()
    assert "client_id=300000000000000001&scope=bot+applications.commands" in str(refusal.value)
    assert f"permissions={PERMISSIONS}" in str(refusal.value)


def test_the_document_has_every_permission() -> None:
    """The link and the table of docs/discord.md ask for what the calls need, and for no more."""
    needed = {permission for permissions in CALLS.values() for permission in permissions}
    _, _, table = DOCUMENT.partition("## What it may do")
    rows = re.findall(
        r"^\| ([A-Z][A-Za-z ]+) \|", table.partition("## How it behaves")[0], re.MULTILINE
    )

    assert f"scope=bot+applications.commands&permissions={PERMISSIONS}`" in DOCUMENT
    assert set(rows) == needed


async def test_a_gateway_that_can_not_be_reached_stops_the_start(
    room: Room, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start ends in time, with a sentence."""
    monkeypatch.setattr("bot.chat.discord.gateway._CONNECT_SECONDS", 0.3)
    nowhere = replace(settings(room), gateway_url="ws://127.0.0.1:9/gw")

    async with opened(nowhere) as guild:
        gateway = DiscordGateway(guild, DiscordChat(guild, now=Clock()), desk, COMMANDS)
        with pytest.raises(ChatUnreachable, match="gateway can't be reached"):
            await gateway.start()


async def test_what_nobody_can_read_does_not_end_the_connection(
    people: Workspace, desk: FakeDesk, gateway: DiscordGateway, room: Room
) -> None:
    """A delivery of an unknown form is counted, and the next one is answered."""
    room.gateway.tell("INTERACTION_CREATE", {"id": 7, "type": "x"})
    await eventually(lambda: bool(gateway.turned_away))

    outcome = await people.command(RESPONDER, DEPLOYS, ASK)

    assert outcome["ok"]
    assert len(desk.asked) == 1


async def test_an_event_over_which_the_library_stumbles_is_survived(
    people: Workspace,
    desk: FakeDesk,
    gateway: DiscordGateway,
    room: Room,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection is made anew, with a fresh client."""
    monkeypatch.setattr("bot.chat.discord.gateway._SHORTEST_PAUSE", 0.01)
    before = room.gateway.starts_left

    room.gateway.tell("GUILD_UPDATE", {"id": "no number"})
    await eventually(lambda: room.gateway.starts_left < before)
    await eventually(lambda: len(room.gateway._sessions) == 1)
    outcome = await people.command(RESPONDER, DEPLOYS, ASK)

    assert outcome["ok"]
    assert len(desk.asked) == 1


async def test_stopping_answers_what_has_arrived(
    people: Workspace, desk: FakeDesk, gateway: DiscordGateway
) -> None:
    """A decision that is being committed is answered before the connection ends."""
    desk.is_open.clear()
    asking = asyncio.create_task(people.command(RESPONDER, DEPLOYS, ASK))
    await eventually(lambda: bool(desk.asked))

    stopping = asyncio.create_task(gateway.stop())
    await asking
    early = [texts(one["components"]) for one in await people.ephemerals(RESPONDER)]
    desk.is_open.set()
    await stopping

    assert early == [STILL_SAVING]
    late = [texts(one["components"]) for one in await people.ephemerals(RESPONDER)]
    assert late == ["Done."]
    assert not await gateway.is_connected()


async def test_stopping_does_not_wait_for_ever(
    people: Workspace, desk: FakeDesk, gateway: DiscordGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A desk that never answers is given up."""
    monkeypatch.setattr("bot.chat.discord.gateway._SETTLE_SECONDS", 0.01)
    desk.is_open.clear()
    await people.command(RESPONDER, DEPLOYS, ASK)

    async with asyncio.timeout(1):
        await gateway.stop()

    assert not await gateway.is_connected()


async def test_posting_needs_no_connection(guild: Guild, people: Workspace) -> None:
    """A process that only executes shows its messages all the same."""
    chat = DiscordChat(guild, now=Clock())

    await chat.post(Place("discord", SHOP, DEPLOYS), CARD, thread=None, key="card")

    assert len(await people.messages(DEPLOYS)) == 1


async def test_discord_py_says_nothing_of_what_it_carries(
    room: Room, people: Workspace, desk: FakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    """Even when everything is logged, no words, tokens or addresses are."""
    caplog.set_level(logging.DEBUG)
    await sync_commands(settings(room), COMMANDS, guild=True)
    async with opened(settings(room)) as guild:
        chat = DiscordChat(guild, now=Clock())
        gateway = DiscordGateway(guild, chat, desk, COMMANDS)
        await gateway.start()
        await people.misbehave(
            kind="http", method="create_interaction_response", status=429, retry_after=0.01
        )
        await people.command(RESPONDER, DEPLOYS, "/rollback target:CANARY-TYPED")
        await people.misbehave(kind="disconnect")
        with suppress(ChatRefused):
            await chat.post(Place("discord", SHOP, "1"), CARD, thread=None, key="CANARY-KEY")
        await gateway.stop()

    ours = [one for one in caplog.records if one.name.startswith(("discord", "twokey"))]
    logged = "\n".join(one.getMessage() for one in ours)
    assert "rate limited" in logged
    for secret in ("CANARY", room.bot_token, "/interactions/", "Done.", "Approve?", "ws://"):
        assert secret not in logged


async def test_the_environment_of_the_process_changes_nothing(
    room: Room, people: Workspace, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable redirects the connections."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "DISCORD_TOKEN"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with opened(settings(room)) as guild:
        gateway = DiscordGateway(guild, DiscordChat(guild, now=Clock()), desk, COMMANDS)
        await gateway.start()
        await sync_commands(settings(room), COMMANDS, guild=True)

        outcome = await people.command(RESPONDER, DEPLOYS, ASK)
        await gateway.stop()

    assert outcome["ok"]


def test_the_client_asks_for_nothing_privileged() -> None:
    """It hears of the server it is in and of interactions, and reads nothing that people write."""
    client = create_discord_bot(DiscordSettings("1", "x"))

    assert client.intents.value == discord.Intents(guilds=True).value
    assert client.allowed_mentions is not None
    assert client.allowed_mentions.to_dict()["parse"] == []
    assert client.http.max_ratelimit_timeout == 30


def test_nothing_else_loads_discord_py() -> None:
    """Words, components and tickets are made without the library, which takes its time."""
    modules = ("text", "components", "tickets", "dialogs", "refusals")
    imports = "; ".join(f"import bot.chat.discord.{module}" for module in modules)

    program = f"{imports}; import sys; print('discord' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "False"
