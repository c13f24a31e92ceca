"""One of two processes that decide about the same rollbacks at the same time.

Started as ``python -m tests.bot.storage.race URL PERSON ID…``; it says ``ready``, waits for a line,
and prints what became of each decision.
"""

import asyncio
import sys
from collections import Counter
from functools import partial

from bot.domain import approval, claim
from bot.domain.errors import Refused
from bot.domain.event import Event, Happening
from bot.domain.rollback import Rollback, State
from bot.ports import Transaction
from bot.storage.store import SqlStore
from tests.bot.storage.samples import KEY, ManualClock


def decide(tx: Transaction, *, rollback_id: str, person: str) -> str:
    """Approve as this person, and claim if that was the last one needed."""
    rollback = tx.load(rollback_id)
    digest = rollback.plan.digest if rollback.plan else ""
    try:
        rollback = approval.approve(rollback, person=person, digest=digest, at=tx.now)
    except Refused as refused:
        return refused.code
    if rollback.state is State.QUORUM:
        rollback = claimed(tx, rollback, digest)
    tx.save(rollback)
    tx.record(Event(Happening.APPROVED, tx.now, rollback_id, person, details={"digest": digest}))
    return rollback.state


def claimed(tx: Transaction, rollback: Rollback, digest: str) -> Rollback:
    """Claim it at once; there is no start delay here."""
    return claim.claim(
        rollback,
        at=tx.now,
        rules_digest=rollback.rules_digest,
        asker=rollback.requester,
        eligible=rollback.approvers,
        recorded={(person, digest) for person in rollback.approvers},
    )


async def main(url: str, person: str, ids: list[str]) -> None:
    """Decide about all of them, as fast as possible."""
    store = SqlStore(url, clock=ManualClock(), audit_key=KEY)
    await store.open()
    print("ready", flush=True)  # noqa: T201 - it is how the processes start together
    await asyncio.to_thread(sys.stdin.readline)
    results = Counter[str]()
    for rollback_id in ids:
        results[await store.write(partial(decide, rollback_id=rollback_id, person=person))] += 1
    await store.close()
    print(*sorted(results.elements()))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
