"""The claim: the one committed decision to start, taken when the start delay is over."""

from bot.domain import approval
from bot.domain.event import Happening
from bot.domain.people import Membership
from bot.domain.rollback import Rollback, State
from bot.engine.change import commit, commit_end
from bot.engine.core import Engine
from bot.engine.execute import start
from bot.ports import Transaction


def start_when_due(engine: Engine, rollback: Rollback) -> None:
    """Claim it right away if there is no delay to wait for; otherwise the sweeper will."""
    if rollback.state is State.QUORUM and not rollback.policy.start_delay:
        engine.spawn(f"claim {rollback.id}", lambda: claim(engine, rollback.id))


async def claim(engine: Engine, rollback_id: str) -> None:
    """Check every approval once more, commit the claim, and start its execution."""
    rollback = await engine.store.read(lambda tx: tx.load(rollback_id))
    if rollback.state is not State.QUORUM:
        return
    eligible = await _eligible(engine, rollback)
    claimed = await engine.store.write(lambda tx: _claim(tx, engine, rollback_id, eligible))
    if claimed.state is State.CLAIMED and engine.tools is not None:
        start(engine, claimed)


async def _eligible(engine: Engine, rollback: Rollback) -> frozenset[str]:
    """Return the approvers whom the directory calls full members right now."""
    found: set[str] = set()
    for vote in rollback.standing:
        for account in engine.people.named(vote.person).accounts:
            directory = engine.directory(account)
            if directory is None:
                continue
            if await directory.membership(account) is Membership.FULL:
                found.add(vote.person)
                break
    return frozenset(found)


def _claim(tx: Transaction, engine: Engine, rollback_id: str, eligible: frozenset[str]) -> Rollback:
    rollback = tx.load(rollback_id)
    if rollback.state is not State.QUORUM:
        return rollback
    target = engine.target(name=rollback.target, environment=rollback.environment)
    recorded = {
        (event.person or "", event.details.get("digest", ""))
        for event in tx.events(rollback_id)
        if event.kind is Happening.APPROVED
    }
    changed = approval.claim(
        rollback,
        at=tx.now,
        rules_digest=target.rules_digest if target else "",
        eligible=eligible,
        recorded=recorded,
    )
    if changed.state is State.CLAIMED and changed.plan is not None:
        holder = tx.lock(changed.plan.resources, rollback_id)
        if holder is not None:
            changed = rollback.end(State.STALE, at=tx.now, because=f"{holder} holds it now")
    if changed.state.is_terminal:
        commit_end(tx, engine.people, changed)
    elif changed.state is State.CLAIMED:
        details = {"token": str(changed.token), "digest": rollback.standing[0].digest}
        commit(tx, engine.people, changed, Happening.CLAIMED, details=details)
    else:
        commit(tx, engine.people, changed, Happening.VOIDED)
    return changed
