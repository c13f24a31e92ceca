"""The gateway word by word: what it says, what it refuses, and how it closes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.workspace.discord import seed
from bot.workspace.discord.server import running
from tests.bot.workspace.discord.conftest import DEPLOYS, PATIENCE, RESPONDER, Place

Json = dict[str, Any]
GUILDS_AND_MESSAGES = 1 << 0 | 1 << 9


class Wire:
    """One socket to the gateway, without any library's idea of it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, op: int, data: Any) -> None:
        """Send one frame."""
        await self.socket.send_json({"op": op, "d": data})

    async def hear(self) -> Json:
        """Receive one frame."""
        frame: Json = await self.socket.receive_json(timeout=PATIENCE)
        return frame

    async def identify(self, *, token: str = seed.BOT_TOKEN, intents: int = 1) -> None:
        """Say who this is."""
        await self.say(2, {"token": token, "intents": intents, "properties": {}})

    async def is_closed_with(self) -> int | None:
        """Wait for the end, and say with which code it came."""
        while not self.socket.closed:
            await self.socket.receive(timeout=PATIENCE)
        return self.socket.close_code


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client of websockets."""
    async with aiohttp.ClientSession() as client:
        yield client


@pytest.fixture
async def wire(place: Place, session: aiohttp.ClientSession) -> Wire:
    """A socket that was greeted."""
    return await greeted(place.room.gateway_url, session)


async def greeted(url: str, session: aiohttp.ClientSession) -> Wire:
    """Open a socket and hear the greeting."""
    wire = Wire(await session.ws_connect(f"{url}?v=10&encoding=json"))
    assert await wire.hear() == {
        "op": 10, "d": {"heartbeat_interval": 41250}, "s": None, "t": None,
    }  # fmt: skip
    return wire


async def test_a_session_is_ready_and_sees_the_guild(wire: Wire) -> None:
    """Whoever identifies learns who it is, where to resume, and what is in the guild."""
    await wire.say(1, None)
    beat = await wire.hear()
    await wire.identify()
    ready, guild = await wire.hear(), await wire.hear()

    assert beat["op"] == 11
    assert (ready["t"], ready["s"], guild["t"], guild["s"]) == ("READY", 1, "GUILD_CREATE", 2)
    assert ready["d"]["user"]["id"] == seed.BOT
    assert ready["d"]["application"]["id"] == seed.APP
    assert ready["d"]["guilds"] == [{"id": seed.GUILD["id"], "unavailable": True}]
    assert [one["name"] for one in guild["d"]["channels"]] == ["deploys", "general"]
    assert [one["user"]["id"] for one in guild["d"]["members"]] == [seed.BOT]


@pytest.mark.parametrize(
    ("op", "data", "code"),
    [
        (2, {"token": "wrong", "intents": 1}, 4004),
        (6, {"token": "wrong", "session_id": "x", "seq": 1}, 4004),
        (2, {"token": seed.BOT_TOKEN, "intents": -1}, 4013),
        (2, {"token": seed.BOT_TOKEN, "intents": 1 << 15}, 4014),
        (3, {}, 4003),
    ],
)
async def test_a_wrong_word_closes_the_socket(wire: Wire, op: int, data: Any, code: int) -> None:
    """Each mistake before the session begins has its own code."""
    await wire.say(op, data)

    assert await wire.is_closed_with() == code


@pytest.mark.parametrize(("op", "code"), [(2, 4005), (99, 4001)])
async def test_a_wrong_word_ends_a_session(wire: Wire, op: int, code: int) -> None:
    """Nobody identifies twice, and what is unknown is refused."""
    await wire.identify()
    await wire.hear()

    await wire.say(op, {"token": seed.BOT_TOKEN})

    assert await wire.is_closed_with() == code


async def test_what_is_not_json_closes_the_socket(wire: Wire) -> None:
    """A frame that cannot be read is the last one."""
    await wire.socket.send_str("hello")

    assert await wire.is_closed_with() == 4002


async def test_too_many_frames_close_the_socket(wire: Wire) -> None:
    """The 121st frame within a minute is one too many."""
    for _ in range(121):
        await wire.say(1, None)

    assert await wire.is_closed_with() == 4008


async def test_a_resumed_session_hears_what_it_missed(
    place: Place, wire: Wire, session: aiohttp.ClientSession
) -> None:
    """What happened while the socket was gone comes in order, with the numbers that it had."""
    await wire.identify(intents=GUILDS_AND_MESSAGES)
    ready, _ = await wire.hear(), await wire.hear()
    await wire.socket.close(code=4000)
    for text in ("one", "two"):
        await place.people.say(RESPONDER, DEPLOYS, text)

    again = await greeted(ready["d"]["resume_gateway_url"], session)
    resume = {"token": seed.BOT_TOKEN, "session_id": ready["d"]["session_id"], "seq": 2}
    await again.say(6, resume)
    heard = [await again.hear() for _ in range(3)]

    assert [(one["t"], one["s"]) for one in heard] == [
        ("MESSAGE_CREATE", 3), ("MESSAGE_CREATE", 4), ("RESUMED", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("close_code", [1000, 1001])
async def test_a_session_that_was_closed_is_over(
    place: Place, wire: Wire, session: aiohttp.ClientSession, close_code: int
) -> None:
    """Whoever says goodbye properly can't resume, and is asked to identify."""
    await wire.identify()
    ready = await wire.hear()
    await wire.socket.close(code=close_code)

    again = await greeted(place.room.gateway_url, session)
    resume = {"token": seed.BOT_TOKEN, "session_id": ready["d"]["session_id"], "seq": 2}
    await again.say(6, resume)

    assert await again.hear() == {"op": 9, "d": False, "s": None, "t": None}


async def test_a_number_from_the_future_closes_the_socket(
    wire: Wire, place: Place, session: aiohttp.ClientSession
) -> None:
    """Nobody has heard what was not said yet."""
    await wire.identify()
    ready = await wire.hear()
    again = await greeted(place.room.gateway_url, session)

    resume = {"token": seed.BOT_TOKEN, "session_id": ready["d"]["session_id"], "seq": 99}
    await again.say(6, resume)

    assert await again.is_closed_with() == 4007


async def test_sessions_begin_one_after_another(session: aiohttp.ClientSession) -> None:
    """A second identification within five seconds is told to try again."""
    async with running() as room:
        first = await greeted(room.gateway_url, session)
        await first.identify()
        second = await greeted(room.gateway_url, session)
        await second.identify()

        assert (await first.hear())["t"] == "READY"
        assert (await second.hear())["op"] == 9


async def test_a_storm_of_sessions_costs_the_token(
    place: Place, wire: Wire, session: aiohttp.ClientSession
) -> None:
    """Whoever has no session left for today loses the token, in the gateway and elsewhere."""
    place.room.gateway.starts_left = 0

    await wire.identify()
    closed = await wire.is_closed_with()
    refused = await place.call("GET", "users/@me")

    assert closed == 4004
    assert refused == {"message": "401: Unauthorized", "code": 0}


async def test_an_app_that_was_cut_off_is_waited_for(
    place: Place, wire: Wire, session: aiohttp.ClientSession
) -> None:
    """What people do while the app is cut off through no fault of its own waits for its return."""
    where = f"applications/{seed.APP}/commands"
    await place.call("PUT", where, [{"name": "rollback", "description": "x"}])
    await wire.identify()
    ready = await wire.hear()
    await place.people.misbehave(kind="drop")

    lost = asyncio.create_task(place.people.command(RESPONDER, DEPLOYS, "/rollback"))
    await wire.is_closed_with()
    waiting = asyncio.create_task(place.people.command(RESPONDER, DEPLOYS, "/rollback"))
    again = await greeted(place.room.gateway_url, session)
    resume = {"token": seed.BOT_TOKEN, "session_id": ready["d"]["session_id"], "seq": 2}
    await again.say(6, resume)
    heard = {(await again.hear())["t"] for _ in range(3)}
    outcomes = await asyncio.gather(lost, waiting)

    assert heard == {"INTERACTION_CREATE", "RESUMED"}
    assert [one["error"] for one in outcomes] == ["operation_timeout"] * 2


async def test_nobody_is_waited_for_without_a_reason(place: Place, wire: Wire) -> None:
    """An app that went away by itself is not there, and people are told at once."""
    where = f"applications/{seed.APP}/commands"
    await place.call("PUT", where, [{"name": "rollback", "description": "x"}])
    await wire.identify()
    await wire.hear()
    await wire.socket.close(code=4000)

    outcome = await place.people.command(RESPONDER, DEPLOYS, "/rollback")

    assert outcome == {"ok": False, "error": "no_app"}


async def test_threads_are_news(place: Place, wire: Wire) -> None:
    """The app hears when a thread is opened, put away and taken out again."""
    await wire.identify()
    await wire.hear()
    await wire.hear()
    notice = await place.post("x")

    path = f"channels/{DEPLOYS}/messages/{notice['id']}/threads"
    await place.call("POST", path, {"name": "Rollback"})
    opened = await wire.hear()
    await place.people.archive(RESPONDER, notice["id"])
    archived = await wire.hear()

    assert (opened["t"], archived["t"]) == ("THREAD_CREATE", "THREAD_UPDATE")
    assert (opened["d"]["id"], opened["d"]["newly_created"]) == (notice["id"], True)
    assert archived["d"]["thread_metadata"]["archived"] is True
