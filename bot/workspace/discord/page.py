"""The guild's page: its routes, and what people do there."""

from aiohttp import web

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
from bot.workspace.discord.faults import Fault
from bot.workspace.discord.room import Room
from bot.workspace.pages import ChatPage, wish
from bot.workspace.wire import Json


class Page(ChatPage):
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

    link = "/channels/{guild}/{channel}/{message}"

    def __init__(self, room: Room) -> None:
        super().__init__(room.world, room.shop)
        self._room = room

    def routes(self) -> list[web.RouteDef | web.StaticDef]:
        """All routes of the page."""
        people = People(self._room)
        return [
            *super().routes(),
            wish("command", Talk, people.command),
            wish("suggest", Ask, people.suggest),
            wish("message", Talk, people.talk),
            wish("click", Click, people.click),
            wish("submit", Submit, people.submit),
            wish("close", Close, people.close),
            wish("become", Become, people.become),
            wish("archive", Archive, people.archive),
            wish("misbehave", Fault, self._misbehave),
        ]

    def place(self, **found: str) -> str:
        """Return where on the page a link to a message leads."""
        return f"{found['channel']}/{found['message']}"

    async def _misbehave(self, fault: Fault) -> Json:
        match fault.kind:
            case "disconnect":
                await self._room.gateway.disconnect()
            case "invalid":
                await self._room.gateway.invalidate()
            case _:
                self._room.mischief.plan(fault)
        return {"ok": True}
