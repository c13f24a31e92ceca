"""One rollback of a frontend and a backend in every state it can be in, with its timeline."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain import approval
from bot.domain.event import Event, Happening
from bot.domain.people import Account, People, Person
from bot.domain.plan import Check, Evidence, Plan, Point, Receipt, Step
from bot.domain.rollback import Resolution, Rollback, State, StepRun, StepState
from bot.domain.target import Risk
from bot.message import Button, Buttons, Facts, Message
from tests.bot import builders
from tests.bot.builders import NOON

PEOPLE = People(
    Person(key, name, (Account("slack", "T00TWOKEY", f"U00{key.upper()}"),))
    for key, name in {
        "responder": "Responder",
        "manager-one": "Manager One",
        "manager-two": "Manager Two",
    }.items()
)
PIN = "Production is held at v41; a fix goes live only after Undo."


def minutes(count: float) -> datetime:
    """Return a moment, counted from the request."""
    return NOON + timedelta(minutes=count)


def look(name: str, *, saw: str, at: datetime) -> Evidence:
    """Return what a look for HTTP status 200 found."""
    return Evidence(name=name, expected="200", seen=saw, holds=saw == "200", at=at)


def shop() -> Plan:
    """Return a plan of two steps, with a check that fails when the plan is made."""
    vercel = builders.preview(
        subject="Vercel shop",
        resource="vercel:prj/shop",
        before=Point("dpl-42", "v42", minutes(-12)),
        comes_back=("code",),
        stays_lost=(),
        warnings=(PIN,),
        undo="promote v42, about 1 min",
        seconds=30,
    )
    return builders.plan(
        builders.step("frontend", use="vercel.rollback", preview=vercel),
        builders.step("backend"),
        checks=(Check("health", "check.http", {}),),
        baseline=(look("health", saw="500", at=NOON),),
    )


def at(state: State, **changes: Any) -> Rollback:
    """Return the rollback in this state; ``changes`` apply to the request."""
    return _AT[state](builders.rollback(plan=shop(), **changes))


def planning(asked: Rollback) -> Rollback:
    return replace(
        asked, state=State.PLANNING, plan=None, planned_at=None, approve_by=None, steps=()
    )


def approved(asked: Rollback, *people: str) -> Rollback:
    """Let these people approve, one each minute."""
    digest = asked.plan.digest if asked.plan else ""
    for minute, person in enumerate(people, start=1):
        asked = approval.approve(asked, person=person, digest=digest, at=minutes(minute))
    return asked


def quorum(asked: Rollback) -> Rollback:
    return approved(asked, "manager-one", "manager-two")


def claimed(asked: Rollback) -> Rollback:
    return replace(quorum(asked).to(State.CLAIMED), claimed_at=minutes(2.1), token=1)


def running(asked: Rollback, **second: Any) -> Rollback:
    """Return it with its first step done and its second one as ``second`` says."""
    first = StepRun(
        "frontend",
        StepState.DONE,
        started_at=minutes(2.2),
        ended_at=minutes(2.5),
        receipt=Receipt("dpl-41", {}),
        evidence=(Evidence("production", "v41", "v41", holds=True, at=minutes(2.5)),),
    )
    fields: dict[str, Any] = {"state": StepState.RUNNING, "started_at": minutes(2.6)} | second
    started = claimed(asked).to(State.RUNNING).with_run(first)
    return started.with_run(replace(started.run("backend"), **fields))


def done(asked: Rollback) -> Rollback:
    read = Evidence("service", "v41", "v41", holds=True, at=minutes(3))
    return running(
        asked,
        state=StepState.DONE,
        ended_at=minutes(3),
        receipt=Receipt("dep-43", {}),
        evidence=(read,),
    )


def verifying(asked: Rollback) -> Rollback:
    return replace(done(asked).to(State.VERIFYING), verifying_at=minutes(3))


def waiting(asked: Rollback) -> Rollback:
    doubt = running(asked, state=StepState.IN_DOUBT, note="the connection broke")
    return replace(doubt.to(State.WAITING), doubt_until=minutes(2.6 + 24 * 60))


def succeeded(asked: Rollback) -> Rollback:
    seen = (look("health", saw="200", at=minutes(4.2)),)
    return replace(verifying(asked), checks=seen).end(State.SUCCEEDED, at=minutes(4.2))


def unverified(asked: Rollback) -> Rollback:
    seen = (look("health", saw="500", at=minutes(4.2)),)
    because = "health: expected 200, saw 500"
    ended = replace(verifying(asked), checks=seen)
    return ended.end(State.UNVERIFIED, at=minutes(4.2), because=because)


def partial(asked: Rollback) -> Rollback:
    failed: dict[str, Any] = {
        "state": StepState.FAILED,
        "ended_at": minutes(3),
        "note": "Railway refused: 403",
    }
    because = "backend: Railway refused: 403"
    return running(asked, **failed).end(State.PARTIAL, at=minutes(3), because=because)


def failed(asked: Rollback) -> Rollback:
    refused = StepRun(
        "frontend",
        StepState.FAILED,
        started_at=minutes(2.2),
        ended_at=minutes(2.3),
        note="Vercel refused: 402",
    )
    ended = claimed(asked).to(State.RUNNING).with_run(refused)
    return ended.end(State.FAILED, at=minutes(2.3), because="frontend: Vercel refused: 402")


def aborted(asked: Rollback) -> Rollback:
    stopped = running(asked, state=StepState.NOT_STARTED, started_at=None)
    stopped = approval.stop(stopped, person="manager-one", at=minutes(2.4))
    return stopped.end(State.ABORTED, at=minutes(2.5), by="manager-one")


def needs_human(asked: Rollback) -> Rollback:
    because = "nobody answered whether the step in doubt happened"
    return waiting(asked).end(State.NEEDS_HUMAN, at=minutes(24 * 60 + 3), because=because)


def refused(asked: Rollback) -> Rollback:
    because = "The backend has no older version to go back to."
    return planning(asked).end(State.REFUSED, at=minutes(0.1), because=because)


def rejected(asked: Rollback) -> Rollback:
    ended = approval.reject(asked, person="manager-one", at=minutes(3))
    return approval.explain(ended, person="manager-one", because="fix is already merged")


def cancelled(asked: Rollback) -> Rollback:
    return approval.cancel(asked, person="responder", at=minutes(3))


def expired(asked: Rollback) -> Rollback:
    return approval.expire(approved(asked, "manager-one"), at=minutes(30))


def stale(asked: Rollback) -> Rollback:
    because = "the rules of this target changed since it was asked for"
    return quorum(asked).end(State.STALE, at=minutes(2.1), because=because)


_AT: dict[State, Callable[[Rollback], Rollback]] = {
    State.PLANNING: planning,
    State.PENDING: lambda asked: asked,
    State.QUORUM: quorum,
    State.CLAIMED: claimed,
    State.RUNNING: running,
    State.WAITING: waiting,
    State.VERIFYING: verifying,
    State.SUCCEEDED: succeeded,
    State.REFUSED: refused,
    State.REJECTED: rejected,
    State.CANCELLED: cancelled,
    State.EXPIRED: expired,
    State.STALE: stale,
    State.UNVERIFIED: unverified,
    State.FAILED: failed,
    State.PARTIAL: partial,
    State.ABORTED: aborted,
    State.NEEDS_HUMAN: needs_human,
}


def resolved(rollback: Rollback, *, confirmed_by: str | None = None) -> Rollback:
    """Say that somebody looked after it."""
    because = "redeployed by hand"
    signed = Resolution("manager-one", because, minutes(60), confirmed_by)
    return replace(rollback, resolution=signed)


def events(rollback: Rollback) -> tuple[Event, ...]:
    """Return the timeline that led to this state, numbered from 1."""
    told = sorted(_events(rollback), key=lambda event: event.at)
    return tuple(replace(event, sequence=number) for number, event in enumerate(told, start=1))


def _events(rollback: Rollback) -> Iterator[Event]:
    yield _event(rollback, Happening.REQUESTED, rollback.asked_at, rollback.requester)
    if rollback.plan is not None:
        yield _event(rollback, Happening.PLANNED, minutes(0.05))
    for vote in rollback.approvals:
        yield _event(rollback, Happening.APPROVED, vote.at, vote.person, digest=vote.digest)
    if rollback.claimed_at is not None:
        yield _event(rollback, Happening.CLAIMED, rollback.claimed_at)
    for run in rollback.steps:
        yield from _step_events(rollback, run)
    if rollback.verifying_at is not None:
        yield _event(rollback, Happening.VERIFYING, rollback.verifying_at)
    if rollback.outcome is not None:
        end = rollback.outcome
        details = {"state": str(rollback.state), "because": end.because}
        yield _event(rollback, Happening.ENDED, end.at, end.by, **details)


def _step_events(rollback: Rollback, run: StepRun) -> Iterator[Event]:
    if run.started_at is not None:
        yield _event(rollback, Happening.STEP_STARTED, run.started_at, step=run.name, note="")
    if run.state in _STEP_ENDS:
        at = run.ended_at or minutes(2.7)
        yield _event(rollback, _STEP_ENDS[run.state], at, step=run.name, note=run.note)


def _event(
    rollback: Rollback,
    kind: Happening,
    at: datetime,
    person: str | None = None,
    **details: str,
) -> Event:
    return Event(kind, at, rollback.id, person=person, details=details)


_STEP_ENDS = {
    StepState.DONE: Happening.STEP_DONE,
    StepState.FAILED: Happening.STEP_FAILED,
    StepState.UNVERIFIED: Happening.STEP_UNVERIFIED,
    StepState.IN_DOUBT: Happening.STEP_IN_DOUBT,
}


def buttons(message: Message) -> list[Button]:
    """Return all buttons of a message."""
    return [one for block in message.blocks if isinstance(block, Buttons) for one in block.buttons]


def labels(message: Message) -> list[str]:
    """Return the labels of all facts of a message, in order."""
    facts = [block for block in message.blocks if isinstance(block, Facts)]
    return [fact.label for block in facts for fact in block.facts]


def riskier(plan: Plan) -> Plan:
    """Return the plan with a last step that loses something for good."""
    return replace(plan, steps=(*plan.steps[:-1], _destructive(plan.steps[-1])))


def _destructive(step: Step) -> Step:
    return replace(step, risk=Risk.DESTRUCTIVE)
