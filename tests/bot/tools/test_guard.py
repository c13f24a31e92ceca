"""Calls go only where the configuration points, and what comes back is bounded and clean."""

import asyncio
import gzip

import httpx
import pytest
from aiohttp import web

from bot.domain.target import Place, StepSpec, Target
from bot.tools import guard as guard_module
from bot.tools import reachable
from bot.tools.guard import CALLS_AT_ONCE
from tests.bot.tools.guarded import client, hello, serving


def target(**params: object) -> Target:
    """Return a target with one check that has these parameters."""
    return Target(
        name="shop",
        environment="production",
        affected="Shop",
        channels=(Place("slack", "T0", "C0"),),
        approvers=(),
        steps=(StepSpec("api", "railway.rollback", {"project": "p"}),),
        checks=(StepSpec("health", "check.http", params),),
    )


def test_what_is_reachable() -> None:
    """Endpoints and addresses in the configuration are reachable, and nothing else."""
    targets = [
        target(url="https://shop.example/health"),
        target(url="http://10.0.0.1:8080/", internal=True),
        target(url="https://SHOP.example:443/other", contains="https"),
    ]

    assert reachable({"vercel": "https://api.vercel.com"}, targets) == {
        ("https", "api.vercel.com", 443): True,
        ("https", "shop.example", 443): False,
        ("http", "10.0.0.1", 8080): True,
    }


@pytest.mark.parametrize("url", ["http://127.0.0.1:{other}/", "https://127.0.0.1:{port}/"])
async def test_other_places_are_out_of_reach(url: str) -> None:
    """Another port or scheme than the named one is another place."""
    async with serving(hello) as port, client(f"http://127.0.0.1:{port}") as http:
        assert (await http.get(f"http://127.0.0.1:{port}/")).text == "hello"

        with pytest.raises(httpx.ConnectError, match="not named in the configuration"):
            await http.get(url.format(port=port, other=port + 1))


async def test_redirects_are_not_followed() -> None:
    """Where an answer points is not where the configuration points."""
    visits: list[str] = []

    async def redirect(request: web.Request) -> web.StreamResponse:
        visits.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with serving(redirect) as port, client(f"http://127.0.0.1:{port}") as http:
        answer = await http.get(f"http://127.0.0.1:{port}/")

    assert answer.status_code == 307
    assert visits == ["/"]


async def test_answers_are_bounded() -> None:
    """An answer without end is cut off."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        except ConnectionResetError:
            return response

    async with serving(endless) as port, client(f"http://127.0.0.1:{port}") as http:
        with pytest.raises(httpx.ReadError, match="the answer is too long"):
            await http.get(f"http://127.0.0.1:{port}/")


async def test_packed_answers_are_refused() -> None:
    """A small answer that would unpack to any size is not unpacked."""

    async def bomb(request: web.Request) -> web.StreamResponse:
        packed = gzip.compress(bytes(10_000_000))
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with serving(bomb) as port, client(f"http://127.0.0.1:{port}") as http:
        with pytest.raises(httpx.ReadError, match="packed"):
            await http.get(f"http://127.0.0.1:{port}/")


async def test_a_dripping_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that always sends one more byte in time does not hold a call for ever."""
    monkeypatch.setattr(guard_module, "LONGEST_CALL", 0.1)

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x")
                await asyncio.sleep(0.01)
        except ConnectionResetError:
            return response

    async with serving(drip) as port, client(f"http://127.0.0.1:{port}") as http:
        with pytest.raises(httpx.ReadTimeout, match="too long"):
            await http.get(f"http://127.0.0.1:{port}/")


async def test_calls_wait_in_a_queue_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many calls go out at once and no more, and who waits too long was never sent."""
    monkeypatch.setattr(guard_module, "LONGEST_QUEUE", 0.1)
    full, leave = asyncio.Event(), asyncio.Event()
    inside = 0

    async def stay(_request: web.Request) -> web.StreamResponse:
        nonlocal inside
        inside += 1
        if inside == CALLS_AT_ONCE:
            full.set()
        await leave.wait()
        return web.Response()

    async with serving(stay) as port, client(f"http://127.0.0.1:{port}") as http:
        url = f"http://127.0.0.1:{port}/"
        async with asyncio.TaskGroup() as calls:
            for _ in range(CALLS_AT_ONCE):
                calls.create_task(http.get(url))
            await full.wait()
            with pytest.raises(httpx.PoolTimeout):
                await http.get(url)
            leave.set()
        await http.get(url)

    assert inside == CALLS_AT_ONCE + 1


async def test_secrets_do_not_come_back() -> None:
    """A secret that a server repeats, in its body or its headers, is gone before anybody reads."""

    async def repeat(request: web.Request) -> web.StreamResponse:
        token = request.headers["Authorization"]
        return web.json_response({"you said": token}, headers={"X-Echo": token})

    async with serving(repeat) as port:
        url = f"http://127.0.0.1:{port}"
        async with client(url, secrets=["canary-token"]) as http:
            answer = await http.get(url, headers={"Authorization": "Bearer canary-token"})

    assert answer.json() == {"you said": "Bearer [secret]"}
    assert answer.headers["X-Echo"] == "Bearer [secret]"


async def test_bytes_that_are_no_text_survive() -> None:
    """An answer that is not text comes back byte for byte."""
    body = bytes(range(256))

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    async with serving(answer) as port, client(f"http://127.0.0.1:{port}") as http:
        assert (await http.get(f"http://127.0.0.1:{port}/")).content == body


async def test_nobody_is_recognised() -> None:
    """Cookies are not kept: each call stands for itself."""
    seen: list[str | None] = []

    async def remember(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Cookie"))
        return web.Response(headers={"Set-Cookie": "session=1"})

    async with serving(remember) as port, client(f"http://127.0.0.1:{port}") as http:
        await http.get(f"http://127.0.0.1:{port}/")
        await http.get(f"http://127.0.0.1:{port}/")

    assert seen == [None, None]
