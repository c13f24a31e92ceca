"""The claim: the one committed decision to start, taken when the start delay is over."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from bot.domain import approval
from bot.domain.event import Event, Happening
from bot.domain.people import Membership
from bot.domain.rollback import Rollback, State
from bot.engine.change import commit, commit_end
from bot.engine.core import Engine, log
from bot.engine.execute import start
from bot.engine.signed import counts
from bot.faultpoints import FaultPoint, reached
from bot.ports import Transaction

_ACTS: Final = frozenset({Happening.REQUESTED, Happening.APPROVED})
_PRESENT: Final = frozenset({Membership.FULL, Membership.UNREADABLE})


def start_when_due(engine: Engine, rollback: Rollback) -> None:
    """Claim it right away if there is no delay to wait for; otherwise the sweeper will."""
    if rollback.state is State.QUORUM and not rollback.policy.start_delay and engine.executes:
        engine.spawn(f"claim {rollback.id}", lambda: claim(engine, rollback.id))


async def claim(engine: Engine, rollback_id: str) -> None:
    """Check every approval once more, commit the claim, and start its execution."""
    with engine.foreground.working():
        rollback, events = await engine.store.read(
            lambda tx: (tx.load(rollback_id), tx.events(rollback_id))
        )
        if rollback.state is not State.QUORUM:
            return
        found = await _memberships(engine, events)
        reached(FaultPoint.CLAIM_CHECKING)
        claimed = await engine.store.write(lambda tx: _claim(tx, engine, rollback_id, found))
        reached(FaultPoint.CLAIM_RECORDED)
    if claimed is not None and claimed.state is State.CLAIMED:
        start(engine, claimed)


async def _memberships(engine: Engine, events: Iterable[Event]) -> Mapping[str, Membership]:
    """Return what the directory says right now about the account that each of them used."""
    used = {e.person: e.account for e in events if e.kind in _ACTS and e.person}
    found: dict[str, Membership] = {}
    for key, name in used.items():
        for account in engine.people.named(key).accounts:
            directory = engine.directory(account)
            if str(account) == name and directory is not None:
                found[key] = await directory.membership(account)
    return found


def _claim(
    tx: Transaction, engine: Engine, rollback_id: str, found: Mapping[str, Membership]
) -> Rollback | None:
    """Return what it became; None if somebody else decided meanwhile."""
    rollback = tx.load(rollback_id)
    if rollback.state is not State.QUORUM:
        return None
    changed = approval.claim(
        rollback,
        at=tx.now,
        rules_digest=_rules(engine, rollback),
        eligible={key for key, kind in found.items() if kind is Membership.FULL},
        unclear={key for key, kind in found.items() if kind is Membership.UNREADABLE},
        gone=found.keys() - {key for key, kind in found.items() if kind in _PRESENT},
        recorded=_recorded(engine, rollback, tx.proven_events(rollback_id)),
    )
    if changed is rollback:
        log.warning("%s waits: the directory does not say who its approvers are", rollback_id)
        return rollback
    if changed.state is State.CLAIMED and changed.plan is not None:
        holder = tx.lock(changed.plan.resources, rollback_id)
        if holder is not None:
            changed = rollback.end(State.STALE, at=tx.now, because=f"{holder} holds it now")
    if changed.state.is_terminal:
        commit_end(tx, engine.people, changed)
    elif changed.plan is not None and changed.state is State.CLAIMED:
        details = {"token": str(changed.token), "digest": changed.plan.digest}
        commit(tx, engine.people, changed, Happening.CLAIMED, details=details)
        reached(FaultPoint.CLAIM_RECORDING)
    else:
        void = {vote.person for vote in rollback.standing} - {v.person for v in changed.standing}
        details = {"void": " ".join(sorted(void))}
        commit(tx, engine.people, changed, Happening.VOIDED, details=details)
    return changed


def _recorded(engine: Engine, rollback: Rollback, events: Sequence[Event]) -> set[tuple[str, str]]:
    """Return the approvals in the chain, if it also says who asked, for what, and which plan.

    A request or a plan that was edited before anybody voted would be consistent in itself.
    """
    asked = next((one for one in events if one.kind is Happening.REQUESTED), None)
    planned = [one.details.get("digest") for one in events if one.kind is Happening.PLANNED]
    if asked is None or rollback.plan is None or planned[-1:] != [rollback.plan.digest]:
        return set()
    if not counts(engine, asked, rollback):
        return set()
    said = (asked.person, asked.details.get("target"), asked.details.get("environment"))
    is_same = said == (rollback.requester, rollback.target, rollback.environment)
    return recorded(events, partial(counts, engine, rollback=rollback)) if is_same else set()


def _rules(engine: Engine, rollback: Rollback) -> str:
    """Return the fingerprint of the rules that hold now, if the request still has them as its own.

    The request's own copy says how many and who; whoever edits it in the database changes nothing.
    """
    target = engine.target(name=rollback.target, environment=rollback.environment)
    if target is None:
        return ""
    is_same = (target.policy, target.approvers) == (rollback.policy, rollback.approvers)
    return target.rules_digest if is_same else ""


def recorded(events: Iterable[Event], is_believed: Callable[[Event], bool]) -> set[tuple[str, str]]:
    """Return the (person, digest) pairs of the approvals that stand by the audit chain alone."""
    standing: dict[str, str] = {}
    for event in events:
        if event.kind is Happening.APPROVED and is_believed(event):
            standing[event.person or ""] = event.details.get("digest", "")
        elif event.kind is Happening.WITHDRAWN:
            standing.pop(event.person or "", None)
        elif event.kind is Happening.VOIDED:
            for person in event.details.get("void", "").split():
                standing.pop(person, None)
        elif event.kind in {Happening.CLAIMED, Happening.ENDED}:
            return set()  # it was used up, or ended, whatever the tables say now
    return set(standing.items())
