"""The claim: the one committed decision to start, taken when the start delay is over."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain import claim as rule
from bot.domain.event import Event, Happening
from bot.domain.people import Account
from bot.domain.rollback import Rollback, State
from bot.engine.announce import revise
from bot.engine.change import commit, commit_end
from bot.engine.core import Engine, log
from bot.engine.execute import start
from bot.engine.present import Found, accounts, look_up, present
from bot.engine.signed import believer
from bot.faultpoints import FaultPoint, reached
from bot.ports import Rank, Transaction


def start_when_due(engine: Engine, rollback: Rollback) -> None:
    """Claim it right away if there is no delay to wait for; otherwise the sweeper will."""
    if rollback.state is State.QUORUM and not rollback.policy.start_delay and engine.executes:
        engine.spawn(f"claim {rollback.id}", lambda: claim(engine, rollback.id))


async def claim(engine: Engine, rollback_id: str) -> None:
    """Check every approval once more, commit the claim, and start its execution.

    A directory that is away takes its time to say so, and nobody waits for that meanwhile.
    """
    with engine.foreground.working():
        rollback, used, now = await engine.store.read(lambda tx: _look(tx, engine, rollback_id))
    if rollback.state is not State.QUORUM:
        return
    if not engine.patience.is_over(rollback_id, rollback.version, now):
        return
    found = await look_up(engine, used)
    reached(FaultPoint.CLAIM_CHECKING)
    with engine.foreground.working():
        claimed = await engine.store.write(lambda tx: _claim(tx, engine, rollback_id, found))
        reached(FaultPoint.CLAIM_RECORDED)
    if claimed is not None and claimed.state is State.CLAIMED:
        start(engine, claimed)


def _look(
    tx: Transaction, engine: Engine, rollback_id: str
) -> tuple[Rollback, Collection[Account], datetime]:
    """Return it with the accounts that have to be looked up."""
    rollback, events = tx.load(rollback_id), tx.events(rollback_id)
    return rollback, accounts(events, believer(tx, engine, rollback)), tx.now


def _claim(tx: Transaction, engine: Engine, rollback_id: str, found: Found) -> Rollback | None:
    """Return what it became; None if somebody else decided meanwhile."""
    rollback = tx.load(rollback_id)
    if rollback.state is not State.QUORUM:
        return None
    events, believes = tx.proven_events(rollback_id), believer(tx, engine, rollback)
    if not accounts(events, believes) <= found.keys():
        return None  # somebody approved by one more account meanwhile: it is looked at again
    who = present(engine, rollback, events, believes, found)
    changed = rule.claim(
        rollback,
        at=tx.now,
        rules_digest=_rules(engine, rollback),
        asker=who.asker,
        eligible=who.eligible,
        recorded=who.recorded,
        unclear=who.unclear,
        gone=who.gone,
    )
    if changed.state is State.QUORUM:
        _wait(tx, engine, rollback, changed, events)
        return changed
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


def _wait(
    tx: Transaction, engine: Engine, before: Rollback, after: Rollback, events: Sequence[Event]
) -> None:
    """Say once whose directory it waits for; the card says for whose it does now."""
    delays = [event for event in events if event.kind is Happening.DELAYED]
    said = {pair for event in delays for pair in event.details.get("waits_for", "").split()}
    pairs = [f"{one.person}:{one.platform}" for one in after.unread]
    new = [pair for pair in pairs if pair not in said]
    is_changed = after.unread != before.unread
    log.warning("%s waits: the directory does not say who its people are", after.id)
    now, deadline = tx.now, after.claim_by
    engine.patience.wait(after.id, before.version + is_changed, now, at_most=deadline)
    if new:
        commit(tx, engine.people, after, Happening.DELAYED, details={"waits_for": " ".join(new)})
    elif is_changed:
        tx.save(after)
        revise(tx, engine.people, after, Rank.DECISION)


def _rules(engine: Engine, rollback: Rollback) -> str:
    """Return the fingerprint of the rules that hold now, if the request still has them as its own.

    The request's own copy says how many and who; whoever edits it in the database changes nothing.
    """
    target = engine.target(name=rollback.target, environment=rollback.environment)
    if target is None:
        return ""
    is_same = (target.policy, target.approvers) == (rollback.policy, rollback.approvers)
    return target.rules_digest if is_same else ""
