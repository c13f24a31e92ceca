"""The routes of the page: what there is, live news, what people do, the shop, faults."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.workspace.slack.acts import Click, Close, People, Submit, Talk
from bot.workspace.slack.mischief import Fault
from bot.workspace.slack.room import Room
from bot.workspace.slack.world import Json, SlackError

Wish = TypeVar("Wish", bound=BaseModel)
FILES = Path(__file__).parent.parent / "page"
# A quiet line now and then notices that a browser has left.
HEARTBEAT_SECONDS = 15


@dataclass(frozen=True)
class Page:
    """The page and everything that it can ask for."""

    room: Room

    def routes(self) -> list[web.RouteDef | web.StaticDef]:
        """All routes of the page."""
        people = People(self.room)
        return [
            web.get("/", self._index),
            web.get("/archives/{channel}/p{digits}", self._linked),
            web.get("/page/state", self._state),
            web.get("/page/events", self._events),
            web.get("/page/shop", self._shop),
            web.post("/page/command", _wish(Talk, people.command)),
            web.post("/page/message", _wish(Talk, people.talk)),
            web.post("/page/click", _wish(Click, people.click)),
            web.post("/page/submit", _wish(Submit, people.submit)),
            web.post("/page/close", _wish(Close, people.close)),
            web.post("/page/misbehave", _wish(Fault, self._misbehave)),
            web.static("/static", FILES),
        ]

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(FILES / "index.html")

    async def _linked(self, request: web.Request) -> NoReturn:
        """A permalink leads to its message on the page."""
        channel, digits = request.match_info["channel"], request.match_info["digits"]
        raise web.HTTPFound(f"/#{channel}/{digits[:-6]}.{digits[-6:]}")

    async def _state(self, _: web.Request) -> web.Response:
        shop = await self.room.shop.look()
        return web.json_response(self.room.world.snapshot() | {"shop": shop})

    async def _shop(self, _: web.Request) -> web.Response:
        return web.json_response(await self.room.shop.look())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """First everything, then every change, for as long as the browser listens."""
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        news: asyncio.Queue[str] = asyncio.Queue()
        news.put_nowait(json.dumps({"kind": "state", **self.room.world.snapshot()}))
        self.room.world.watchers.add(news)
        try:
            while True:
                await stream.write(f"data: {await _next(news)}\n\n".encode())
        except ConnectionError:
            return stream  # the browser left
        finally:
            self.room.world.watchers.discard(news)

    async def _misbehave(self, fault: Fault) -> Json:
        if fault.kind == "disconnect":
            await self.room.sockets.disconnect()
        else:
            self.room.mischief.plan(fault)
        return {"ok": True}


async def _next(news: asyncio.Queue[str]) -> str:
    try:
        return await asyncio.wait_for(news.get(), HEARTBEAT_SECONDS)
    except TimeoutError:
        return '{"kind": "quiet"}'


def _wish(
    kind: type[Wish], grant: Callable[[Wish], Awaitable[Json]]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await grant(kind.model_validate_json(await request.read())))
        except ValidationError as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)
        except SlackError as refusal:
            return web.json_response({"ok": False, "error": refusal.code})

    return handle
