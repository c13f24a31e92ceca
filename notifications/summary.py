"""The summary: what is known about one rollback once it ended, as data; unknown stays unknown."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.event import Event, Happening
from bot.domain.people import People
from bot.domain.plan import Evidence, Plan, Step
from bot.domain.rollback import Rollback, State, StepRun, StepState
from notifications.changes import affected, change, label, named, warnings
from notifications.paragraph import data_statement, paragraph
from notifications.timeline import Moment, timeline


@dataclass(frozen=True, slots=True)
class Signature:
    """Whoever approved, and when; an approval that was taken back says so."""

    name: str
    at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepSummary:
    """What became of one step, and what an independent look found."""

    name: str
    subject: str
    use: str
    change: str
    resource: str
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    note: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """How long each part took; None where one of its ends is not known."""

    decide: timedelta | None
    """From the making of the newest version that was rolled back to the request."""
    approve: timedelta | None
    """From the request to the last approval that was needed."""
    restore: timedelta | None
    """From the committed start to the end of the last step, if every step is done."""
    verify: timedelta | None
    """From the end of the last step to the verdict of the checks."""
    total: timedelta | None
    """From the request to the end."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that is told about one rollback afterwards."""

    id: str
    target: str
    environment: str
    affected: str
    state: State
    paragraph: str
    reason: str
    digest: str
    requester: str
    signatures: tuple[Signature, ...]
    ended_by: str | None
    asked_at: datetime
    ended_at: datetime | None
    timeline: tuple[Moment, ...]
    steps: tuple[StepSummary, ...]
    checks_before: tuple[Evidence, ...]
    checks_after: tuple[Evidence, ...]
    times: Times
    not_verified: tuple[str, ...]
    data: str
    afterwards: tuple[str, ...]
    refused: Mapping[str, int]
    """Deliveries that Twokey turned down, counted by their code."""


def summary(rollback: Rollback, events: Sequence[Event], people: People) -> Summary:
    """Gather what is known from the rollback and its timeline."""
    plan, outcome = rollback.plan, rollback.outcome
    return Summary(
        id=rollback.id,
        target=rollback.target,
        environment=rollback.environment,
        affected=rollback.affected,
        state=rollback.state,
        paragraph=paragraph(rollback, people),
        reason=rollback.reason,
        digest=plan.digest if plan else "",
        requester=people.name(rollback.requester),
        signatures=tuple(
            Signature(people.name(vote.person), vote.at, vote.withdrawn_at)
            for vote in rollback.approvals
        ),
        ended_by=people.name(outcome.by) if outcome and outcome.by else None,
        asked_at=rollback.asked_at,
        ended_at=outcome.at if outcome else None,
        timeline=timeline(rollback, events, people),
        steps=tuple(_steps(rollback, plan)) if plan else (),
        checks_before=plan.baseline if plan else (),
        checks_after=rollback.checks,
        times=times(rollback),
        not_verified=tuple(not_verified(rollback)),
        data=data_statement(rollback),
        afterwards=warnings(affected(rollback)),
        refused=_refused(events),
    )


def times(rollback: Rollback) -> Times:
    """Measure what lies between the known moments."""
    plan, outcome = rollback.plan, rollback.outcome
    steps = plan.steps if plan else ()
    made = [step.preview.before.made_at for step in steps if not step.preview.is_noop]
    known = [at for at in made if at is not None]
    ends = [run.ended_at for run in rollback.steps if run.ended_at and run.state.is_complete]
    is_whole = bool(ends) and len(ends) == len(rollback.steps)
    end = outcome.at if outcome else None
    return Times(
        decide=_between(max(known, default=None), rollback.asked_at),
        approve=_between(rollback.asked_at, rollback.quorum_at),
        restore=_between(rollback.claimed_at, max(ends) if is_whole else None),
        verify=_between(rollback.verifying_at, end),
        total=_between(rollback.asked_at, end),
    )


def not_verified(rollback: Rollback) -> Iterator[str]:
    """Say what nobody looked at, as far as that is known."""
    for run in rollback.steps:
        if run.state is StepState.DONE and not run.evidence:
            yield f"{named(rollback, run.name)} was not read back"
    checks = rollback.plan.checks if rollback.plan else ()
    seen = {one.name for one in rollback.checks}
    yield from (f"{check.name} was not looked at" for check in checks if check.name not in seen)
    if checks:
        yield f"whatever {', '.join(check.name for check in checks)} can't see"
    else:
        yield "production: no check is configured"
    yield "how long users had errors"


def _between(start: datetime | None, end: datetime | None) -> timedelta | None:
    return end - start if start and end and end >= start else None


def _steps(rollback: Rollback, plan: Plan) -> Iterator[StepSummary]:
    for step in plan.steps:
        run = next((run for run in rollback.steps if run.name == step.name), StepRun(step.name))
        yield _step(plan, step, run)


def _step(plan: Plan, step: Step, run: StepRun) -> StepSummary:
    return StepSummary(
        name=step.name,
        subject=label(plan, step),
        use=step.use,
        change=change(step),
        resource=step.preview.resource,
        state=str(run.state),
        started_at=run.started_at,
        ended_at=run.ended_at,
        seconds=run.seconds,
        note=run.note,
        evidence=run.evidence,
    )


def _refused(events: Sequence[Event]) -> Mapping[str, int]:
    codes = [e.details.get("code", "") for e in events if e.kind is Happening.REFUSED_DELIVERY]
    return dict(sorted(Counter(codes).items()))


def to_json(told: Summary) -> dict[str, Any]:
    """Return the summary as JSON types: moments in ISO 8601, time spans in seconds."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(told), default=_plain))
    return plain


def _plain(value: object) -> str | float:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"a summary can't hold a {type(value).__name__}")
