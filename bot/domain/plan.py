"""What would be done: ordered steps with resolved, immutable ids, and one digest over all of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bot.domain.target import Effect, Risk

NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Point:
    """Where a system is or would be: an immutable id, and what people call it."""

    id: str
    label: str
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a step would change, read from the live system without touching it."""

    subject: str  # "Railway api": what is acted on, in words
    resource: str  # "railway:service/…": its immutable id; two rollbacks never hold the same one
    before: Point
    after: Point
    comes_back: tuple[str, ...] = ()
    stays_lost: tuple[str, ...] = ()  # shown to approvers as "Does NOT come back"
    warnings: tuple[str, ...] = ()
    undo: str = ""
    seconds: int = 60  # expected duration
    as_of: datetime = NEVER  # the system's own time of the newest change it knew: ours is newer

    @property
    def is_noop(self) -> bool:
        """Tell whether the system is already where it should be."""
        return self.before.id == self.after.id

    def leads_where(self, approved: "Preview") -> bool:
        """Tell whether it ends at the very point that was approved."""
        return (self.resource, self.after.id) == (approved.resource, approved.after.id)

    def agrees_with(self, approved: "Preview") -> bool:
        """Tell whether this is still the change that was approved."""
        return self.leads_where(approved) and self.before.id == approved.before.id


@dataclass(frozen=True, slots=True)
class Step:
    """One action with bound parameters and what it would change."""

    name: str
    use: str
    params: Mapping[str, Any]
    needs: tuple[str, ...]
    preview: Preview
    effect: Effect
    risk: Risk


@dataclass(frozen=True, slots=True)
class Check:
    """One assertion about production, observed before and after."""

    name: str
    use: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One independent read: what was expected, what was seen, and when."""

    name: str
    expected: str
    seen: str
    holds: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the outside system answered; enough to verify the step and to undo it."""

    reference: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps that bring one target back; people approve its digest, never an intention."""

    rollback_id: str
    target: str
    environment: str
    requester: str
    rules_digest: str
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    baseline: tuple[Evidence, ...] = ()  # the checks as they were when the plan was made

    @property
    def risk(self) -> Risk:
        """Return the worst risk of any step."""
        destructive = any(step.risk is Risk.DESTRUCTIVE for step in self.steps)
        return Risk.DESTRUCTIVE if destructive else Risk.REVERSIBLE

    @property
    def resources(self) -> tuple[str, ...]:
        """Return the ids of everything this plan changes, without repeats."""
        return tuple(sorted({step.preview.resource for step in self.steps}))

    @property
    def seconds(self) -> int:
        """Return the expected duration: the slowest chain of steps that wait for each other."""
        took: dict[str, int] = {}
        for step in self.steps:  # config order puts every step behind what it needs
            took[step.name] = step.preview.seconds + max(
                (took.get(need, 0) for need in step.needs), default=0
            )
        return max(took.values(), default=0)

    @property
    def digest(self) -> str:
        """Return the SHA-256 over the whole plan as canonical JSON, 64 hex digits."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), default=_plain)
        return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a plan can't hold a {type(value).__name__}")


def order_problems(names_and_needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Say which needs point nowhere or forward; a list in order can hold no cycle."""
    problems: list[str] = []
    known: set[str] = set()
    for name, needs in names_and_needs.items():
        problems += [
            f"step {name} needs {need}, which is not a step before it"
            for need in needs
            if need not in known
        ]
        known.add(name)
    return tuple(problems)
