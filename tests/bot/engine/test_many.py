"""Many executions that were lost together: each is carried out once, and none holds up the rest."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.domain.allowance import Allowance
from bot.domain.rollback import Rollback, State
from bot.engine.sweep import sweep
from bot.engine.turns import AT_ONCE
from bot.storage.store import SqlStore
from tests.bot.engine.plant import Plant
from tests.bot.engine.trouble import FaultyStore, Idle
from tests.bot.engine.world import VirtualClock, World, shop, world

MANY = 36  # several groups
NAMES = [f"shop-{number}" for number in range(MANY)]
TARGETS = [replace(shop(name, start_delay=timedelta(0)), name=name) for name in NAMES]


async def claimed(folder: Path) -> tuple[list[Rollback], VirtualClock]:
    """Bring one of each target to its claim, in a process that ends right after it."""
    async with world(folder, *TARGETS, durable=Idle()) as here:
        here.engine = replace(here.engine, allowance=Allowance(open=MANY, per_person=MANY))
        asked = [await here.approved(target=name) for name in NAMES]
        found = [await here.until(one.id, lambda r: r.state is State.CLAIMED) for one in asked]
        return found, here.clock


async def ended(here: World, lost: list[Rollback]) -> list[Rollback]:
    """Let all of them come to their ends."""
    return [await here.end(one) for one in lost]


async def test_all_that_was_lost_is_carried_out(tmp_path: Path, plant: Plant) -> None:
    """Every claim of a dead process gets one execution more, and every lever is pulled once."""
    # given
    lost, clock = await claimed(tmp_path)

    # when
    async with world(tmp_path, *TARGETS, clock=clock) as later:
        ends = await ended(later, lost)

    # then
    assert {(one.state, one.token) for one in ends} == {(State.SUCCEEDED, 2)}
    assert sorted(plant.pulled) == sorted(NAMES)


async def test_one_that_can_not_be_taken_over_waits_alone(tmp_path: Path, plant: Plant) -> None:
    """The others go on, and the next look takes it over as well."""
    # given
    lost, clock = await claimed(tmp_path)

    # when
    async with world(tmp_path, *TARGETS, clock=clock, through=refusing(3)) as later:
        ends = await ended(later, lost)
        store: Any = later.engine.store

    # then
    assert store.writes > MANY
    assert {(one.state, one.token) for one in ends} == {(State.SUCCEEDED, 2)}
    assert sorted(plant.pulled) == sorted(NAMES)


async def test_a_second_look_leaves_alone_what_is_in_line(tmp_path: Path) -> None:
    """While executions are taken over, the next look at what is due finds none of them."""
    # given
    lost, clock = await claimed(tmp_path)

    # when
    async with world(tmp_path, *TARGETS, clock=clock) as later:
        await sweep(later.engine)
        besides = later.engine.in_good_hands
        due = await later.engine.store.read(lambda tx: tx.due(besides))

    # then
    assert due == ()
    assert besides == {one.id for one in lost}


async def test_a_slow_provider_keeps_no_other_one_from_starting(
    tmp_path: Path, plant: Plant
) -> None:
    """All others are done while as many as have a turn still wait for their provider's answer."""
    # given
    lost, clock = await claimed(tmp_path)
    answer = asyncio.Event()
    plant.slow = dict.fromkeys(NAMES[:AT_ONCE], answer)  # the first ones

    # when
    async with world(tmp_path, *TARGETS, clock=clock) as later:
        quick = await ended(later, lost[AT_ONCE:])
        pulled = list(plant.pulled)
        answer.set()
        slow = await ended(later, lost[:AT_ONCE])

    # then
    assert sorted(pulled) == sorted(NAMES[AT_ONCE:])
    assert {one.state for one in (*quick, *slow)} == {State.SUCCEEDED}


async def test_an_execution_waits_for_its_turn(tmp_path: Path) -> None:
    """While others are between their beginning and their call, nothing else begins."""
    # given
    async with world(tmp_path) as here, AsyncExitStack() as others:
        for _ in range(AT_ONCE):
            await others.enter_async_context(here.engine.turns.taken())
        claimed = await here.until((await here.approved()).id, lambda r: r.claimed_at is not None)
        for _ in range(5):
            await sweep(here.engine)
        before = await here.load(claimed.id)

        # when
        await others.aclose()
        end = await here.end(claimed)

    # then
    assert (before.state, end.state, end.token) == (State.CLAIMED, State.SUCCEEDED, 1)


def refusing(number: int) -> Callable[[SqlStore], FaultyStore]:
    """Return what wraps a store so that its write with this number is refused."""
    return lambda store: FaultyStore(store, faults={number: "refused"})
