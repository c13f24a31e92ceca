"""The routes of the page: what there is, live news, what people do, the shop, faults."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.workspace.discord.acts import (
    Archive,
    Ask,
    Become,
    Click,
    Close,
    People,
    Submit,
    Talk,
)
from bot.workspace.discord.mischief import Fault
from bot.workspace.discord.refusals import CannotDo, DiscordError
from bot.workspace.discord.room import Room
from bot.workspace.discord.world import Json

Wish = TypeVar("Wish", bound=BaseModel)
FILES = Path(__file__).parent.parent / "page"
# A quiet line now and then notices that a browser has left.
HEARTBEAT_SECONDS = 15


@dataclass(frozen=True)
class Page:
    """The page and everything that it can ask for.

    `/page/state` is one object: `platform` is "discord"; `team` (the guild) and `bot` have `id`
    and `name`; `people` are Discord's members with `id` and `real_name`; `channels` are Discord's
    channels, threads (`type` 11, with `parent_id`; their id is that of the message they hang on)
    and direct messages (`type` 1), each with `name`, `members` (ids), `is_im` and `user`;
    `messages` are Discord's messages by channel id, oldest first, with `nonce` where the app sent
    one; `ephemerals` are those by person that one person alone sees, marked `only_for`, and
    `failed` where Discord itself tells that the app did not respond; `views` are the dialogs in
    front of each person, the last one on top, as the app sent them, with `id` and `hash`;
    `commands` are those that the app registered; `other` is the chat beside this one (`platform`,
    `url`), or empty; `shop` as on Slack's page. `/page/events` begins with `{"kind": "state"}`
    and the same, then tells every change: `message` (`channel`, `message`), `gone` (`channel`,
    `id`), `channel` (`channel`), `dialogs` (`user`, `dialogs`), `commands` (`commands`), `quiet`.
    """

    room: Room

    def routes(self) -> list[web.RouteDef | web.StaticDef]:
        """All routes of the page."""
        people = People(self.room)
        return [
            web.get("/", self._index),
            web.get("/channels/{guild}/{channel}/{message}", self._linked),
            web.get("/page/state", self._state),
            web.get("/page/events", self._events),
            web.get("/page/shop", self._shop),
            web.post("/page/command", _wish(Talk, people.command)),
            web.post("/page/suggest", _wish(Ask, people.suggest)),
            web.post("/page/message", _wish(Talk, people.talk)),
            web.post("/page/click", _wish(Click, people.click)),
            web.post("/page/submit", _wish(Submit, people.submit)),
            web.post("/page/close", _wish(Close, people.close)),
            web.post("/page/become", _wish(Become, people.become)),
            web.post("/page/archive", _wish(Archive, people.archive)),
            web.post("/page/misbehave", _wish(Fault, self._misbehave)),
            web.static("/static", FILES),
        ]

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(FILES / "index.html")

    async def _linked(self, request: web.Request) -> NoReturn:
        """A link to a message leads to it on the page."""
        place = request.match_info
        raise web.HTTPFound(f"/#{place['channel']}/{place['message']}")

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
        match fault.kind:
            case "disconnect":
                await self.room.gateway.disconnect()
            case "invalid":
                await self.room.gateway.invalidate()
            case _:
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
        except CannotDo as no:
            return web.json_response({"ok": False, "error": str(no)})
        except DiscordError as refusal:
            return web.json_response({"ok": False, "error": str(refusal.code)})

    return handle
