"""The guild as one server: the HTTP API, the gateway, and the page."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.workspace.discord import places, seed
from bot.workspace.discord.commands import Registry
from bot.workspace.discord.faults import Fault
from bot.workspace.discord.gateway import Gateway
from bot.workspace.discord.handles import Interactions
from bot.workspace.discord.limits import OLD_AFTER, Limits
from bot.workspace.discord.page import Page
from bot.workspace.discord.restapi import RestApi
from bot.workspace.discord.room import Room
from bot.workspace.discord.world import World
from bot.workspace.listening import listening
from bot.workspace.mischief import Mischief
from bot.workspace.pages import guard
from bot.workspace.recording import recording
from bot.workspace.shop import Shop

IDENTIFY_SECONDS = 5.0


@asynccontextmanager
async def running(
    port: int = 0,
    *,
    shop: Mapping[str, str] | None = None,
    limits: bool = True,
    speed: float = 1.0,
    ack_seconds: float = 3.0,
    identify_seconds: float = IDENTIFY_SECONDS,
    old_after: float = OLD_AFTER,
    clock: Callable[[], float] = time.monotonic,
    bot_token: str = seed.BOT_TOKEN,
    other: Mapping[str, str] | None = None,
    record: Path | None = None,
) -> AsyncGenerator[Room]:
    """Run a guild on this machine only; with `speed` allowances refill and messages age faster.

    What the app sends is written into the file `record`.
    """
    mischief, world = Mischief[Fault](), World(clock)
    gateway = Gateway(
        mischief,
        token=bot_token,
        patience=ack_seconds,
        identify_seconds=identify_seconds / speed if limits else 0,
        clock=clock,
        guild=lambda: places.whole_guild(world),
    )
    world.tell, world.other = gateway.tell, dict(other or {})
    async with aiohttp.ClientSession() as session:
        room = Room(
            world=world,
            commands=Registry(),
            interactions=Interactions(clock),
            limits=Limits(clock, speed=speed, enabled=limits, old_after=old_after),
            mischief=mischief,
            gateway=gateway,
            shop=Shop(shop or {}, session),
        )
        async with listening(_application(room, record), port) as room.url:
            gateway.url = room.gateway_url
            try:
                yield room
            finally:
                await gateway.close()


def _application(room: Room, record: Path | None) -> web.Application:
    app = web.Application(middlewares=[recording(record)] if record else [])
    app.add_routes([*RestApi(room).routes(), web.get("/gw", room.gateway.link)])
    app.router.add_get("/gw/", room.gateway.link)  # where some clients put it
    app.add_routes(Page(room).routes())
    app.on_response_prepare.append(guard)
    return app
