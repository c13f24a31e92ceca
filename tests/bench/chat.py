"""The local workspace as load, and the bot's ``twokey.yaml`` that goes with it.

One open rollback per target is the rule, and Slack's pace is about one message a second in a
channel. So each command of a round has a target, a channel and approvers of its own, and what is
measured waits for nobody's pace.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from bot.workspace.slack import seed, server
from bot.workspace.slack.acts import Click, People
from bot.workspace.slack.blocks import elements
from bot.workspace.slack.room import Room
from bot.workspace.slack.world import Channel
from bot.workspace.wire import Json

Found = TypeVar("Found")

PATIENCE: Final = 90.0
_ANYBODY: Final = "U00RESPONDER"
_LOOK_EVERY: Final = 0.002
_NOT_YET: Final = "Still saving"
_MESSAGES: Final = 5  # of a command: the notice, the card, and the card to each of three approvers


@dataclass(frozen=True)
class Chat:
    """One workspace with one bot in it; the last ``pairs`` targets have a step at each provider."""

    room: Room
    targets: int
    pairs: int

    @classmethod
    @asynccontextmanager
    async def opened(cls, *, targets: int, pairs: int, to: str) -> AsyncGenerator[Self]:
        """Open it without limits, with a channel for every target; ``to``: where to, if by HTTP."""
        async with server.running(limits=False, ack_seconds=10, deliver_to=to) as room:
            chat = cls(room, targets, pairs)
            for user in (*chat._askers, *chat._approvers):
                room.world.people[user] = room.world.people[_ANYBODY] | {"id": user}
            members = [*chat._askers, *chat._approvers, seed.BOT]
            for id_ in map(_channel, range(targets)):
                room.world.channels[id_] = Channel(id=id_, name=id_.lower(), members=members)
            yield chat

    def settings(self, *, provider: str, port: int, database: str) -> str:
        """Return the bot's configuration, in the part of YAML that is JSON.

        With a port, Slack delivers there by signed HTTP.
        """
        home = f"slack:{seed.TEAM['id']}/"
        tokens: Json = {"bot_token": "env:SLACK_BOT_TOKEN", "app_token": "env:SLACK_APP_TOKEN"}
        listen: Json = {}
        if port:
            del tokens["app_token"]
            tokens |= {"receive": "http", "signing_secrets": ["env:SLACK_SIGNING_SECRET"]}
            listen = {"listen": {"host": "127.0.0.1", "port": port}}
        people = (*self._askers, *self._approvers)
        return json.dumps(
            {
                "version": 1,
                "database": database,
                "audit_key": "file:audit.key",
                **listen,
                "slack": {"team": seed.TEAM["id"], **tokens},
                "endpoints": {"vercel": provider, "railway": provider},
                "policy": {"start_delay": "0s"},
                "limits": {"open": 10_000},
                "people": {user: {"name": user, "accounts": [home + user]} for user in people},
                "targets": [self._target(number, home) for number in range(self.targets)],
            },
            indent=1,
        )

    async def command(self, number: int, *, answer: str) -> float:
        """Ask for a target and return the seconds until the acknowledgement, if it is right."""
        channel, user = _channel(number), self._askers[number]
        address = self.room.handles.address(user, channel, original=None)
        payload: Json = {
            "team_id": seed.TEAM["id"],
            "api_app_id": seed.APP,
            "channel_id": channel,
            "user_id": user,
            "command": "/rollback",
            "text": f"shop{number}",
            "trigger_id": self.room.handles.trigger(user),
            "response_url": f"{self.room.url}/hooks/{address}",
        }
        began = time.perf_counter()
        given = await self.room.sockets.deliver("slash_commands", payload, answerable=True)
        if _NOT_YET in given.get("text", ""):  # in time, and nothing is on the disk so far
            await self.noticed([number])
            return time.perf_counter() - began
        taken = time.perf_counter() - began
        if answer not in given.get("text", ""):
            raise ValueError(f"shop{number} was answered {given}, not {answer!r}")
        return taken

    def show_card(self, number: int) -> None:
        """Put a card there for a bot that posts none."""
        button = {"type": "button", "action_id": "approve", "value": f"shop{number}"}
        block = {"type": "actions", "block_id": "card", "elements": [button]}
        card = {"user": seed.BOT, "text": "Approve?", "blocks": [block]}
        self.room.world.post(self.room.world.channels[_channel(number)], card)

    async def card(self, number: int) -> str:
        """Return the message that has the target's button Approve, once it is there."""
        return await self._until(lambda: self._card(number))

    async def noticed(self, numbers: Sequence[int]) -> None:
        """Wait until each of these targets has its notice in the channel."""
        channels = [self.room.world.channels[_channel(number)] for number in numbers]
        await self._until(lambda: all(channel.messages for channel in channels))

    async def answered(self, commands: int) -> None:
        """Wait until so many commands have all their messages."""
        channels = self.room.world.channels.values()
        await self._until(lambda: sum(len(c.messages) for c in channels) >= commands * _MESSAGES)

    async def approve(self, number: int, *, place: int) -> float:
        """Press Approve as one of the target's approvers, and return when that was."""
        user, channel = self._approvers[number + place], _channel(number)
        card = await self.card(number)
        began = time.perf_counter()
        act = Click(user=user, channel=channel, ts=card, action_id="approve")
        outcome = await People(self.room).click(act)
        if not outcome["ok"]:
            raise ValueError(f"a click on shop{number} failed: {outcome}")
        return began

    async def _until(self, look: Callable[[], Found | None]) -> Found:
        async with asyncio.timeout(PATIENCE):
            while not (found := look()):  # noqa: ASYNC110 - the workspace tells pages alone
                await asyncio.sleep(_LOOK_EVERY)
            return found

    def _card(self, number: int) -> str | None:
        for ts, message in self.room.world.channels[_channel(number)].messages.items():
            parts = [part for block in message.get("blocks", ()) for part in elements(block)]
            if any(part["action_id"] == "approve" for part in parts):
                return ts
        return None

    @property
    def _askers(self) -> list[str]:
        """Return who asks, each for one target: nobody may ask for many."""
        return [f"U00ASKER{number:04}" for number in range(self.targets)]

    @property
    def _approvers(self) -> list[str]:
        """Return everybody; three in a row approve for one target, so that each of them may ask."""
        return [f"U00BENCH{number:04}" for number in range(self.targets + 2)]

    def _target(self, number: int, home: str) -> Json:
        steps = [{"name": "pages", "use": "vercel.rollback", "project": f"shop{number}"}]
        if number >= self.targets - self.pairs:
            where = {"project": "shop", "service": f"api{number}", "environment": "production"}
            steps.append({"name": "api", "use": "railway.rollback", **where})
        return {
            "name": f"shop{number}",
            "environment": "production",
            "affected": "Frontend",
            "channels": [home + _channel(number)],
            "approvers": self._approvers[number : number + 3],
            "steps": steps,
        }


def _channel(number: int) -> str:
    return f"C00BENCH{number:04}"
