"""Every moment of a rollback is a moment to die; afterwards it goes on, and nothing is repeated."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.domain.errors import Refused, TwokeyError
from bot.domain.rollback import Rollback, State
from bot.engine.deliver import Delivery
from bot.engine.sweep import sweep
from bot.ports import Store
from bot.storage.store import SqlStore
from notifications import renderer
from tests.bot.builders import DEPLOYS
from tests.bot.engine.plant import PLANT, Plant
from tests.bot.engine.trouble import Death, FaultyStore, Memory, Remembering, Wall
from tests.bot.engine.world import EVERYONE, Inline, VirtualClock, World, shop, world

SHOP = shop("api", "web", needs={"web": ("api",)}, use="lever.push")
NEVER = 10**9
DECIDING = {"approve", "reject", "cancel", "stop", "settle_yes", "settle_no"}

Holds = Callable[[Rollback], bool]


@dataclass
class Stage:
    """What outlives a process: its folder, its clock, what people see, what the runner knows."""

    folder: Path
    remembers: bool = False
    clock: VirtualClock = field(default_factory=VirtualClock)
    wall: Wall = field(default_factory=Wall)
    memory: Memory = field(default_factory=Memory)
    store: FaultyStore = field(init=False)  # of the process that runs

    @asynccontextmanager
    async def opened(
        self, *, death: Death | None = None, fault: Mapping[int, str] | None = None
    ) -> AsyncGenerator[World]:
        """Start the process, which death may end and whose writes may fail."""

        def through(store: SqlStore) -> FaultyStore:
            self.store = FaultyStore(store, faults=fault or {}, death=death)
            return self.store

        self.folder.mkdir(exist_ok=True)
        durable = Remembering(self.memory) if self.remembers else Inline()
        async with world(
            self.folder, SHOP, clock=self.clock, durable=durable, through=through
        ) as here:
            yield here


async def live(here: World, wall: Wall, store: Store, until: Holds) -> Rollback:
    """Do what people, the sweeper and the outbox do, until it holds and everybody can see it."""
    delivery = Delivery(
        store=store,
        chats={"slack": wall},
        render=renderer(EVERYONE),
        clock=here.clock,
        foreground=here.engine.foreground,
    )
    for _ in range(300):
        with suppress(TwokeyError):
            wait = await sweep(here.engine)
            if here.engine.tasks:  # real work takes real time, and the clock is a virtual one
                await asyncio.wait(here.engine.tasks, timeout=0.05)
            await here.clock.sleep(wait)
            await delivery.run_once()
            latest, owed = await store.read(lambda tx: (tx.latest(DEPLOYS, 1), tx.due_postings(1)))
            if latest and until(latest[0]) and not owed:
                return latest[0]
            await act(here, wall, latest[0] if latest else None)
    raise AssertionError(
        f"it never gets there: {await store.read(lambda tx: tx.latest(DEPLOYS, 1))}"
    )


async def act(here: World, wall: Wall, rollback: Rollback | None) -> None:
    """Ask if nothing was asked for yet, and approve on the card as soon as it hangs there."""
    if rollback is None:
        await here.ask_for()
    elif rollback.state is State.PENDING and any(":card:" in key for key in wall.keys):
        for person in ("manager-one", "manager-two"):
            with suppress(Refused):
                await here.press("approve", person, rollback, message=wall.at(":card:"))


async def survives(here: World, wall: Wall, store: Store, until: Holds, *, death: Death) -> bool:
    """Live until it holds, or until death comes, after which nothing more is done."""
    story = asyncio.create_task(live(here, wall, store, until))
    dying = asyncio.create_task(death.came.wait())
    await asyncio.wait({story, dying}, return_when=asyncio.FIRST_COMPLETED)
    for task in (story, dying):
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    if story.cancelled():
        return False
    await story
    return True


async def check_end(here: World, wall: Wall, ended: Rollback) -> None:
    """It succeeded, each lever was moved once, and no message is missing, doubled or pressable."""
    kinds = await here.kinds(ended.id)
    assert ended.state is State.SUCCEEDED, ended.outcome
    assert PLANT.pulled == ["api", "web"]
    assert (kinds.count("claimed"), kinds.count("ended")) == (1, 1)
    check_wall(wall, {"notice", "card", "ask", "summary", "ending"})
    assert not DECIDING & {verb for note in wall.notes.values() for verb in note.verbs}


def check_wall(wall: Wall, kinds: set[str]) -> None:
    """Every kind of message hangs there, and none of them twice."""
    assert len(wall.keys) == len(set(wall.keys))
    assert {key.split(":")[1] for key in wall.keys} >= kinds


def has_ended(rollback: Rollback) -> bool:
    """Tell whether it came to an end."""
    return rollback.state.is_terminal


@pytest.mark.parametrize("remembers", [False, True])
async def test_it_may_die_at_any_moment(tmp_path: Path, plant: Plant, remembers: bool) -> None:
    """Killed after any commit or effect and started again, it ends well with one effect each."""
    at = 0
    is_over = False
    while not is_over:
        at += 1
        plant.__init__()  # type: ignore[misc]
        stage, death = Stage(tmp_path / str(at), remembers), Death(at)
        plant.moment = death.moment
        async with stage.opened(death=death) as here:
            store = stage.store.plain  # the outbox dies in the next test
            is_over = await survives(here, stage.wall, store, has_ended, death=death)
        plant.moment = Death(NEVER).moment
        async with stage.opened() as later:
            ended = await live(later, stage.wall, later.engine.store, has_ended)
            await check_end(later, stage.wall, ended)
    assert at > 15


async def test_the_outbox_may_die_at_any_moment(tmp_path: Path, plant: Plant) -> None:
    """Killed before or after any message is posted or noted, everything is shown exactly once."""

    def waits(rollback: Rollback) -> bool:
        return rollback.state is State.PENDING

    at = 0
    is_over = False
    while not is_over:
        at += 1
        stage, death = Stage(tmp_path / str(at)), Death(at)
        stage.wall.moment = death.moment
        async with stage.opened(death=death) as here:
            is_over = await survives(here, stage.wall, stage.store, waits, death=death)
        stage.wall.moment = Death(NEVER).moment
        async with stage.opened() as later:
            await live(later, stage.wall, later.engine.store, waits)
            check_wall(stage.wall, {"notice", "card", "ask"})
    assert at > 10
    assert plant.pulled == []


@pytest.mark.parametrize("fault", ["refused", "unanswered"])
async def test_any_write_may_fail_once(tmp_path: Path, plant: Plant, fault: str) -> None:
    """Whichever write fails, or was done without an answer, nothing is stuck, doubled or hidden."""
    number, writes = 0, 1
    while number < writes:
        number += 1
        plant.__init__()  # type: ignore[misc]
        stage = Stage(tmp_path / str(number))

        async with stage.opened(fault={number: fault}) as here:
            ended = await live(here, stage.wall, stage.store.plain, has_ended)
            await check_end(here, stage.wall, ended)
        writes = stage.store.writes
    assert number > 10
