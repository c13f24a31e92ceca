"""The workspace as one server: the Web API, Socket Mode, addresses for answers, and the page."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.workspace.listening import listening
from bot.workspace.mischief import Mischief
from bot.workspace.pages import guard
from bot.workspace.recording import recording
from bot.workspace.shop import Shop
from bot.workspace.slack import seed
from bot.workspace.slack.faults import Fault
from bot.workspace.slack.handles import Handles
from bot.workspace.slack.limits import Limits
from bot.workspace.slack.page import Page
from bot.workspace.slack.requests import Requests
from bot.workspace.slack.room import Room
from bot.workspace.slack.sockets import Sockets
from bot.workspace.slack.webapi import WebApi
from bot.workspace.slack.world import World


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
    deliver_to: str = "",
    other: Mapping[str, str] | None = None,
    record: Path | None = None,
) -> AsyncGenerator[Room]:
    """Run a workspace on this machine only; `speed` makes allowances of calls refill faster.

    `other` is the platform and the address of the chat beside it, for the page. It delivers over
    Socket Mode, or to the request URLs of an app at the address `deliver_to`; what the app sends
    is written into the file `record`.
    """
    mischief = Mischief[Fault]()
    async with aiohttp.ClientSession() as session:
        sockets = Sockets(mischief, patience=ack_seconds)
        if deliver_to:
            sockets = Requests(mischief, patience=ack_seconds, session=session, to=deliver_to)
        room = Room(
            world=World(),
            handles=Handles(clock),
            limits=Limits(clock, speed=speed, enabled=limits),
            mischief=mischief,
            sockets=sockets,
            shop=Shop(shop or {}, session),
            bot_token=bot_token,
            app_token=app_token,
        )
        room.world.other = dict(other or {})
        async with listening(_application(room, record), port) as room.url:
            try:
                yield room
            finally:
                await room.sockets.close()


def _application(room: Room, record: Path | None) -> web.Application:
    api, app = WebApi(room), web.Application(middlewares=[recording(record)] if record else [])
    app.router.add_route("*", "/api/{method}", api.call)
    app.router.add_post("/hooks/{address}", api.respond)
    app.router.add_get("/link", room.sockets.link)
    app.add_routes(Page(room).routes())
    app.on_response_prepare.append(guard)
    return app
