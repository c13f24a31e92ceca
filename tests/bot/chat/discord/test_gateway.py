"""The gateway: how the connection starts, breaks, comes back and ends."""

import asyncio
import logging
import threading
from contextlib import suppress

import pytest

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.commands import sync_commands
from bot.chat.discord.gateway import DiscordGateway
from bot.chat.discord.guild import Guild, opened
from bot.domain.target import Place
from bot.ports import ChatRefused
from bot.workspace.discord.client import Guild as Workspace
from bot.workspace.discord.room import Room
from bot.workspace.wire import Json
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


async def test_a_command_arrives(
    people: Workspace, desk: FakeDesk, gateway: DiscordGateway
) -> None:
    """What is typed in Discord reaches the desk, and its answer the person."""
    outcome = await people.command(RESPONDER, DEPLOYS, ASK)

    assert outcome["ok"]
    assert [verb for verb, _ in desk.asked] == ["rollback"]
    assert await gateway.is_connected()
    assert gateway.routes() == {}


async def test_of_two_that_hear_everything_one_answers(
    people: Workspace, desk: FakeDesk, gateway: DiscordGateway, guild: Guild, chat: DiscordChat
) -> None:
    """A process that stands by is connected, and what it hears never gets to its desk."""
    idle = FakeDesk()
    standby = DiscordGateway(guild, chat, idle, COMMANDS, receives=lambda: False)
    await standby.start()

    outcome = await people.command(RESPONDER, DEPLOYS, ASK)
    is_connected = await standby.is_connected()
    await standby.stop()

    assert outcome["ok"]
    assert is_connected
    assert len(desk.asked) == 1
    assert idle.asked == []


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


async def test_the_last_sign_ins_are_spared_later_as_well(
    people: Workspace, gateway: DiscordGateway, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection that breaks again and again ends in waiting, and posting goes on."""
    room.gateway.starts_left = 10

    await people.misbehave(kind="invalid")
    await eventually(lambda: "resets its token" in caplog.text)

    assert room.gateway.starts_left == 10
    assert not await gateway.is_connected()
    await gateway.stop()
    await eventually(lambda: not hearts())


async def test_a_refusal_ends_no_connection_that_was_there(
    people: Workspace,
    gateway: DiscordGateway,
    room: Room,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What only people can mend is tried again after a long pause, and until then not connected."""
    monkeypatch.setattr("bot.chat.discord.gateway._REFUSED_PAUSE", 0.5)
    monkeypatch.setattr("bot.chat.discord.signins.SHORTEST_PAUSE", 0.01)
    asleep = asyncio.sleep  # discord.py waits five seconds before it signs in again
    monkeypatch.setattr("discord.client.asyncio.sleep", lambda seconds: asleep(seconds / 100))
    token = room.gateway.token
    room.gateway.token = "another"

    await people.misbehave(kind="invalid")
    await eventually(lambda: "(4004)" in caplog.text)
    was_connected = await gateway.is_connected()
    room.gateway.token = token
    await eventually(lambda: len(room.gateway._sessions) == 1)
    outcome = await people.command(RESPONDER, DEPLOYS, ASK)

    assert not was_connected
    assert outcome["ok"]


async def test_what_nobody_can_read_does_not_end_the_connection(
    people: Workspace, desk: FakeDesk, gateway: DiscordGateway, room: Room
) -> None:
    """A delivery of an unknown form is counted, and the next one is answered."""
    tell(room, "INTERACTION_CREATE", {"id": 7, "type": "x"})
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
    monkeypatch.setattr("bot.chat.discord.signins.SHORTEST_PAUSE", 0.01)
    before = room.gateway.starts_left

    tell(room, "USER_UPDATE", {"id": "no number"})
    await eventually(lambda: room.gateway.starts_left < before)
    await eventually(lambda: len(room.gateway._sessions) == 1)
    outcome = await people.command(RESPONDER, DEPLOYS, ASK)

    assert outcome["ok"]
    assert len(desk.asked) == 1


async def test_what_breaks_a_connection_is_logged_without_its_words(
    gateway: DiscordGateway, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """An event may repeat what people wrote, and an error what stood in the event."""
    tell(room, "USER_UPDATE", {"username": "x", "id": "CANARY-ID"})
    await eventually(lambda: "discord.py gave up" in caplog.text)

    assert "parse_user_update" in caplog.text
    assert "CANARY" not in caplog.text


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
        for method in ("create_interaction_response", "create_message"):
            await people.misbehave(kind="http", method=method, status=429, retry_after=0.01)
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


def tell(room: Room, event: str, data: Json) -> None:
    """Let everybody who is connected hear of an event, whatever they want to hear."""
    for session in room.gateway._sessions:
        room.gateway._send(session, session.dispatch(event, data))


def hearts() -> list[threading.Thread]:
    """The threads in which discord.py keeps connections alive."""
    return [one for one in threading.enumerate() if "keep-alive" in one.name]
