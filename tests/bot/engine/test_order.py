"""The order in which things are said: a thread reads from top to bottom."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from bot.domain.event import Event
from bot.domain.rollback import Rollback
from bot.domain.target import Place
from bot.message import Message
from bot.ports import (
    ChatRefused,
    ChatUnreachable,
    Kind,
    Posting,
    Reference,
    Remedy,
    Transaction,
)
from bot.storage.store import SqlStore
from notifications import renderer
from tests.bot.builders import DEPLOYS
from tests.bot.engine.plant import PLANT
from tests.bot.engine.test_deliver import outbox, planned, shown
from tests.bot.engine.trouble import Wall
from tests.bot.engine.world import EVERYONE, world

T = TypeVar("T")


@dataclass
class SlowWall(Wall):
    """A wall on which hanging something up takes a while, so that two at once would be seen."""

    hanging: Counter[Place] = field(default_factory=Counter[Place])
    most: int = 0

    async def post(
        self, place: Place, message: Message, *, thread: Reference | None, key: str
    ) -> Reference:
        """Hang it up slowly."""
        self.hanging[place] += 1
        self.most = max(self.most, self.hanging[place])
        await asyncio.sleep(0.01)
        self.hanging[place] -= 1
        return await super().post(place, message, thread=thread, key=key)


async def test_what_is_said_in_one_place_keeps_its_order(tmp_path: Path) -> None:
    """Lines stand in the order of their events, one after another, and the summary below them."""
    wall = SlowWall()
    PLANT.behaves["api"] = "lies"
    async with world(tmp_path) as here:
        rollback, delivery = await planned(here), outbox(here, wall)
        await shown(here, delivery)
        for manager in ("manager-one", "manager-two"):
            await here.press("approve", manager, rollback, message=wall.at(":card:"))
        await here.end(rollback)
        await shown(here, delivery)
    said = [key.rsplit(":", 1) for key in wall.keys if ":line:" in key or ":summary:" in key]
    numbers = [int(number) for _, number in said]
    assert len(said) == 5
    assert numbers[:-1] == sorted(numbers[:-1])
    assert ":summary:" in said[-1][0]
    assert wall.most == 1


@dataclass
class Outage:
    """A chat that is away, and direct messages that it is not even asked about."""

    is_too_old: bool
    is_away: bool = False
    tried: set[str] = field(default_factory=set[str])

    def render(
        self, posting: Posting, rollback: Rollback, events: Sequence[Event]
    ) -> Message | None:
        if posting.kind is not Kind.TELL:
            return renderer(EVERYONE)(posting, rollback, events)
        return None if self.is_away and not self.is_too_old else Message("Asked.")

    def trouble(self, call: str, what: str) -> None:
        if not self.is_away:
            return
        if call == "edit" and ":tell:" in what:
            raise ChatRefused("It is older than an hour.", remedy=Remedy.ANEW)
        if ":line:" in what:
            self.tried.add(what)
        raise ChatUnreachable("Slack did not answer.")


@pytest.mark.parametrize("is_too_old", [False, True])
async def test_what_no_chat_was_asked_about_ends_no_outage(
    tmp_path: Path, *, is_too_old: bool
) -> None:
    """A message without words, or one that a chat turns down by itself, lets nothing overtake."""
    outage = Outage(is_too_old)
    wall = Wall(trouble=outage.trouble)
    async with world(tmp_path) as here:
        rollback, delivery = await planned(here), outbox(here, wall, outage.render)
        tells = [
            Posting(rollback.id, Kind.TELL, replace(DEPLOYS, channel=f"@{n}")) for n in range(90)
        ]
        await here.engine.store.write(lambda tx: [tx.show(one) for one in tells])
        await shown(here, delivery)
        outage.is_away = True
        for verb in ("approve", "withdraw"):
            await here.press(verb, "manager-one", rollback, message=wall.at(":card:"))
        for _ in range(200):
            await here.clock.sleep(5)
            await delivery.run_once()
        for tell in tells:
            await here.engine.store.write(partial(_want, tell))
            await here.clock.sleep(2)
            await delivery.run_once()
    assert len(outage.tried) == 1  # the second line waits for the first one


def _want(posting: Posting, tx: Transaction) -> None:
    tx.show(posting)


class SlowReads:
    """A store from which what one task reads comes back only once a test has let it."""

    def __init__(self, store: SqlStore) -> None:
        self.plain = store
        self.slow: asyncio.Task[float] | None = None
        self.has_read, self.may_return = asyncio.Event(), asyncio.Event()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        return await self.plain.write(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        found = await self.plain.read(work)
        if asyncio.current_task() is self.slow:
            self.has_read.set()
            await self.may_return.wait()
        return found


@pytest.mark.parametrize("fails", [True, False])
async def test_a_look_that_reads_during_a_post_repeats_and_overtakes_nothing(
    tmp_path: Path, *, fails: bool
) -> None:
    """A line that is done, or fails, while the outbox is read is shown once, before the next."""
    wall, goes_out, may_end = Wall(), asyncio.Event(), asyncio.Event()
    plain, first = wall.post, [True]

    async def post(
        place: Place, message: Message, *, thread: Reference | None, key: str
    ) -> Reference:
        if ":line:" in key and first:
            first.clear()
            goes_out.set()
            await may_end.wait()
            if fails:
                raise ChatUnreachable("No answer.")
        return await plain(place, message, thread=thread, key=key)

    async with world(tmp_path, through=SlowReads) as here:
        rollback, delivery = await planned(here), outbox(here, wall)
        await shown(here, delivery)
        for verb in ("approve", "withdraw"):
            await here.press(verb, "manager-one", rollback, message=wall.at(":card:"))
        wall.post = post  # type: ignore[method-assign]
        store: SlowReads = here.engine.store  # type: ignore[assignment]
        posting = asyncio.create_task(delivery.run_once())
        await goes_out.wait()
        store.slow = looking = asyncio.create_task(delivery.run_once())
        await store.has_read.wait()
        may_end.set()
        await posting
        store.may_return.set()
        await looking
        await shown(here, delivery)
    numbers = [int(key.rsplit(":", 1)[1]) for key in wall.keys if ":line:" in key]
    assert len(numbers) == 2
    assert numbers == sorted(numbers)
