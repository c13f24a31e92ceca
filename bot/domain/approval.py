"""The two-person rule: who may decide what, as pure functions over one rollback."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from bot.domain.errors import Refusal, Refused
from bot.domain.plan import Plan, Receipt
from bot.domain.rollback import (
    Approval,
    Outcome,
    Resolution,
    Rollback,
    State,
    StepState,
)


def approve(rollback: Rollback, *, person: str, digest: str, at: datetime) -> Rollback:
    """Count one person's yes to one exact plan, or refuse with the reason that person needs."""
    if person == rollback.requester:
        others = "another person has" if rollback.policy.others_needed == 1 else "others have"
        _refuse(
            rollback,
            Refusal.OWN_REQUEST,
            f"You asked for this rollback, so {others} to approve it. Nothing was changed.",
        )
    _check_approver(rollback, person)
    _check_open(rollback, at)
    _check_digest(rollback, digest)
    if any(approval.person == person for approval in rollback.standing):
        _refuse(
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
        _refuse(
            rollback,
            Refusal.NOT_WITHDRAWABLE,
            "There is no approval of yours to withdraw. Nothing was changed.",
        )
    taken_back = tuple(replace(a, withdrawn_at=at) if a is mine else a for a in rollback.approvals)
    changed = replace(rollback, approvals=taken_back)
    if changed.state is State.QUORUM and changed.missing > 0:
        changed = replace(changed.to(State.PENDING), quorum_at=None)
    return changed


def reject(rollback: Rollback, *, person: str, at: datetime) -> Rollback:
    """End it with one eligible person's no."""
    if person == rollback.requester:
        _refuse(
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
        _refuse(
            rollback,
            Refusal.NOT_APPROVER,
            "Only the person who rejected it can say why. Nothing was changed.",
        )
    return replace(rollback, outcome=Outcome(at=outcome.at, by=outcome.by, because=because))


def give_reason(rollback: Rollback, *, person: str, reason: str) -> Rollback:
    """Say what the rollback is for, while people still decide."""
    if person != rollback.requester:
        _refuse(
            rollback,
            Refusal.NOT_REQUESTER,
            "Only the person who asked can add the reason. Nothing was changed.",
        )
    _check_undecided(rollback)
    if rollback.reason and rollback.standing:
        _refuse(
            rollback,
            Refusal.NOT_OPEN,
            "Somebody approved it with the reason as it stands, so the reason can't change any "
            "more. Nothing was changed. Say what is new in the thread.",
        )
    return replace(rollback, reason=reason)


def cancel(rollback: Rollback, *, person: str, at: datetime) -> Rollback:
    """Take the request back: its requester or any approver, until the claim."""
    _check_concerned(rollback, person, verb="cancel")
    _check_undecided(rollback)
    return rollback.end(State.CANCELLED, at=at, by=person)


def stop(rollback: Rollback, *, person: str, at: datetime) -> Rollback:
    """Cancel before the claim; afterwards let no further step start."""
    _check_concerned(rollback, person, verb="stop")
    if rollback.state.is_undecided:
        return rollback.end(State.CANCELLED, at=at, by=person, because="stopped in the start delay")
    if not rollback.state.is_executing or rollback.state is State.VERIFYING:
        _closed(rollback)
    if rollback.abort_by is not None:
        _refuse(
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


def settle(rollback: Rollback, *, person: str, step: str, happened: bool, at: datetime) -> Rollback:
    """Answer whether a step in doubt happened; a yes is still verified, a no is never re-sent."""
    _check_concerned(rollback, person, verb="settle")
    run = next((run for run in rollback.steps if run.name == step), None)
    if rollback.state is not State.WAITING or run is None or run.state is not StepState.IN_DOUBT:
        _closed(rollback)
    if happened:
        receipt = run.receipt or Receipt(reference="", details={"settled_by": person})
        settled = replace(run, state=StepState.RUNNING, receipt=receipt, note="said to be done")
    else:
        settled = replace(run, state=StepState.FAILED, ended_at=at, note="said not to be done")
    changed = rollback.with_run(settled)
    if any(other.state is StepState.IN_DOUBT for other in changed.steps):
        return changed
    return replace(changed.to(State.RUNNING), doubt_until=None, token=rollback.token + 1)


def resolve(rollback: Rollback, *, person: str, because: str, at: datetime) -> Rollback:
    """Say that an end that kept its locks was looked after; a second person has to confirm."""
    _check_concerned(rollback, person, verb="resolve")
    if not rollback.state.keeps_locks or rollback.resolution is not None:
        _closed(rollback)
    return replace(rollback, resolution=Resolution(by=person, because=because, at=at))


def confirm_resolution(rollback: Rollback, *, person: str) -> Rollback:
    """Confirm somebody else's resolution, which frees the locks."""
    _check_concerned(rollback, person, verb="resolve")
    resolution = rollback.resolution
    if resolution is None or resolution.confirmed_by is not None:
        _closed(rollback)
    if resolution.by == person:
        _refuse(
            rollback,
            Refusal.OWN_REQUEST,
            "You resolved it, so another person has to confirm. Nothing was changed.",
        )
    return replace(rollback, resolution=replace(resolution, confirmed_by=person))


def claim(
    rollback: Rollback,
    *,
    at: datetime,
    rules_digest: str,
    eligible: Collection[str],
    recorded: Collection[tuple[str, str]],
    unclear: Collection[str] = (),
    gone: Collection[str] = (),
) -> Rollback:
    """Commit to start, if enough approvals count right now; the only door to any effect.

    ``eligible`` are the people who may approve at this moment, ``unclear`` those about whom the
    directory says nothing, ``gone`` those who left, ``recorded`` the (person, digest) pairs found
    in the verified audit chain. Approvals that no longer count are dropped for good; unclear ones
    only keep it waiting.
    """
    if rollback.state is not State.QUORUM or rollback.plan is None:
        _closed(rollback)
    if rollback.start_at is None or at < rollback.start_at:
        _refuse(rollback, Refusal.NOT_APPROVED, "The start delay is not over yet.")
    if is_overdue(rollback, at):
        return expire(rollback, at=at)
    if rules_digest != rollback.rules_digest:
        return rollback.end(
            State.STALE, at=at, because="the rules of this target changed since it was asked for"
        )
    if rollback.requester in gone:
        return rollback.end(State.CANCELLED, at=at, because="whoever asked is no member any more")
    needed = max(1, rollback.policy.others_needed)  # nothing starts on nobody's approval
    valid = _valid(rollback, rollback.plan, recorded)
    counting = valid & set(eligible)
    perhaps = counting | (valid & set(unclear))
    if len(counting) < needed <= len(perhaps):
        return rollback
    if len(counting) < needed:
        void = tuple(
            replace(a, withdrawn_at=at) if a.stands and a.person not in perhaps else a
            for a in rollback.approvals
        )
        return replace(rollback.to(State.PENDING), approvals=void, quorum_at=None)
    return replace(rollback.to(State.CLAIMED), claimed_at=at, token=rollback.token + 1)


def _valid(rollback: Rollback, plan: Plan, recorded: Collection[tuple[str, str]]) -> set[str]:
    """Return who approved exactly this plan of exactly this request, as far as paper goes."""
    meant = (plan.rollback_id, plan.target, plan.environment, plan.requester, plan.rules_digest)
    asked = (rollback.id, rollback.target, rollback.environment, rollback.requester)
    if meant != (*asked, rollback.rules_digest):
        return set()
    digest = plan.digest
    return {
        approval.person
        for approval in rollback.standing
        if approval.digest == digest
        and approval.person in rollback.approvers
        and approval.person != rollback.requester
        and (approval.person, digest) in recorded
    }


def _check_approver(rollback: Rollback, person: str) -> None:
    if person not in rollback.approvers:
        _refuse(
            rollback,
            Refusal.NOT_APPROVER,
            f"You are not an approver for {rollback.target}. Nothing was changed. "
            "The last line of the card names those who are.",
        )


def _check_concerned(rollback: Rollback, person: str, *, verb: str) -> None:
    if person != rollback.requester and person not in rollback.approvers:
        _refuse(
            rollback,
            Refusal.NOT_REQUESTER,
            f"Only the person who asked or an approver can {verb} this. Nothing was changed.",
        )


def _check_undecided(rollback: Rollback) -> None:
    if not rollback.state.is_undecided:
        _closed(rollback)


def _check_open(rollback: Rollback, at: datetime) -> None:
    if rollback.state not in {State.PENDING, State.QUORUM} or is_overdue(rollback, at):
        _closed(rollback)


def _check_digest(rollback: Rollback, digest: str) -> None:
    if rollback.plan is None or digest != rollback.plan.digest:
        _refuse(
            rollback,
            Refusal.STALE_PLAN,
            "This button belongs to an older plan. Nothing was changed. "
            "The current plan is in the thread.",
        )


def _closed(rollback: Rollback) -> NoReturn:
    ended = {
        State.PLANNING: "is still being planned",
        State.PENDING: "has run out of time",
        State.CLAIMED: "has started already",
        State.RUNNING: "is running already",
        State.WAITING: "is waiting for an answer in the thread",
        State.VERIFYING: "is being verified already",
        State.NEEDS_HUMAN: "ended and needs a person",
    }.get(rollback.state, f"has ended already: {rollback.state}")
    _refuse(rollback, Refusal.NOT_OPEN, f"{rollback.id} {ended}. Your click changed nothing.")


def _refuse(rollback: Rollback, code: Refusal, sentence: str) -> NoReturn:
    raise Refused(code, sentence, rollback_id=rollback.id)
