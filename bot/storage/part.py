"""What every part of a transaction shares: a connection, a moment, and one way to change things.

Statements are built once, at the top of each part: building one costs more than running it.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, Table, UpdateBase
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.rollback import Rollback
from bot.ports import Clock, Transaction
from bot.storage.chain import Head

log = logging.getLogger("twokey.storage")

Upsert = sqlite.Insert | postgresql.Insert


@dataclass(frozen=True)
class Keeper:
    """What outlives a transaction: the key, the highest time seen, what was complained about."""

    clock: Clock
    key: bytes
    _latest: list[datetime] = field(default_factory=list[datetime])
    _complaints: set[str] = field(default_factory=set[str])
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def now(self, mark: datetime) -> datetime:
        """Return the time, which never steps back: not in this process, not behind the mark."""
        with self._guard:
            self._latest[:] = [max(self.clock.now(), mark, *self._latest)]
            return self._latest[0]

    def complain(self, about: str, sentence: str) -> None:
        """Log a damaged record, once: it is met again at every look."""
        if about not in self._complaints:
            self._complaints.add(about)
            log.error("%s", sentence)


class Part(Transaction):
    """The base of the parts that together are a transaction."""

    def __init__(
        self, connection: Connection, keeper: Keeper, head: Head, *, is_write: bool
    ) -> None:
        """Begin where the audit chain ends."""
        self.now = keeper.now(head.at)
        self.head = head
        self.has_written = False
        self._connection = connection
        self._keeper = keeper
        self._is_write = is_write
        self._loaded: dict[str, Rollback] = {}

    def _change(self, statement: UpdateBase, *rows: Mapping[str, Any]) -> CursorResult[Any]:
        self.has_written = True
        return self._connection.execute(statement, rows[0] if len(rows) == 1 else rows)


def by_dialect(table: Table, build: Callable[[Upsert], UpdateBase]) -> Mapping[str, UpdateBase]:
    """Build an insert that knows what to do on a conflict, in the words of both databases."""
    return {
        "sqlite": build(sqlite.insert(table)),
        "postgresql": build(postgresql.insert(table)),
    }
