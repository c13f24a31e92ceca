"""What can be brought back, and how many people it takes."""

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from bot.domain.errors import Refusal, Refused
from bot.domain.people import Account


class Risk(StrEnum):
    """How bad it is if a step goes wrong."""

    REVERSIBLE = "reversible"
    DESTRUCTIVE = "destructive"


class Effect(StrEnum):
    """What may be done after a crash in the middle of a step."""

    IDEMPOTENT = "idempotent"  # towards a named end state: safe to send again after a read
    OBSERVABLE = "observable"  # not idempotent, but what happened can be read back
    TRANSACTIONAL = "transactional"  # marker row in the target's own transaction
    MANUAL = "manual"  # a person does it, a second one confirms


_DIRECT: Final = "@"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rollback is asked for or shown: a channel, or ``@`` and a user for what is direct."""

    platform: str
    tenant: str
    channel: str

    @classmethod
    def direct(cls, account: Account) -> "Place":
        """Return where this account is written to directly."""
        return cls(account.platform, account.tenant, f"{_DIRECT}{account.user}")

    @property
    def person(self) -> Account | None:
        """Return whose direct messages these are; None for a channel."""
        if not self.channel.startswith(_DIRECT):
            return None
        return Account(self.platform, self.tenant, self.channel.removeprefix(_DIRECT))

    @property
    def home(self) -> tuple[str, str]:
        """Return the workspace or server that it is in: platform and tenant."""
        return self.platform, self.tenant

    @property
    def is_terminal(self) -> bool:
        """Tell whether this is the command line, from which every target can be seen."""
        return self.platform == "terminal"

    def __str__(self) -> str:
        """Write it the way the configuration spells it."""
        return f"{self.platform}:{self.tenant}/{self.channel}"


TERMINAL: Final = Place("terminal", "local", "console")


class WrongChannel(Refused):
    """A target was asked for where it is not rolled back from."""

    def __init__(self, target: str, place: Place) -> None:
        """Say so, and keep the place from which it is."""
        super().__init__(
            Refusal.WRONG_CHANNEL,
            f"{target} is rolled back from its own channel, where its people see it. "
            "Nothing was changed. Ask again there.",
        )
        self.place = place


@dataclass(frozen=True, slots=True)
class Policy:
    """Who and how many, and how long they have."""

    approvals: int = 2
    requester_counts: bool = False
    accept_two_humans_total: bool = False
    approve_ttl: timedelta = timedelta(minutes=30)
    exec_ttl: timedelta = timedelta(minutes=10)
    start_delay: timedelta = timedelta(seconds=5)
    budget: timedelta = timedelta(minutes=5)

    @property
    def others_needed(self) -> int:
        """How many people other than the requester have to approve."""
        return self.approvals - 1 if self.requester_counts else self.approvals


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One configured action: which one, with which parameters, after which others."""

    name: str
    use: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be brought back as a whole."""

    name: str
    environment: str
    affected: str
    channels: tuple[Place, ...]  # one in each workspace or server; none: the command line alone
    approvers: tuple[str, ...]
    steps: tuple[StepSpec, ...]
    checks: tuple[StepSpec, ...] = ()
    policy: Policy = Policy()

    @property
    def rules_digest(self) -> str:
        """Fingerprint of everything that decides who may let it run, and what would run."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def policy_problems(target: Target, *, risk: Risk, requesters: tuple[str, ...]) -> tuple[str, ...]:
    """Say what makes the two-person rule impossible or too weak for this target; empty is good."""
    policy = target.policy
    problems: list[str] = []
    humans = policy.others_needed + 1
    if policy.approvals < 1 or humans < 2:  # noqa: PLR2004 - the two in two-person rule
        problems.append("at least one person other than the requester has to approve")
    if risk is Risk.DESTRUCTIVE and policy.approvals < 2:  # noqa: PLR2004
        problems.append("a destructive target needs approvals: 2 or more")
    if risk is Risk.DESTRUCTIVE and policy.requester_counts and not policy.accept_two_humans_total:
        problems.append(
            "requester_counts on a destructive target needs accept_two_humans_total: true"
        )
    for requester in requesters:
        pool = set(target.approvers) - {requester}
        if len(pool) < policy.others_needed:
            problems.append(
                f"if {requester} asks, only {len(pool)} of the {policy.others_needed} needed "
                "approvers are left; add approvers"
            )
            break
    return tuple(problems)


def choose(targets: Sequence[Target], *, name: str, environment: str | None) -> Target:
    """Return the one target that was meant, or refuse with the nearest names; never a guess."""
    named = [target for target in targets if target.name == name]
    if not named:
        known = sorted({target.name for target in targets})
        near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        raise Refused(
            Refusal.UNKNOWN_TARGET,
            f"“{name[:60]}” is not a target. {hint}Nothing was changed. "
            f"Targets: {', '.join(known)}.",
        )
    fitting = [t for t in named if environment is None or t.environment == environment]
    if len(fitting) == 1:
        return fitting[0]
    environments = ", ".join(target.environment for target in named)
    if fitting:
        sentence = f"{name} exists in {environments}. Say which: /rollback {name} in …"
    else:
        sentence = f"{name} has no environment “{str(environment)[:60]}”; it has {environments}."
    raise Refused(Refusal.UNKNOWN_ENVIRONMENT, f"{sentence} Nothing was changed.")
