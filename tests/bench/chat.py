"""The local workspace as load: a channel for each target, people who type and press."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from bot.workspace.slack import seed, server
from bot.workspace.slack.acts import Click, People
from bot.workspace.slack.blocks import elements
from bot.workspace.slack.room import Room
from bot.workspace.slack.sockets import NotDelivered
from bot.workspace.slack.world import Channel, Json
from tests.bench.settings import APPROVERS, REQUESTER, approver, channel

Found = TypeVar("Found")

PATIENCE: Final = 90.0
_LOOK_EVERY: Final = 0.005


@dataclass(frozen=True)
class Chat:
    """One workspace, with one bot in it."""

    room: Room
    targets: int

    @classmethod
    @asynccontextmanager
    async def opened(cls, targets: int) -> AsyncGenerator["Chat"]:
        """Open a workspace without limits, with a channel and approvers for every target."""
        async with server.running(limits=False, ack_seconds=10) as room:
            somebody = room.world.people[REQUESTER]
            people = [f"U00BENCH{number:04}" for number in range(max(targets, APPROVERS))]
            for id_ in people:
                room.world.people[id_] = somebody | {"id": id_, "name": id_.lower()}
            for number in range(targets):
                members = [REQUESTER, *people, seed.BOT]
                id_ = channel(number)
                room.world.channels[id_] = Channel(id=id_, name=id_.lower(), members=members)
            yield cls(room, targets)

    async def command(self, number: int, *, answer: str) -> float:
        """Ask for a target, see the right answer, and return the seconds until it was there."""
        where = channel(number)
        address = self.room.handles.address(REQUESTER, where, original=None)
        payload: Json = {
            "team_id": seed.TEAM["id"],
            "api_app_id": seed.APP,
            "channel_id": where,
            "user_id": REQUESTER,
            "command": "/rollback",
            "text": f"shop{number}",
            "trigger_id": self.room.handles.trigger(REQUESTER),
            "response_url": f"{self.room.url}/hooks/{address}",
        }
        start = time.perf_counter()
        given = await self.room.sockets.deliver("slash_commands", payload, answerable=True)
        taken = time.perf_counter() - start
        if answer not in given.get("text", ""):
            raise ValueError(f"shop{number} was answered {given}, not {answer!r}")
        return taken

    async def first_command(self, number: int, *, answer: str) -> None:
        """Ask as soon as the bot is connected."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.command(number, answer=answer)
                except NotDelivered:
                    await asyncio.sleep(0.002)
                else:
                    return

    async def connected(self) -> None:
        """Wait until the bot holds a socket."""
        await self._seen(lambda: self.room.sockets._open)

    async def card(self, number: int) -> None:
        """Wait until the target's channel shows a button to approve."""
        await self._seen(lambda: self._button(number))

    def show_card(self, number: int) -> None:
        """Put a card there for a bot that posts none."""
        button = {"type": "button", "action_id": "approve", "value": f"shop{number}"}
        words = {"type": "plain_text", "text": "Approve"}
        block = {"type": "actions", "block_id": "b", "elements": [button | {"text": words}]}
        card = {"user": seed.BOT, "text": "Approve?", "blocks": [block]}
        self.room.world.post(self.room.world.channels[channel(number)], card)

    async def approve(self, number: int, *, place: int) -> float:
        """Press Approve as one of the approvers and return when that was."""
        if (button := self._button(number)) is None:
            raise ValueError(f"shop{number} has no button to approve")
        ts, action = button
        user = approver(number, place=place, targets=self.targets)
        act = Click(user=user, channel=channel(number), ts=ts, action_id=action)
        start = time.perf_counter()
        outcome = await People(self.room).click(act)
        if not outcome["ok"]:
            raise ValueError(f"a click on shop{number} failed: {outcome}")
        return start

    def _button(self, number: int) -> tuple[str, str] | None:
        for message in self.room.world.channels[channel(number)].messages.values():
            for block in message.get("blocks", ()):
                for part in elements(block):
                    if part["action_id"].startswith("approve"):
                        return message["ts"], part["action_id"]
        return None

    async def _seen(self, look: Callable[[], Found | None]) -> Found:
        async with asyncio.timeout(PATIENCE):
            while not (found := look()):
                await asyncio.sleep(_LOOK_EVERY)
            return found
