"""The workspace as a process of its own, and how it sees the shop."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.workspace.slack.client import Workspace
from bot.workspace.slack.server import running

HEALTHY = {"status": 200, "healthy": True}


@pytest.fixture
async def shop() -> AsyncIterator[str]:
    """A shop that answers with the status and the text that the address asks for."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]), text=request.query["text"])

    site = web.Application()
    site.router.add_get("/{status}", answer)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ('/200?text={"version": "v41"}', HEALTHY | {"version": "v41"}),
        ('/500?text={"version": "v42"}', {"status": 500, "healthy": False, "version": "v42"}),
        ("/204?text=", {"status": 204, "healthy": True, "version": None}),
        ("/200?text=<html>", HEALTHY | {"version": None}),
        ("/200?text=[1]", HEALTHY | {"version": None}),
        ("/302?text=", {"status": 302, "healthy": False, "version": None}),
    ],
)
async def test_the_shop_is_healthy_when_it_answers_2xx(
    shop: str, path: str, seen: dict[str, object]
) -> None:
    """Health is the status, and the version comes from a JSON body where there is one."""
    async with running(shop={"backend": shop + path}) as room, Workspace(room.url) as people:
        state = await people.state()

    assert state["shop"]["backend"] == seen | {"url": shop + path}


async def test_a_shop_that_is_not_there_is_not_healthy() -> None:
    """No answer is no health, and no error of the workspace."""
    parts = {"backend": "http://127.0.0.1:1/"}

    async with running(shop=parts) as room, Workspace(room.url) as people:
        backend = (await people.state())["shop"]["backend"]

    assert (backend["healthy"], backend["status"]) == (False, None)


async def test_a_shop_elsewhere_is_refused() -> None:
    """The workspace asks nobody outside this machine."""
    with pytest.raises(ValueError, match="must be on this machine"):
        async with running(shop={"backend": "http://shop.example/"}):
            pass


async def test_the_process_says_where_it_is_and_stops_when_told() -> None:
    """One line of JSON on stdout names the addresses; a TERM ends it well."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.workspace.slack", "--port", "0", "--no-limits"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        about = json.loads(await process.stdout.readline())
        async with Workspace(about["url"]) as people:
            team = (await people.state())["team"]["id"]
    finally:
        process.send_signal(signal.SIGTERM)
        rest, _ = await process.communicate()

    assert about["api"] == about["url"] + "/api/"
    assert team == "T00TWOKEY"
    assert (process.returncode, rest) == (0, b"")
