"""One attempt to bring a target back: its states, and the only ways from one to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.errors import Refusal, Refused
from bot.domain.plan import Evidence, Plan, Receipt
from bot.domain.target import Place, Policy


class State(StrEnum):
    """Where a rollback is; one spelling everywhere."""

    PLANNING = "planning"
    PENDING = "pending"
    QUORUM = "quorum"
    CLAIMED = "claimed"
    RUNNING = "running"
    WAITING = "waiting"
    VERIFYING = "verifying"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STALE = "stale"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    PARTIAL = "partial"
    ABORTED = "aborted"
    NEEDS_HUMAN = "needs_human"

    @property
    def is_terminal(self) -> bool:
        """Tell whether this state never changes again."""
        return not TRANSITIONS[self]

    @property
    def is_undecided(self) -> bool:
        """Tell whether people can still stop it before anything happens."""
        return self in UNDECIDED

    @property
    def is_executing(self) -> bool:
        """Tell whether a claim exists and the end is not reached."""
        return self in EXECUTING

    @property
    def keeps_locks(self) -> bool:
        """Tell whether the resources stay locked although it ended: somebody has to look."""
        return self in KEEPS_LOCKS


_ENDS_BEFORE_CLAIM = frozenset(
    {State.REJECTED, State.CANCELLED, State.EXPIRED, State.STALE, State.REFUSED}
)
_ENDS_OF_RUNNING = frozenset(
    {State.FAILED, State.PARTIAL, State.ABORTED, State.NEEDS_HUMAN, State.STALE, State.UNVERIFIED}
)

TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.PLANNING: frozenset({State.PENDING, State.REFUSED, State.CANCELLED, State.EXPIRED}),
    State.PENDING: frozenset({State.QUORUM}) | _ENDS_BEFORE_CLAIM,
    State.QUORUM: frozenset({State.PENDING, State.CLAIMED}) | _ENDS_BEFORE_CLAIM,
    State.CLAIMED: frozenset({State.RUNNING}) | _ENDS_OF_RUNNING,
    State.RUNNING: frozenset({State.WAITING, State.VERIFYING}) | _ENDS_OF_RUNNING,
    State.WAITING: frozenset({State.RUNNING}) | _ENDS_OF_RUNNING,
    State.VERIFYING: frozenset({State.SUCCEEDED}) | _ENDS_OF_RUNNING,
} | {
    state: frozenset[State]()
    for state in (State.SUCCEEDED, *sorted(_ENDS_BEFORE_CLAIM | _ENDS_OF_RUNNING))
}
UNDECIDED: Final = frozenset({State.PLANNING, State.PENDING, State.QUORUM})
EXECUTING: Final = frozenset({State.CLAIMED, State.RUNNING, State.WAITING, State.VERIFYING})
KEEPS_LOCKS: Final = frozenset(
    {State.PARTIAL, State.FAILED, State.ABORTED, State.NEEDS_HUMAN, State.UNVERIFIED}
)


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes to one exact plan."""

    person: str
    digest: str
    at: datetime
    withdrawn_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Tell whether it was not taken back."""
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class Unread:
    """Somebody whose directory could not be read when it was to start, and on which platform."""

    person: str
    platform: str


class StepState(StrEnum):
    """Where one step is."""

    NOT_STARTED = "not_started"
    RUNNING = "running"  # the intent is committed; with a receipt: done, not verified yet
    IN_DOUBT = "in_doubt"  # sent, and nobody but a person can tell whether it happened
    DONE = "done"
    SKIPPED = "skipped"  # there was nothing to do
    UNVERIFIED = "unverified"  # the system says done, the independent read says otherwise
    FAILED = "failed"  # proven: it had no effect
    STALE = "stale"  # not started: it would no longer do what was approved

    @property
    def is_complete(self) -> bool:
        """Tell whether a step that needs this one may start."""
        return self in {StepState.DONE, StepState.SKIPPED}


@dataclass(frozen=True, slots=True)
class StepRun:
    """What became of one step of the plan; the intent is committed before the call is made."""

    name: str
    state: StepState = StepState.NOT_STARTED
    attempt: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    receipt: Receipt | None = None
    evidence: tuple[Evidence, ...] = ()
    note: str = ""  # the system's own words, or what a person said

    @property
    def seconds(self) -> float | None:
        """Return how long it took, once it ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: when, by whom if a person ended it, and why in words."""

    at: datetime
    by: str | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What people settled after an end that kept the locks; appended, the state stays."""

    by: str
    because: str
    at: datetime
    confirmed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Rollback:
    """The aggregate: everything that is known about one rollback, at one version."""

    id: str
    target: str
    environment: str
    affected: str
    places: tuple[Place, ...]  # where it is shown; decisions count from each
    requester: str
    asked_at: datetime
    policy: Policy
    approvers: tuple[str, ...]
    rules_digest: str
    wanted: str = ""  # "to v41": a version asked for by name; empty means the last known good one
    reason: str = ""
    state: State = State.PLANNING
    plan: Plan | None = None
    planned_at: datetime | None = None
    approve_by: datetime | None = None
    approvals: tuple[Approval, ...] = ()
    reminded_at: datetime | None = None
    quorum_at: datetime | None = None
    unread: tuple[Unread, ...] = ()  # whose directories the start has waited for
    claimed_at: datetime | None = None
    token: int = 0  # counts the executions of the claim; only the newest may start a step
    steps: tuple[StepRun, ...] = ()
    doubt_until: datetime | None = None
    abort_by: str | None = None
    held: str = ""  # why no further step is started, although nobody stopped it
    verifying_at: datetime | None = None
    checks: tuple[Evidence, ...] = ()
    outcome: Outcome | None = None
    resolution: Resolution | None = None
    version: int = field(default=0, compare=False)

    @property
    def standing(self) -> tuple[Approval, ...]:
        """Return the approvals that were not taken back."""
        return tuple(approval for approval in self.approvals if approval.stands)

    @property
    def given(self) -> int:
        """Return how many of the needed signatures are in, the requester's own included."""
        return len(self.standing) + (1 if self.policy.requester_counts else 0)

    @property
    def missing(self) -> int:
        """Return how many more people have to approve."""
        return max(0, self.policy.approvals - self.given)

    @property
    def start_at(self) -> datetime | None:
        """Return when the start delay is over."""
        return self.quorum_at + self.policy.start_delay if self.quorum_at else None

    @property
    def claim_by(self) -> datetime | None:
        """Return until when the standing quorum may still become a claim."""
        if self.quorum_at is None:
            return None
        return self.quorum_at + self.policy.start_delay + self.policy.exec_ttl

    @property
    def remind_at(self) -> datetime | None:
        """Return when the silent approvers are reminded: half way to the deadline, once."""
        if self.state is not State.PENDING or self.reminded_at or not self.approve_by:
            return None
        return self.approve_by - self.policy.approve_ttl / 2

    @property
    def wake_at(self) -> datetime | None:
        """Return the next moment at which time alone changes something; None if it never does."""
        match self.state:
            case State.PLANNING | State.CLAIMED | State.RUNNING | State.VERIFYING:
                return self.asked_at  # always due: a sweeper looks whether somebody works on it
            case State.PENDING:
                return min(filter(None, (self.approve_by, self.remind_at)), default=None)
            case State.QUORUM:
                return self.start_at
            case State.WAITING:
                return self.doubt_until
            case _:
                return None

    def to(self, state: State) -> "Rollback":
        """Move on, or refuse."""
        if state not in TRANSITIONS[self.state]:
            raise Refused(
                Refusal.NOT_OPEN,
                f"{self.id} is {self.state}; it can't become {state}. Nothing was changed.",
                rollback_id=self.id,
            )
        return replace(self, state=state)

    def end(
        self, state: State, *, at: datetime, by: str | None = None, because: str = ""
    ) -> "Rollback":
        """Move to a terminal state and say how it came."""
        return replace(self.to(state), outcome=Outcome(at=at, by=by, because=because))

    def run(self, name: str) -> StepRun:
        """Return what became of the step with this name."""
        return next(run for run in self.steps if run.name == name)

    def with_run(self, changed: StepRun) -> "Rollback":
        """Replace what is known about one step."""
        return replace(
            self, steps=tuple(changed if run.name == changed.name else run for run in self.steps)
        )

    @property
    def execution(self) -> str:
        """Return the id of the newest execution of the claim."""
        return f"{self.id}.{self.token}"

    @property
    def took(self) -> timedelta | None:
        """Return the time from the claim to the end, once both are known."""
        if self.claimed_at is None or self.outcome is None:
            return None
        return self.outcome.at - self.claimed_at
