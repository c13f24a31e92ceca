"""The two-person rule: who may decide what, as pure functions over one rollback.

``askers`` are the people who own the account that asked, whatever the rollback calls them: whoever
maps accounts to people may have found out meanwhile that two people are one.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from bot.domain.errors import Refusal, Refused
from bot.domain.rollback import (
    Approval,
    Outcome,
    Rollback,
    State,
    Unread,
)


def approve(
    rollback: Rollback,
    *,
    person: str,
    digest: str,
    at: datetime,
    askers: Collection[str] = (),
    is_new_account: bool = False,
) -> Rollback:
    """Count one person's yes to one exact plan, or refuse with the reason that person needs.

    The same yes from another account of theirs (``is_new_account``) is no second one: it can be
    believed by that account, too.
    """
    if _has_asked(rollback, person, askers):
        others = "another person has" if rollback.policy.others_needed == 1 else "others have"
        refuse(
            rollback,
            Refusal.OWN_REQUEST,
            f"You asked for this rollback, so {others} to approve it. Nothing was changed.",
        )
    _check_approver(rollback, person)
    _check_open(rollback, at)
    _check_digest(rollback, digest)
    standing = next((vote for vote in rollback.standing if vote.person == person), None)
    if standing is not None and is_new_account and standing.digest == digest:
        return replace(rollback, unread=_unread_without(rollback, person))
    if standing is not None:
        refuse(
            rollback,
            Refusal.ALREADY_APPROVED,
            f"Your approval is already recorded ({rollback.given} of {rollback.policy.approvals}). "
            "It counts once.",
        )
    yes = Approval(person=person, digest=digest, at=at)
    approved = replace(rollback, approvals=(*rollback.approvals, yes))
    if approved.state is State.PENDING and approved.missing == 0:
        approved = replace(approved.to(State.QUORUM), quorum_at=at)
    return approved


def withdraw(rollback: Rollback, *, person: str, at: datetime) -> Rollback:
    """Take one's own approval back while nothing was claimed."""
    _check_open(rollback, at)
    mine = next((a for a in rollback.standing if a.person == person), None)
    if mine is None:
        refuse(
            rollback,
            Refusal.NOT_WITHDRAWABLE,
            "There is no approval of yours to withdraw. Nothing was changed.",
        )
    taken_back = tuple(replace(a, withdrawn_at=at) if a is mine else a for a in rollback.approvals)
    unread = _unread_without(rollback, person)
    changed = replace(rollback, approvals=taken_back, unread=unread)
    if changed.state is State.QUORUM and changed.missing > 0:
        changed = replace(changed.to(State.PENDING), quorum_at=None, unread=())
    return changed


def reject(
    rollback: Rollback, *, person: str, at: datetime, askers: Collection[str] = ()
) -> Rollback:
    """End it with one eligible person's no."""
    if _has_asked(rollback, person, askers):
        refuse(
            rollback,
            Refusal.OWN_REQUEST,
            "You asked for this rollback; to take it back, press Cancel. Nothing was changed.",
        )
    _check_approver(rollback, person)
    _check_undecided(rollback)
    return rollback.end(State.REJECTED, at=at, by=person)


def explain(rollback: Rollback, *, person: str, because: str) -> Rollback:
    """Add the words behind a rejection; the state stays as it is."""
    outcome = rollback.outcome
    if outcome is None or outcome.by != person or rollback.state is not State.REJECTED:
        refuse(
            rollback,
            Refusal.NOT_APPROVER,
            "Only the person who rejected it can say why. Nothing was changed.",
        )
    return replace(rollback, outcome=Outcome(at=outcome.at, by=outcome.by, because=because))


def give_reason(
    rollback: Rollback, *, person: str, reason: str, askers: Collection[str] = ()
) -> Rollback:
    """Say what the rollback is for, while people still decide."""
    if not _has_asked(rollback, person, askers):
        refuse(
            rollback,
            Refusal.NOT_REQUESTER,
            "Only the person who asked can add the reason. Nothing was changed.",
        )
    _check_undecided(rollback)
    if rollback.reason and rollback.standing:
        refuse(
            rollback,
            Refusal.NOT_OPEN,
            "Somebody approved it with the reason as it stands, so the reason can't change any "
            "more. Nothing was changed. Say what is new in the thread.",
        )
    return replace(rollback, reason=reason)


def cancel(
    rollback: Rollback, *, person: str, at: datetime, askers: Collection[str] = ()
) -> Rollback:
    """Take the request back: its requester or any approver, until the claim."""
    check_concerned(rollback, person, askers, verb="cancel")
    _check_undecided(rollback)
    return rollback.end(State.CANCELLED, at=at, by=person)


def stop(
    rollback: Rollback, *, person: str, at: datetime, askers: Collection[str] = ()
) -> Rollback:
    """Cancel before the claim; afterwards let no further step start."""
    check_concerned(rollback, person, askers, verb="stop")
    if rollback.state.is_undecided:
        return rollback.end(State.CANCELLED, at=at, by=person, because="stopped in the start delay")
    if not rollback.state.is_executing or rollback.state is State.VERIFYING:
        closed(rollback)
    if rollback.abort_by is not None:
        refuse(
            rollback,
            Refusal.DUPLICATE,
            "It is being stopped already: no further step starts. The thread says what was done.",
        )
    return replace(rollback, abort_by=person)


def expire(rollback: Rollback, *, at: datetime) -> Rollback:
    """End a request whose deadline passed."""
    got = f"{rollback.given} of {rollback.policy.approvals} approvals"
    return rollback.end(State.EXPIRED, at=at, because=got)


def is_overdue(rollback: Rollback, at: datetime) -> bool:
    """Tell whether the deadline of the current state has passed."""
    match rollback.state:
        case State.PLANNING:
            return at >= rollback.asked_at + rollback.policy.approve_ttl
        case State.PENDING:
            return rollback.approve_by is not None and at >= rollback.approve_by
        case State.QUORUM | State.CLAIMED:
            return rollback.claim_by is not None and at >= rollback.claim_by
        case _:
            return False


def _unread_without(rollback: Rollback, person: str) -> tuple[Unread, ...]:
    return tuple(one for one in rollback.unread if one.person != person)


def _has_asked(rollback: Rollback, person: str, askers: Collection[str]) -> bool:
    return person == rollback.requester or person in askers


def _check_approver(rollback: Rollback, person: str) -> None:
    if person not in rollback.approvers:
        refuse(
            rollback,
            Refusal.NOT_APPROVER,
            f"You are not an approver for {rollback.target}. Nothing was changed. "
            "The last line of the card names those who are.",
        )


def check_concerned(rollback: Rollback, person: str, askers: Collection[str], *, verb: str) -> None:
    """Refuse everybody but whoever asked and the approvers."""
    if not _has_asked(rollback, person, askers) and person not in rollback.approvers:
        refuse(
            rollback,
            Refusal.NOT_REQUESTER,
            f"Only the person who asked or an approver can {verb} this. Nothing was changed.",
        )


def _check_undecided(rollback: Rollback) -> None:
    if not rollback.state.is_undecided:
        closed(rollback)


def _check_open(rollback: Rollback, at: datetime) -> None:
    if rollback.state not in {State.PENDING, State.QUORUM} or is_overdue(rollback, at):
        closed(rollback)


def _check_digest(rollback: Rollback, digest: str) -> None:
    if rollback.plan is None or digest != rollback.plan.digest:
        refuse(
            rollback,
            Refusal.STALE_PLAN,
            "This button belongs to an older plan. Nothing was changed. "
            "The current plan is in the thread.",
        )


def closed(rollback: Rollback) -> NoReturn:
    """Refuse what comes too early or too late, and say where the rollback is."""
    ended = {
        State.PLANNING: "is still being planned",
        State.PENDING: "has run out of time",
        State.CLAIMED: "has started already",
        State.RUNNING: "is running already",
        State.WAITING: "is waiting for an answer in the thread",
        State.VERIFYING: "is being verified already",
        State.NEEDS_HUMAN: "ended and needs a person",
    }.get(rollback.state, f"has ended already: {rollback.state}")
    refuse(rollback, Refusal.NOT_OPEN, f"{rollback.id} {ended}. Your click changed nothing.")


def refuse(rollback: Rollback, code: Refusal, sentence: str) -> NoReturn:
    """Refuse, and point to the rollback that it is about."""
    raise Refused(code, sentence, rollback_id=rollback.id)
