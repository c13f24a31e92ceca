"""A small world for the engine: a virtual clock, a lever to pull, people, and an inline runner."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx

from bot.domain.errors import InDoubt, NotApplied
from bot.domain.people import Account, Membership, People, Person
from bot.domain.plan import Evidence, Point, Preview, Receipt
from bot.domain.rollback import Rollback
from bot.domain.target import Effect, Policy, StepSpec, Target
from bot.engine import decide
from bot.engine.core import Engine, Limits
from bot.engine.execute import execute
from bot.engine.propose import Wish, propose
from bot.engine.registry import Registry
from bot.engine.sweep import sweep
from bot.invocation import Invocation
from bot.message import Ticket
from bot.ports import Action, Assertion, Due, Execution, Kind, Reference, Tools
from bot.storage.store import SqlStore
from tests.bot.builders import APPROVERS, DEPLOYS, NOON, target

TEAM = ("slack", "T00TWOKEY")
EVERYBODY = (*APPROVERS, "outsider")


class VirtualClock:
    """Time that only passes when somebody waits for it."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@dataclass
class Plant:
    """What the levers move: where each stands, and how each behaves when it is pulled."""

    stands: dict[str, str] = field(default_factory=dict[str, str])
    behaves: dict[str, str] = field(default_factory=dict[str, str])
    pulled: list[str] = field(default_factory=list[str])
    healthy: bool = True
    gate: asyncio.Event | None = None  # a pull waits for it after its effect


PLANT: Plant = Plant()


class Pull(Action):
    """Moves a lever from new to old."""

    use: ClassVar[str] = "lever.pull"
    effect: ClassVar[Effect] = Effect.OBSERVABLE
    lever: str
    to: str = "old"

    async def preview(self, tools: Tools) -> Preview:
        at = PLANT.stands.get(self.lever, "new")
        return Preview(
            subject=f"Lever {self.lever}",
            resource=f"lever:{self.lever}",
            before=Point(at, at),
            after=Point(self.to, self.to),
        )

    async def execute(self, tools: Tools, preview: Preview) -> Receipt:
        manner = PLANT.behaves.get(self.lever, "works")
        if manner == "refuses":
            raise NotApplied("the lever is stuck")
        if manner != "never lands":
            PLANT.pulled.append(self.lever)
        if manner not in {"lies", "never lands"}:
            PLANT.stands[self.lever] = self.to
        if PLANT.gate is not None:
            await PLANT.gate.wait()
        if manner in {"loses its answer", "never lands", "nobody knows"}:
            raise httpx.ReadTimeout("no answer")
        return Receipt(reference=tools.key, details={})

    async def probe(self, tools: Tools, preview: Preview) -> Receipt | bool:
        if PLANT.behaves.get(self.lever) == "nobody knows":
            raise InDoubt("it can't be seen from here")
        done = PLANT.stands.get(self.lever) == self.to
        return Receipt(reference="probed", details={}) if done else False

    async def verify(
        self, tools: Tools, preview: Preview, receipt: Receipt
    ) -> tuple[Evidence, ...]:
        at = PLANT.stands.get(self.lever, "new")
        return (Evidence("lever", self.to, at, holds=at == self.to, at=tools.now()),)


class Health(Assertion):
    """Looks whether the plant is well."""

    use: ClassVar[str] = "lever.health"

    async def observe(self, tools: Tools, name: str) -> Evidence:
        seen = "well" if PLANT.healthy else "broken"
        return Evidence(name, "well", seen, holds=PLANT.healthy, at=tools.now())

    async def confirm(self, tools: Tools, name: str) -> Evidence:
        return await self.observe(tools, name)


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

    async def is_live(self, execution_id: str) -> bool:
        return execution_id in self.tasks and not self.tasks[execution_id].done()

    async def close(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def run(self, name: str, work: Callable[[], Coroutine[Any, Any, str]]) -> str:
        return await work()

    async def run_all(
        self, pieces: Mapping[str, Callable[[], Coroutine[Any, Any, str]]]
    ) -> Mapping[str, str]:
        results = await asyncio.gather(*(work() for work in pieces.values()))
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


def shop(*levers: str, needs: Mapping[str, tuple[str, ...]] | None = None, **policy: Any) -> Target:
    """Return a target that pulls these levers, and then looks at the plant's health."""
    return target(
        steps=tuple(
            StepSpec(one, "lever.pull", {"lever": one}, (needs or {}).get(one, ()))
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
        self._deliveries = 0

    def invocation(self, person: str, **changes: Any) -> Invocation:
        self._deliveries += 1
        fields: dict[str, Any] = {
            "account": account(person),
            "place": DEPLOYS,
            "delivery": f"delivery-{self._deliveries}",
            "message": "card",
        }
        return Invocation(**(fields | changes))

    async def ask(self, person: str = "responder", **wish: Any) -> Rollback:
        """Ask for the backend, let it be planned, and post its card."""
        asked = await propose(
            self.engine, self.invocation(person), Wish(**({"target": "backend"} | wish))
        )
        rollback = await self.until(asked.id, lambda r: r.state != "planning")
        await self.post_card(rollback.id)
        return rollback

    async def post_card(self, rollback_id: str) -> None:
        """Pretend that the platform showed everything so far, each kind at a message of its own."""

        def work(tx: Any) -> None:
            for due in tx.due_postings(50):
                if due.posting.kind in {Kind.NOTICE, Kind.CARD}:
                    shown(tx, due)
            for due in tx.due_postings(50):
                shown(tx, due)

        def shown(tx: Any, due: Due) -> None:
            tx.shown(due, Reference(due.posting.place, str(due.posting.kind)))

        await self.engine.store.write(work)

    async def press(self, verb: str, person: str, rollback: Rollback, **extra: Any) -> Rollback:
        """Press a button of the card."""
        digest = rollback.plan.digest if rollback.plan else ""
        ticket = Ticket(rollback.id, digest, extra.pop("about", ""))
        act = getattr(decide, verb)
        result: Rollback = await act(self.engine, self.invocation(person), ticket, **extra)
        return result

    async def load(self, rollback_id: str) -> Rollback:
        return await self.engine.store.read(lambda tx: tx.load(rollback_id))

    async def kinds(self, rollback_id: str) -> list[str]:
        """Return what happened, in order."""
        events = await self.engine.store.read(lambda tx: tx.events(rollback_id))
        return [str(event.kind) for event in events]

    async def until(self, rollback_id: str, holds: Callable[[Rollback], bool]) -> Rollback:
        """Sweep until it holds; virtual time passes, a broken engine fails after 500 looks."""
        for _ in range(500):
            rollback = await self.load(rollback_id)
            if holds(rollback):
                return rollback
            await self.clock.sleep(await sweep(self.engine))
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
    folder: Path, *targets: Target, clock: VirtualClock | None = None
) -> AsyncIterator[World]:
    """Open a world on a store in this folder; opened again it is the same world later."""
    clock = clock or VirtualClock()
    store = SqlStore(f"sqlite:///{folder / 'twokey.db'}", clock=clock, audit_key=b"k" * 32)
    await store.open()
    members, durable = Members(), Inline()
    numbers = iter(range(1000, 9999))
    engine = Engine(
        store=store,
        people=People(Person(key, key.title(), (account(key),)) for key in EVERYBODY),
        targets=targets or (shop(),),
        directories={"slack": members},
        registry=Registry((Pull,), (Health,)),
        clock=clock,
        new_id=lambda: f"rb-{next(numbers)}",
        durable=durable,
        tools=PlainToolBox(clock),
        limits=Limits(),
    )

    async def run(execution_id: str, steps: Any) -> None:
        await execute(engine, execution_id, steps)

    await durable.launch(run)
    try:
        yield World(engine, clock, members)
    finally:
        await durable.close()
        await engine.close()
        await store.close()
