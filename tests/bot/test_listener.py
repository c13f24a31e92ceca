"""The door for HTTP, with raw connections: what aiohttp would allow, and this door does not."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from bot import listener as module
from bot.domain.errors import TwokeyError
from bot.listener import Listener

HEAD = b"POST /taken HTTP/1.1\r\nHost: x\r\n"


async def taken(request: web.BaseRequest) -> web.Response:
    """Answer with how much was sent, or break."""
    body = await request.read()
    if body == b"break":
        raise RuntimeError("CANARY-INSIDE")
    return web.Response(text=str(len(body)))


@dataclass(frozen=True)
class Caller:
    """Whoever can open a connection."""

    port: int

    async def say(self, *parts: bytes) -> bytes:
        """Send bytes and return all that comes back until the other side hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            async with asyncio.timeout(5):
                return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def called(monkeypatch: pytest.MonkeyPatch, *, idle: float) -> AsyncIterator[Caller]:
    """A listener with hardly any patience for first requests, and a caller."""
    monkeypatch.setattr(module, "_FIRST_REQUEST_SECONDS", 0.1)
    monkeypatch.setattr(module, "_IDLE_SECONDS", idle)
    monkeypatch.setattr(module, "_LINGER_SECONDS", 0.01)
    door = Listener({"POST /taken": taken}, host="127.0.0.1", port=0)
    await door.start()
    try:
        yield Caller(urlsplit(door.address).port or 0)
    finally:
        await door.stop()


@pytest.fixture
async def caller(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Caller]:
    """A caller who may not dawdle after a request either."""
    async with called(monkeypatch, idle=0.2) as caller:
        yield caller


def status(answer: bytes) -> int:
    """The status of the first answer; none: 0."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


async def test_a_request_is_served_and_the_connection_stays(caller: Caller) -> None:
    """A welcome caller may use the connection again, until it is idle for too long."""
    request = HEAD + b"Content-Length: 3\r\n\r\nabc"

    answer = await caller.say(request, request)

    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert b"Cache-Control: no-store" in answer


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /taken HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"POST /taken/ HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"POST /taken HTTP/1.1\r\n\r\n", 400),
        (b"POST /taken HTTP/1.0\r\n\r\n", 400),
        (b"CANARY\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03CANARY\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (HEAD + b"Content-Length: CANARY\r\n\r\n", 400),
        (HEAD + b"X: " + b"CANARY" * 11_000 + b"\r\n\r\n", 431),
        (HEAD + b"".join(b"X-%d: CANARY\r\n" % n for n in range(1000)) + b"\r\n", 400),
        (b"POST /" + b"CANARY" * 11_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    ],
)
async def test_a_bad_request_ends_the_connection(
    caller: Caller, request_: bytes, expected: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever is refused learns the status, is not repeated anywhere, and has to call again."""
    caplog.set_level(logging.DEBUG)
    answer = await caller.say(request_)

    assert status(answer) == expected
    assert answer.startswith(b"HTTP/1.0") or b"\r\nConnection: close\r\n" in answer
    assert b"aiohttp" not in answer
    assert b"CANARY" not in answer
    assert "CANARY" not in caplog.text


@pytest.mark.parametrize(
    "parts",
    [(), (b"P",), (HEAD,), (HEAD + b"X-Slow: ", b"a")],
    ids=["nothing", "a letter", "no end", "half a header"],
)
async def test_a_slow_caller_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, parts: tuple[bytes, ...]
) -> None:
    """Whoever does not get to the point holds no connection, however patient we are later."""
    async with called(monkeypatch, idle=60) as caller:
        assert await caller.say(*parts) == b""


async def test_one_who_was_served_may_not_dawdle_either(caller: Caller) -> None:
    """A second request that never ends is not waited for."""
    answer = await caller.say(HEAD + b"Content-Length: 3\r\n\r\nabc", HEAD)

    assert answer.count(b"HTTP/1.1 200 OK") == 1


async def test_what_breaks_inside_stays_inside(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    """A caller learns that something broke, and not what."""
    answer = await caller.say(HEAD + b"Content-Length: 5\r\n\r\nbreak")

    assert status(answer) == 500
    assert b"CANARY" not in answer
    assert "ended with 500: RuntimeError" in caplog.text


async def test_a_packed_body_is_not_unpacked(caller: Caller) -> None:
    """What was signed is what was sent, so a small body can't become a large one."""
    packed = b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"

    assert (await caller.say(HEAD + packed)).endswith(b"\r\n\r\n4")


async def test_too_many_connections_are_refused(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a limit, whoever connects is hung up on at once."""
    monkeypatch.setattr(module, "_MOST_CONNECTIONS", 0)

    assert await caller.say(HEAD + b"Content-Length: 0\r\n\r\n") == b""


async def test_a_taken_port_is_explained(caller: Caller) -> None:
    """Whoever starts Twokey reads which port is taken, and what to do."""
    second = Listener({}, host="127.0.0.1", port=caller.port)

    with pytest.raises(TwokeyError, match=rf"can listen at 127\.0\.0\.1:{caller.port}"):
        await second.start()


async def test_an_address_of_version_six_is_written_with_brackets() -> None:
    """IPv6 works where the machine has it."""
    door = Listener({}, host="::1", port=0)
    try:
        await door.start()
    except TwokeyError:
        pytest.skip("this machine has no IPv6")

    assert door.address.startswith("http://[::1]:")
    await door.stop()
