"""A small world for the engine: a virtual clock, people, and an inline runner."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from bot.domain.people import Account, Membership, People, Person
from bot.domain.rollback import Rollback
from bot.domain.target import Policy, StepSpec, Target
from bot.engine import decide
from bot.engine.core import Engine, Limits
from bot.engine.execute import execute
from bot.engine.propose import Wish, propose
from bot.engine.registry import Registry
from bot.engine.sweep import sweep
from bot.invocation import Invocation
from bot.message import Ticket
from bot.ports import Execution, Reference
from bot.storage.store import SqlStore
from tests.bot.builders import APPROVERS, DEPLOYS, NOON, target
from tests.bot.engine.plant import Health, Pull, Push

TEAM = ("slack", "T00TWOKEY")
EVERYBODY = (*APPROVERS, "outsider")
NUMBERS = count(1000)


class VirtualClock:
    """Time that only passes when somebody waits for it."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@dataclass(frozen=True)
class PlainTools:
    """Tools without any outside world."""

    key: str
    clock: VirtualClock

    @property
    def http(self) -> httpx.AsyncClient:
        raise AssertionError("no action here goes out")

    def now(self) -> datetime:
        return self.clock.now()

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep(seconds)

    def secret(self, name: str) -> str:
        raise AssertionError(name)

    def base_url(self, system: str) -> str:
        raise AssertionError(system)


@dataclass(frozen=True)
class PlainToolBox:
    """Makes plain tools."""

    clock: VirtualClock

    def for_step(self, *, key: str, secrets: Sequence[str]) -> PlainTools:
        return PlainTools(key, self.clock)

    def scrub(self, text: str) -> str:
        return text.replace("hunter2", "***")


class Inline:
    """Runs executions in this process and forgets them with it."""

    def __init__(self) -> None:
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._execution: Execution | None = None

    async def launch(self, execution: Execution) -> None:
        self._execution = execution

    async def start(self, execution_id: str) -> None:
        assert self._execution
        if execution_id not in self.tasks:
            work: Coroutine[Any, Any, None] = self._execution(execution_id, self)
            self.tasks[execution_id] = asyncio.create_task(work)

    async def live(self, execution_ids: Collection[str]) -> frozenset[str]:
        running = {one for one, task in self.tasks.items() if not task.done()}
        return frozenset(running & set(execution_ids))

    async def close(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def run(self, name: str, work: Callable[[], Coroutine[Any, Any, str]]) -> str:
        return await work()

    async def run_all(
        self, pieces: Mapping[str, Callable[[], Coroutine[Any, Any, str]]]
    ) -> Mapping[str, str]:
        results = await asyncio.gather(*(self.run(name, work) for name, work in pieces.items()))
        return dict(zip(pieces, results, strict=True))


@dataclass
class Members:
    """The platform's directory."""

    kinds: dict[str, Membership] = field(default_factory=dict[str, Membership])

    async def membership(self, account: Account) -> Membership:
        return self.kinds.get(account.user, Membership.FULL)


def account(person: str) -> Account:
    """Return the chat account of a person."""
    return Account(*TEAM, user=person)


EVERYONE = People(Person(key, key.title(), (account(key),)) for key in EVERYBODY)


def shop(
    *levers: str,
    needs: Mapping[str, tuple[str, ...]] | None = None,
    use: str = "lever.pull",
    **policy: Any,
) -> Target:
    """Return a target that pulls these levers, and then looks at the plant's health."""
    return target(
        steps=tuple(
            StepSpec(one, use, {"lever": one}, (needs or {}).get(one, ()))
            for one in levers or ("api",)
        ),
        checks=(StepSpec("health", "lever.health"),),
        policy=Policy(**policy),
    )


class World:
    """One engine on a real store, and people who press its buttons."""

    def __init__(self, engine: Engine, clock: VirtualClock, members: Members) -> None:
        self.engine = engine
        self.clock = clock
        self.members = members

    def invocation(self, person: str, **changes: Any) -> Invocation:
        fields: dict[str, Any] = {
            "account": account(person),
            "place": DEPLOYS,
            "delivery": f"delivery-{next(NUMBERS)}",
            "message": "card",
        }
        return Invocation(**(fields | changes))

    async def ask_for(self, person: str = "responder", **wish: Any) -> Rollback:
        """Ask for the backend."""
        words = Wish(**({"target": "backend"} | wish))
        return await propose(self.engine, self.invocation(person), words)

    async def ask(self, person: str = "responder", **wish: Any) -> Rollback:
        """Ask for the backend, let it be planned, and post its card."""
        asked = await self.ask_for(person, **wish)
        rollback = await self.until(asked.id, lambda r: r.state != "planning")
        await self.post_card(rollback.id)
        return rollback

    async def post_card(self, rollback_id: str) -> None:
        """Pretend that the platform showed everything so far, each kind at a message of its own."""

        def work(tx: Any) -> None:
            while owed := tx.due_postings(50):  # what is behind these is owed next
                for due in owed:
                    tx.shown(due, Reference(due.posting.place, str(due.posting.kind)))

        await self.engine.store.write(work)

    async def press(self, verb: str, person: str, rollback: Rollback, **extra: Any) -> Rollback:
        """Press a button of the card."""
        digest = rollback.plan.digest if rollback.plan else ""
        ticket = Ticket(rollback.id, digest, extra.pop("about", ""))
        where = {key: extra.pop(key) for key in ("message", "place", "account") if key in extra}
        click = self.invocation(person, **where)
        act = getattr(decide, verb)
        result: Rollback = await act(self.engine, click, ticket, **extra)
        return result

    async def load(self, rollback_id: str) -> Rollback:
        return await self.engine.store.read(lambda tx: tx.load(rollback_id))

    async def kinds(self, rollback_id: str) -> list[str]:
        """Return what happened, in order."""
        events = await self.engine.store.read(lambda tx: tx.events(rollback_id))
        return [str(event.kind) for event in events]

    async def until(self, rollback_id: str, holds: Callable[[Rollback], bool]) -> Rollback:
        """Sweep until it holds; virtual time passes, a broken engine fails after 500 looks."""
        rollback = await self.load(rollback_id)
        for _ in range(500):
            if holds(rollback):
                return rollback
            wait = await sweep(self.engine)
            if self.engine.tasks:  # real work takes real time, and the clock is a virtual one
                await asyncio.wait(self.engine.tasks, timeout=0.05)
            await self.clock.sleep(wait)
            rollback = await self.load(rollback_id)
        raise AssertionError(f"it stays {rollback.state}: {rollback}")

    async def end(self, rollback: Rollback) -> Rollback:
        """Let it come to its end."""
        return await self.until(rollback.id, lambda r: r.state.is_terminal)

    async def approved(self, **wish: Any) -> Rollback:
        """Ask, and let both managers approve."""
        rollback = await self.ask(**wish)
        await self.press("approve", "manager-one", rollback)
        return await self.press("approve", "manager-two", rollback)


@asynccontextmanager
async def world(
    folder: Path,
    *targets: Target,
    clock: VirtualClock | None = None,
    durable: "Inline | None" = None,
    through: Callable[[SqlStore], Any] = lambda store: store,
    people: People = EVERYONE,
    may_execute: Callable[[], bool] = lambda: True,
) -> AsyncGenerator[World]:
    """Open a world on a store in this folder; opened again it is the same world later."""
    clock = clock or VirtualClock()
    store = SqlStore(f"sqlite:///{folder / 'twokey.db'}", clock=clock, audit_key=b"k" * 32)
    await store.open()
    members, durable = Members(), durable or Inline()
    engine = Engine(
        store=through(store),
        people=people,
        targets=targets or (shop(),),
        directories={"slack": members, "discord": members},
        registry=Registry((Pull, Push), (Health,)),
        clock=clock,
        new_id=lambda: f"rb-{next(NUMBERS)}",
        durable=durable,
        tools=PlainToolBox(clock),
        may_execute=may_execute,
        limits=Limits(),
    )

    here = World(engine, clock, members)

    async def run(execution_id: str, steps: Any) -> None:
        await execute(here.engine, execution_id, steps)

    await durable.launch(run)
    try:
        yield here
    finally:
        await durable.close()
        await engine.close()
        await here.engine.close()
        await store.close()
