"""What the page of every chat has: its files, what there is, live news, the shop, and refusals."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, Final, Protocol, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.workspace.shop import Shop
from bot.workspace.wire import Json, WorkspaceRefusal

Wish = TypeVar("Wish", bound=BaseModel)

FILES: Final = Path(__file__).parent / "page"
HEARTBEAT_SECONDS: Final = 15  # a quiet line now and then notices that a browser has left
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class World(Protocol):
    """All that a page can show."""

    watchers: set[asyncio.Queue[str]]

    def snapshot(self) -> Json:
        """Everything, as it is now."""
        ...


class ChatPage(ABC):
    """The routes that the pages of all chats have."""

    link: ClassVar[str]  # the path of a link to a message

    def __init__(self, world: World, shop: Shop) -> None:
        self._world = world
        self._shop = shop

    def routes(self) -> list[web.RouteDef | web.StaticDef]:
        """All routes of the page."""
        return [
            web.get("/", self._index),
            web.get(self.link, self._linked),
            web.get("/page/state", self._state),
            web.get("/page/events", self._events),
            web.get("/page/shop", self._look),
            web.static("/static", FILES),
        ]

    @abstractmethod
    def place(self, **found: str) -> str:
        """Return where on the page a link to a message leads."""

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(FILES / "index.html")

    async def _linked(self, request: web.Request) -> web.Response:
        raise web.HTTPFound(f"/#{self.place(**request.match_info)}")

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(self._world.snapshot() | {"shop": await self._shop.look()})

    async def _look(self, _: web.Request) -> web.Response:
        return web.json_response(await self._shop.look())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """First everything, then every change, for as long as the browser listens."""
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        news: asyncio.Queue[str] = asyncio.Queue()
        news.put_nowait(json.dumps({"kind": "state", **self._world.snapshot()}))
        self._world.watchers.add(news)
        try:
            while True:
                await stream.write(f"data: {await _next(news)}\n\n".encode())
        except ConnectionError:
            return stream  # the browser left
        finally:
            self._world.watchers.discard(news)


def wish(what: str, kind: type[Wish], grant: Callable[[Wish], Awaitable[Json]]) -> web.RouteDef:
    """Return the route of something that the page can ask for."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await grant(kind.model_validate_json(await request.read())))
        except ValidationError as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)
        except WorkspaceRefusal as refusal:
            return web.json_response({"ok": False, "error": str(refusal.code)})

    return web.post(f"/page/{what}", handle)


async def guard(_: web.Request, response: web.StreamResponse) -> None:
    """Let a browser do no more than the page needs."""
    response.headers.update(_HEADERS)


async def _next(news: asyncio.Queue[str]) -> str:
    try:
        return await asyncio.wait_for(news.get(), HEARTBEAT_SECONDS)
    except TimeoutError:
        return '{"kind": "quiet"}'
