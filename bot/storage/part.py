"""What every part of a transaction shares: a connection, a moment, and one way to change things.

Statements are built once, at the top of each part: building one costs more than running it.
"""

import hashlib
import hmac
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Table, UpdateBase
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.rollback import Rollback
from bot.ports import Clock, Transaction
from bot.storage.chain import Head

log = logging.getLogger("twokey.storage")
_MOST_SEALS: Final = 20_000
_MARK: Final = b"Twokey store"  # what the chain seals with the same key begins with a bracket

Upsert = sqlite.Insert | postgresql.Insert


class Keeper:
    """What outlives a transaction: the key, the latest time seen, what was complained about."""

    def __init__(self, clock: Clock, key: bytes) -> None:
        """Start at the clock's time."""
        self.key = key
        self.mark = hmac.digest(key, _MARK, hashlib.sha256).hex()
        self._clock = clock
        self._seen = self._latest = clock.now()
        self._guard = threading.Lock()  # the writer and the readers all ask for the time
        self._complaints: set[str] = set()
        self.seals = _Recent()  # of entries by number: whose they are and what seals them
        self.stretch = Stretch()  # what the writer's own transaction has read of the chain

    def now(self, *marks: datetime) -> datetime:
        """Return the time, which never steps back: not in this process, not behind a mark.

        Nor does it stand still when the clock stepped back: deadlines and delays still pass.
        """
        with self._guard:
            seen = self._clock.now()
            passed = max(seen - self._seen, timedelta(0))
            self._seen = seen
            self._latest = max(self._latest + passed, seen, *marks)
            return self._latest

    def complain(self, about: str, sentence: str) -> None:
        """Log a damaged record, once: it is met again at every look."""
        if about not in self._complaints:
            self._complaints.add(about)
            log.error("%s", sentence)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of the audit chain that one transaction found whole, and how many of it are whose."""

    connection: Connection | None = None  # each transaction has its own
    first: int = 0
    last: int = 0
    counts: Mapping[str | None, int] = field(default_factory=dict[str | None, int])


class _Recent(dict[int, tuple[str | None, str]]):
    """What was seen lately, without ever growing beyond a few megabytes."""

    def __setitem__(self, key: int, value: tuple[str | None, str]) -> None:
        if len(self) >= _MOST_SEALS:
            self.clear()
        super().__setitem__(key, value)


class Part(Transaction):
    """The base of the parts that together are a transaction."""

    def __init__(
        self, connection: Connection, keeper: Keeper, head: Head, *, is_write: bool
    ) -> None:
        """Begin where the audit chain ends."""
        self.now = keeper.now(head.at)
        self.mark = keeper.mark
        self.head = head
        self._began_at = head.sequence
        self.has_written = False
        self._connection = connection
        self._keeper = keeper
        self._is_write = is_write
        self._loaded: dict[str, Rollback] = {}
        self._gathered: dict[UpdateBase, list[Mapping[str, Any]]] = {}

    def _change(self, statement: UpdateBase, *rows: Mapping[str, Any]) -> CursorResult[Any]:
        self.has_written = True
        return self._connection.execute(statement, rows[0] if len(rows) == 1 else rows)

    def _change_later(self, statement: UpdateBase, row: Mapping[str, Any]) -> None:
        """Change it with others of its kind: many rows in one go cost little more than one."""
        self.has_written = True
        self._gathered.setdefault(statement, []).append(row)

    def settle(self) -> None:
        """Change what was put off, before anybody reads it or the work ends."""
        gathered, self._gathered = self._gathered, {}
        for statement, rows in gathered.items():
            self._change(statement, *rows)


def by_dialect(table: Table, build: Callable[[Upsert], UpdateBase]) -> Mapping[str, UpdateBase]:
    """Build an insert that knows what to do on a conflict, in the words of both databases."""
    return {
        "sqlite": build(sqlite.insert(table)),
        "postgresql": build(postgresql.insert(table)),
    }
