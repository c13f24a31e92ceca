"""The workspace as one server: the Web API, Socket Mode, addresses for answers, and the page."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from bot.workspace.slack import seed
from bot.workspace.slack.handles import Handles
from bot.workspace.slack.limits import Limits
from bot.workspace.slack.mischief import Mischief
from bot.workspace.slack.page import Page
from bot.workspace.slack.room import Room
from bot.workspace.slack.shop import Shop
from bot.workspace.slack.sockets import Sockets
from bot.workspace.slack.webapi import WebApi
from bot.workspace.slack.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOST = "127.0.0.1"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@asynccontextmanager
async def running(
    port: int = 0,
    *,
    shop: Mapping[str, str] | None = None,
    limits: bool = True,
    speed: float = 1.0,
    ack_seconds: float = 3.0,
    clock: Callable[[], float] = time.monotonic,
    bot_token: str = seed.BOT_TOKEN,
    app_token: str = seed.APP_TOKEN,
) -> AsyncGenerator[Room]:
    """Run a workspace on this machine only; `speed` makes allowances of calls refill faster."""
    mischief = Mischief()
    async with aiohttp.ClientSession() as session:
        room = Room(
            world=World(),
            handles=Handles(clock),
            limits=Limits(clock, speed=speed, enabled=limits),
            mischief=mischief,
            sockets=Sockets(mischief, patience=ack_seconds),
            shop=Shop(shop or {}, session),
            bot_token=bot_token,
            app_token=app_token,
        )
        runner = web.AppRunner(_application(room), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
            room.url = f"http://{HOST}:{runner.addresses[0][1]}"
            yield room
        finally:
            await room.sockets.close()
            await runner.cleanup()


def _application(room: Room) -> web.Application:
    api = WebApi(room)

    @web.middleware
    async def local_only(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer this machine's programs and the page: no other site may reach in by a trick."""
        here = (room.url, room.url.replace(HOST, "localhost"))
        origin = request.headers.get("Origin", f"http://{request.host}")
        site = request.headers.get("Sec-Fetch-Site", "none")
        is_own = f"http://{request.host}" == origin and origin in here
        # A link from elsewhere may open the page, as people follow links.
        is_opened = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.method == "GET"
        if not is_own or not (site in ("none", "same-origin") or is_opened):
            raise web.HTTPForbidden(text="This workspace answers its own page and machine only.")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    app = web.Application(middlewares=[local_only])
    app.router.add_route("*", "/api/{method}", api.call)
    app.router.add_post("/hooks/{address}", api.respond)
    app.router.add_get("/link", room.sockets.link)
    app.add_routes(Page(room).routes())
    return app
