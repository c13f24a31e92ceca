"""The workspace's page: its routes, and what people do there."""

from aiohttp import web

from bot.workspace.pages import ChatPage, wish
from bot.workspace.slack.acts import Click, Close, People, Submit, Talk
from bot.workspace.slack.faults import Fault
from bot.workspace.slack.room import Room
from bot.workspace.wire import Json


class Page(ChatPage):
    """The page and everything that it can ask for."""

    link = "/archives/{channel}/p{digits}"

    def __init__(self, room: Room) -> None:
        super().__init__(room.world, room.shop)
        self._room = room

    def routes(self) -> list[web.RouteDef | web.StaticDef]:
        """All routes of the page."""
        people = People(self._room)
        return [
            *super().routes(),
            wish("command", Talk, people.command),
            wish("message", Talk, people.talk),
            wish("click", Click, people.click),
            wish("submit", Submit, people.submit),
            wish("close", Close, people.close),
            wish("misbehave", Fault, self._misbehave),
        ]

    def place(self, **found: str) -> str:
        """Return where on the page a permalink leads."""
        return f"{found['channel']}/{found['digits'][:-6]}.{found['digits'][-6:]}"

    async def _misbehave(self, fault: Fault) -> Json:
        if fault.kind == "disconnect":
            await self._room.sockets.disconnect()
        else:
            self._room.mischief.plan(fault)
        return {"ok": True}
