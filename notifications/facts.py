"""Facts that several messages state: what it is for, when it is over, who is waited for."""

from typing import Final

from bot.domain.people import People
from bot.domain.rollback import Rollback, State
from bot.message import When
from notifications.words import Inlines, cut, duration, listed

_REASON: Final = 300


def issue(rollback: Rollback) -> str:
    """Say what it is for, in the requester's words."""
    if rollback.reason:
        return cut(rollback.reason, _REASON)
    return "not said yet" if rollback.state.is_undecided else "not said"


def eta(rollback: Rollback) -> Inlines:
    """Say when it is expected to be over, or how long it took from its start."""
    if rollback.state.is_terminal:
        took = rollback.took
        return ("it never started" if took is None else f"over, after {duration(took)}",)
    seconds = rollback.plan.seconds if rollback.plan else 0
    if rollback.state is State.WAITING or not seconds:
        return ("not known",)
    if rollback.state is State.VERIFYING:
        return ("as soon as the checks hold",)
    checks = ", then the checks" if rollback.plan and rollback.plan.checks else ""
    if rollback.claimed_at is None:
        return (f"about {duration(seconds)} after approval{checks}",)
    return (f"about {duration(seconds)} from ", When(rollback.claimed_at), checks)


def awaited(rollback: Rollback, people: People) -> str:
    """Name the approvers who did not answer yet."""
    voted = {approval.person for approval in rollback.standing}
    silent = [
        people.name(key)
        for key in rollback.approvers
        if key not in voted and key != rollback.requester
    ]
    return listed(silent, most=5) or "nobody is left who could"
