"""The claim: whether enough approvals count at this moment; the only door to any effect."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.domain.approval import closed, expire, is_overdue, refuse
from bot.domain.errors import Refusal
from bot.domain.plan import Plan
from bot.domain.rollback import Rollback, State, Unread


def claim(
    rollback: Rollback,
    *,
    at: datetime,
    rules_digest: str,
    asker: str | None,
    eligible: Collection[str],
    recorded: Collection[tuple[str, str]],
    unclear: Collection[Unread] = (),
    gone: Collection[str] = (),
) -> Rollback:
    """Commit to start, if enough approvals count right now; the only door to any effect.

    ``asker`` owns the account that asked, None if nobody does any more. ``eligible`` are the people
    who may approve at this moment, ``unclear`` those about whom the directory says nothing,
    ``gone`` those who left, ``recorded`` the (person, digest) pairs found in the verified audit
    chain. Approvals that no longer count are dropped for good; unclear ones only keep it waiting.
    """
    if rollback.state is not State.QUORUM or rollback.plan is None:
        closed(rollback)
    if rollback.start_at is None or at < rollback.start_at:
        refuse(rollback, Refusal.NOT_APPROVED, "The start delay is not over yet.")
    if is_overdue(rollback, at):
        return expire(rollback, at=at)
    if rules_digest != rollback.rules_digest:
        because = "the rules of this target changed since it was asked for"
        return rollback.end(State.STALE, at=at, because=because)
    if asker != rollback.requester or asker in gone:
        return _without_requester(rollback, asker, at)
    valid = _valid(rollback, rollback.plan, recorded)
    return _counted(rollback, valid, set(eligible), unclear, at)


def _without_requester(rollback: Rollback, asker: str | None, at: datetime) -> Rollback:
    """End it: a request is carried out for the person who asked, as long as they may ask."""
    if asker == rollback.requester:
        because = "whoever asked is no member any more"
        return rollback.end(State.CANCELLED, at=at, because=because)
    if asker is None:
        because = "the account that asked is in the people map no more"
        return rollback.end(State.CANCELLED, at=at, because=because)
    because = "the account that asked belongs to another person in the people map now"
    return rollback.end(State.STALE, at=at, because=because)


def _counted(
    rollback: Rollback,
    valid: set[str],
    eligible: set[str],
    unclear: Collection[Unread],
    at: datetime,
) -> Rollback:
    """Start on enough approvals, wait while there may be enough, or drop those that are void."""
    needed = max(1, rollback.policy.others_needed)  # nothing starts on nobody's approval
    counting = valid & eligible
    perhaps = counting | (valid & {one.person for one in unclear})
    if len(perhaps) < needed:
        return _void(rollback, perhaps, at)
    awaited = perhaps - counting if len(counting) < needed else set[str]()
    if rollback.policy.requester_counts:  # asking is one of the signatures, and checked like them
        awaited.add(rollback.requester)
    unread = [one for one in unclear if one.person in awaited]
    if unread:
        return replace(rollback, unread=tuple(dict.fromkeys(unread)))
    claimed = rollback.to(State.CLAIMED)
    return replace(claimed, claimed_at=at, token=rollback.token + 1, unread=())


def _void(rollback: Rollback, kept: Collection[str], at: datetime) -> Rollback:
    void = tuple(
        replace(a, withdrawn_at=at) if a.stands and a.person not in kept else a
        for a in rollback.approvals
    )
    return replace(rollback.to(State.PENDING), approvals=void, quorum_at=None, unread=())


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
