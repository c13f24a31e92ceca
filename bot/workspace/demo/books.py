"""What the bot wrote down, read beside it from its own database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from bot.clock import SystemClock
from bot.domain.event import Happening
from bot.domain.rollback import Rollback
from bot.ports import Transaction
from bot.storage.store import SqlStore
from bot.workspace.demo.sides import SIDES

_PLACES: Final = tuple(side.place for side in SIDES.values())


@asynccontextmanager
async def opened(database: str, key: bytes) -> AsyncGenerator[SqlStore]:
    """Open the store of the bot as long as the block lasts."""
    store = SqlStore(database, clock=SystemClock(), audit_key=key)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def newest(store: SqlStore, known: str = "") -> Rollback | None:
    """Return the newest rollback, if there is any; ``known`` is one that no channel shows."""

    def work(tx: Transaction) -> list[Rollback]:
        found = [one for place in _PLACES for one in tx.latest(place, 1)]
        return [*found, *tx.newest_open(1), *([tx.load(known)] if known else [])]

    return max(await store.read(work), key=lambda one: one.asked_at, default=None)


async def are_closed(store: SqlStore) -> bool:
    """Tell whether nothing is open, and nothing is left to be shown to anybody."""
    return not await store.read(
        lambda tx: tx.newest_open(1) or tx.due_postings(1) or tx.next_posting_at()
    )


async def refusals(store: SqlStore, known: str = "") -> list[str]:
    """Return the code of everything that was turned down, in order."""
    rollback = await newest(store, known)
    asked = (rollback.id, None) if rollback else (None,)
    events = await store.read(lambda tx: [event for id_ in asked for event in tx.events(id_)])
    refused = [event for event in events if event.kind is Happening.REFUSED_DELIVERY]
    return [event.details["code"] for event in sorted(refused, key=lambda e: e.sequence)]
