"""What the bot wrote down, read beside it from its own database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.clock import SystemClock
from bot.domain.event import Happening
from bot.domain.rollback import Rollback
from bot.storage.chain import load_or_create_key
from bot.storage.store import SqlStore


@dataclass(frozen=True)
class Books:
    """The bot's store."""

    store: SqlStore

    @classmethod
    @asynccontextmanager
    async def of(cls, folder: Path) -> AsyncGenerator[Self]:
        """Read what the bot in this folder writes as long as the block lasts."""
        key = load_or_create_key(folder / "twokey.db.key")
        store = SqlStore(f"sqlite:///{folder}/twokey.db", clock=SystemClock(), audit_key=key)
        await store.open()
        try:
            yield cls(store)
        finally:
            await store.close()

    async def rollback(self) -> Rollback | None:
        """Return the newest rollback, if there is any."""
        newest = await self.store.read(lambda tx: tx.latest(1))
        return newest[0] if newest else None

    async def are_closed(self) -> bool:
        """Tell whether it ended, and nothing is left to be shown to anybody."""
        rollback = await self.rollback()
        if rollback is None or not rollback.state.is_terminal:
            return False
        return not await self.store.read(lambda tx: tx.due_postings(1) or tx.next_posting_at())

    async def refusals(self) -> list[str]:
        """Return the code of everything that was turned down, in order."""
        rollback = await self.rollback()
        known = (rollback.id, None) if rollback else (None,)
        events = await self.store.read(lambda tx: [e for id_ in known for e in tx.events(id_)])
        refused = [event for event in events if event.kind is Happening.REFUSED_DELIVERY]
        return [event.details["code"] for event in sorted(refused, key=lambda e: e.sequence)]
