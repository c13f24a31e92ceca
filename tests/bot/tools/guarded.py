"""Servers on the loopback interface, and clients behind the guard."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
from aiohttp import web

from bot.tools import Scrubber
from bot.tools.guard import Guard, Origin, resolve

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handle: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve every path with one handler, and say on which port."""
    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", handle)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def hello(_request: web.Request) -> web.StreamResponse:
    """Say hello."""
    return web.Response(text="hello")


async def to_loopback(_host: str, _port: int) -> Sequence[str]:
    """Look every name up as this machine."""
    return ["127.0.0.1"]


@asynccontextmanager
async def client(
    *origins: str,
    internal: bool = True,
    lookup: Callable[[str, int], Awaitable[Sequence[str]]] = resolve,
    secrets: Sequence[str] = (),
) -> AsyncIterator[httpx.AsyncClient]:
    """Open a guarded client for these origins."""
    named: dict[Origin, bool] = {}
    for origin in origins:
        parts = urlsplit(origin)
        named[parts.scheme, parts.hostname or "", parts.port or 0] = internal
    guard = Guard(named, scrub=Scrubber(secrets), resolve=lookup)
    async with httpx.AsyncClient(transport=guard, trust_env=False) as opened:
        yield opened
