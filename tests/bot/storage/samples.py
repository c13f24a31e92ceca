"""A clock, rollbacks and postings to try the storage with."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import make_url, text

from bot.domain.event import Event, Happening
from bot.domain.plan import Evidence, Plan, Point, Preview, Receipt, Step
from bot.domain.rollback import Approval, Outcome, Rollback, State, StepRun
from bot.domain.target import Effect, Place, Policy, Risk
from bot.ports import Kind, Posting, Rank, Transaction
from bot.storage.connection import make_engine

MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DEPLOYS = Place("slack", "T1", "C-deploys")
KEY = bytes(range(32))


class ManualClock:
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.time = MONDAY

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def a_plan(rollback_id: str, target: str = "backend") -> Plan:
    """A plan of two steps that wait for each other."""

    def step(name: str, *needs: str) -> Step:
        preview = Preview(
            subject=f"Railway {name}",
            resource=f"railway:service/{target}-{name}",
            before=Point("d-42", "v42", MONDAY),
            after=Point("d-41", "v41", MONDAY - timedelta(days=1)),
            stays_lost=("writes since 14:02",),
        )
        params = {"service": name, "retries": 2, "note": "a\x00b“ü"}
        effect, risk = Effect.OBSERVABLE, Risk.REVERSIBLE
        return Step(name, "railway.rollback", params, needs, preview, effect, risk)

    return Plan(
        rollback_id=rollback_id,
        target=target,
        environment="production",
        requester="responder",
        rules_digest="rules",
        steps=(step("api"), step("worker", "api")),
        checks=(),
        baseline=(Evidence("shop", "200", "503", holds=False, at=MONDAY),),
    )


def a_rollback(
    rollback_id: str = "rb-aaaa", *, target: str = "backend", asked_at: datetime = MONDAY
) -> Rollback:
    """A rollback that waits for approvals."""
    return Rollback(
        id=rollback_id,
        target=target,
        environment="production",
        affected="checkout",
        places=(DEPLOYS,),
        requester="responder",
        asked_at=asked_at,
        policy=Policy(),
        approvers=("manager-one", "manager-two"),
        rules_digest="rules",
        reason="503 since the deploy",
        state=State.PENDING,
        plan=a_plan(rollback_id, target),
        planned_at=asked_at,
        approve_by=asked_at + timedelta(minutes=30),
        steps=(StepRun("api"), StepRun("worker")),
    )


def approved(rollback: Rollback, person: str = "manager-one") -> Rollback:
    """The same with one more yes."""
    vote = Approval(person, "d" * 64, MONDAY)
    return replace(rollback, approvals=(*rollback.approvals, vote))


def running(rollback: Rollback) -> Rollback:
    """The same, claimed and started."""
    return replace(rollback, state=State.RUNNING, claimed_at=MONDAY, token=1)


def ended(rollback: Rollback, state: State = State.CANCELLED) -> Rollback:
    """The same, at an end."""
    return replace(rollback, state=state, outcome=Outcome(MONDAY, by="responder"))


RECEIPT = Receipt("d-41", {"status": "SUCCESS"})
EVIDENCE = (Evidence("serving", "d-41", "d-41", holds=True, at=MONDAY),)


def an_event(kind: Happening = Happening.REQUESTED, **details: str) -> Event:
    """Something that happened to ``rb-aaaa``."""
    return Event(
        kind=kind,
        at=MONDAY,
        rollback_id="rb-aaaa",
        person="manager-one",
        account="slack:T1/U1",
        details=details,
    )


def a_posting(kind: Kind = Kind.NOTICE, *, about: int = 0, rank: Rank = Rank.STEP) -> Posting:
    """A message about ``rb-aaaa``."""
    return Posting("rb-aaaa", kind, DEPLOYS, about=about, rank=rank)


def adding(*rollbacks: Rollback) -> Callable[[Transaction], None]:
    """Work that adds these."""

    def work(tx: Transaction) -> None:
        for rollback in rollbacks:
            tx.add(rollback)

    return work


def execute(url: str, *statements: str) -> None:
    """Change the database behind the store's back, in one transaction."""
    engine = make_engine(make_url(url), writes=True)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    """Look into the database behind the store's back."""
    engine = make_engine(make_url(url), writes=False)
    try:
        with engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]
    finally:
        engine.dispose()
