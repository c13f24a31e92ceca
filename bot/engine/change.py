"""The one way to change a rollback: save it, write down what happened, say it to people."""

from collections.abc import Mapping

from bot.domain.event import Event, Happening
from bot.domain.people import People
from bot.domain.rollback import Rollback
from bot.engine.announce import announce
from bot.ports import Transaction


def commit(
    tx: Transaction,
    people: People,
    rollback: Rollback,
    kind: Happening,
    *,
    person: str | None = None,
    account: str | None = None,
    details: Mapping[str, str] | None = None,
) -> None:
    """Save a changed rollback with its audit entry and its outbox rows, all in one transaction."""
    tx.save(rollback)
    event = tx.record(
        Event(
            kind=kind,
            at=tx.now,
            rollback_id=rollback.id,
            person=person,
            account=account,
            details=details or {},
        )
    )
    announce(tx, people, rollback, event)


def commit_end(
    tx: Transaction,
    people: People,
    rollback: Rollback,
    *,
    person: str | None = None,
    account: str | None = None,
) -> None:
    """Save a rollback that just ended; its locks are freed unless somebody has to look first."""
    if not rollback.state.keeps_locks:
        tx.unlock(rollback.id)
    because = rollback.outcome.because if rollback.outcome else ""
    details = {"state": str(rollback.state), "because": because}
    commit(tx, people, rollback, Happening.ENDED, person=person, account=account, details=details)
