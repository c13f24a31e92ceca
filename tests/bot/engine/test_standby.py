"""Of several processes one executes; the others take what people decide, and stand by."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from bot.domain.rollback import State, StepState
from bot.engine.sweep import advance, sweep
from bot.ports import Transaction
from bot.storage.store import SqlStore
from tests.bot.builders import DEPLOYS
from tests.bot.engine.plant import Plant
from tests.bot.engine.world import World, world

T = TypeVar("T")


@dataclass
class Freezing:
    """A store whose process loses its lease when the intent of a step is committed."""

    plain: SqlStore
    may_execute: bool = True

    async def write(self, work: Callable[[Transaction], T]) -> T:
        result = await self.plain.write(work)
        for rollback in await self.read(lambda tx: tx.open(DEPLOYS)):
            if any(run.state is StepState.RUNNING for run in rollback.steps):
                self.may_execute = False
        return result

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self.plain.read(work)


async def look_around(here: World) -> None:
    """Let all that is due be looked at, and done."""
    await here.clock.sleep(10)
    await sweep(here.engine)
    for rollback in await here.engine.store.read(lambda tx: tx.open(DEPLOYS)):
        await advance(here.engine, rollback, here.clock.now())


async def test_who_stands_by_takes_requests_and_plans_nothing(tmp_path: Path) -> None:
    """A request is committed by whoever gets it, and planned by the one that executes."""
    async with world(tmp_path) as here, world(tmp_path, clock=here.clock) as other:
        other.engine = replace(other.engine, may_execute=lambda: False)

        asked = await other.ask_for()
        await look_around(other)
        before = await here.load(asked.id)
        after = await here.until(asked.id, lambda r: r.state is not State.PLANNING)

    assert (before.state, after.state) == (State.PLANNING, State.PENDING)


async def test_who_stands_by_decides_and_claims_nothing(tmp_path: Path, plant: Plant) -> None:
    """The last approval may come to any process; the claim is the executing one's."""
    async with world(tmp_path) as here, world(tmp_path, clock=here.clock) as other:
        other.engine = replace(other.engine, may_execute=lambda: False)
        asked = await here.ask()

        await other.press("approve", "manager-one", asked)
        await other.press("approve", "manager-two", asked)
        await look_around(other)
        before, pulled = await other.load(asked.id), list(plant.pulled)
        ended = await here.end(asked)

    assert (before.state, pulled) == (State.QUORUM, [])
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api"])


async def test_deadlines_are_kept_without_an_executor(tmp_path: Path) -> None:
    """A request expires on time, even where nobody could carry it out."""
    async with world(tmp_path) as here:
        asked = await here.ask()
        here.engine = replace(here.engine, may_execute=lambda: False)
        await here.clock.sleep(asked.policy.approve_ttl.total_seconds())
        ended = await here.end(asked)

    assert ended.state is State.EXPIRED


async def test_whoever_was_frozen_after_the_intent_calls_nothing(
    tmp_path: Path, plant: Plant
) -> None:
    """A process that sleeps between intent and call, and is replaced, wakes up too late."""
    stores: list[Freezing] = []

    def freezing(store: SqlStore) -> Freezing:
        stores.append(Freezing(store))
        return stores[0]

    async with world(
        tmp_path, through=freezing, may_execute=lambda: stores[0].may_execute
    ) as frozen:
        quorum = await frozen.approved()
        await frozen.until(quorum.id, lambda r: not stores[0].may_execute)
        await look_around(frozen)
        asleep = list(plant.pulled)
        async with world(tmp_path, clock=frozen.clock) as other:
            ended = await other.end(quorum)

    assert (asleep, plant.pulled) == ([], [])
    assert ended.state is State.FAILED  # nothing was sent, and an observable action is sent once
