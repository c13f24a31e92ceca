"""The audit chain as a part of each transaction: one entry for everything that happened."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, exists, func, insert, select, update

from bot.domain.event import Event, Happening
from bot.storage.chain import ChainReport, Entry, Head, verify
from bot.storage.errors import Unusable
from bot.storage.part import Keeper, Part, Stretch
from bot.storage.tables import audit, audit_head, rollbacks

_ENTRIES: Final = select(*(audit.c[name] for name in Entry._fields)).order_by(audit.c.sequence)
_MINE: Final = _ENTRIES.where(audit.c.rollback_id == bindparam("rollback_id"))
_FIRST: Final = select(func.min(audit.c.sequence)).where(
    audit.c.rollback_id == bindparam("rollback_id")
)
_SEALS: Final = (
    select(audit.c.sequence, audit.c.rollback_id, audit.c.mac)
    .where(audit.c.sequence >= bindparam("first"))
    .order_by(audit.c.sequence)
)
_SINCE: Final = _ENTRIES.where(audit.c.sequence >= bindparam("first"))
_NOBODYS: Final = _ENTRIES.where(audit.c.rollback_id.is_(None))
_APPEND: Final = insert(audit)
_HEAD: Final = select(*(audit_head.c[field.name] for field in fields(Head)))
_HEAD_LOCKED: Final = _HEAD.with_for_update()
_MOVE_HEAD: Final = update(audit_head).where(audit_head.c.sequence == bindparam("seen_sequence"))
_AT_ONCE: Final = 1000


class AuditPart(Part):
    """Appends to the chain and reads timelines from it."""

    def record(self, event: Event) -> Event:
        """Append to the audit chain and return the event with its sequence."""
        values: dict[str, Any] = {
            "sequence": self.head.sequence + 1,
            "at": event.at,
            "kind": event.kind,
            "rollback_id": event.rollback_id,
            "person": event.person,
            "account": event.account,
            "details": json.dumps(dict(event.details), sort_keys=True),
            "previous": self.head.mac,
        }
        mac = Entry(**values).sealed_with(self._keeper.key)
        self._change(_APPEND, values | {"mac": mac})
        self.head = Head(sequence=self.head.sequence + 1, mac=mac, at=self.now)
        self._keeper.seals[self.head.sequence] = (event.rollback_id, mac)
        return replace(event, sequence=self.head.sequence)

    def events(self, rollback_id: str | None) -> tuple[Event, ...]:
        """Return the timeline; only entries whose place in the chain verifies."""
        if rollback_id is None:
            rows = self._connection.execute(_NOBODYS)
        else:
            rows = self._connection.execute(_MINE, {"rollback_id": rollback_id})
        return tuple(self._verified(map(Entry._make, rows)))

    def proven_events(self, rollback_id: str) -> tuple[Event, ...]:
        """Return the timeline, if nothing is missing between its first entry and the chain's end.

        An entry that was taken out leaves a gap, and whatever is put there has no seal: every seal
        holds its entry's number.
        """
        first = self._connection.scalar(_FIRST, {"rollback_id": rollback_id})
        if first is None:
            return ()
        mine = self._count_if_whole(first, rollback_id)
        if mine is None:
            sentence = f"The audit chain is broken behind entry {first}: {rollback_id} is not run."
            self._keeper.complain(f"chain of {rollback_id}", sentence)
            return ()
        events = self.events(rollback_id)  # whose own words are verified each time, cache or not
        return events if len(events) == mine else ()

    def _count_if_whole(self, first: int, rollback_id: str) -> int | None:
        """Return how many entries of this rollback the chain has from here on; None: it is broken.

        A thousand that start together ask for nearly the same: what was there when this piece of
        work began is read once in a transaction. What came since is read each time, because it may
        be undone.
        """
        known = self._keeper.stretch
        if known.connection is not self._connection or first < known.first:
            known = Stretch(self._connection, first, last=first - 1)
        rows = self._connection.execute(_SEALS, {"first": known.last + 1}).all()
        numbers = [number for number, _, _ in rows]
        seals = [(whose, mac) for _, whose, mac in rows]
        if numbers != [*range(known.last + 1, self.head.sequence + 1)]:
            return None
        seen = map(self._keeper.seals.get, numbers)
        new = next((n for n, at, was in zip(numbers, seals, seen, strict=True) if at != was), None)
        if new is not None and not self._are_sealed(new):
            return None
        owners = [whose for whose, _ in seals]
        stays = max(0, self._began_at - known.last)
        if stays and self._is_write:
            counts = Counter(known.counts)
            counts.update(owners[:stays])
            known = replace(known, last=known.last + stays, counts=counts)
            owners = owners[stays:]
            self._keeper.stretch = known
        return known.counts.get(rollback_id, 0) + owners.count(rollback_id)

    def _are_sealed(self, first: int) -> bool:
        """Tell whether each seal from here on is right; they are not computed again."""
        for row in self._connection.execute(_SINCE, {"first": first}):
            entry = Entry._make(row)
            if not entry.verifies(self._keeper.key):
                return False
            self._keeper.seals[entry.sequence] = (entry.rollback_id, entry.mac)
        return True

    def _verified(self, entries: Iterator[Entry]) -> Iterator[Event]:
        for entry in entries:
            if not entry.verifies(self._keeper.key):
                sentence = f"Audit entry {entry.sequence} is not as it was written: ignored."
                self._keeper.complain(f"entry {entry.sequence}", sentence)
                continue
            yield Event(
                kind=Happening(entry.kind),
                at=entry.at,
                rollback_id=entry.rollback_id,
                person=entry.person,
                account=entry.account,
                details=json.loads(entry.details),
                sequence=entry.sequence,
            )


def lock_head(connection: Connection, key: bytes) -> Head:
    """Return the end of the chain for whoever wants to append to it, if it is ours.

    On PostgreSQL the lock also makes all writers take turns, so that no two can deadlock.
    """
    head = read_head(connection, _HEAD_LOCKED)
    if not head.verifies(key):
        raise Unusable(
            "The head of the audit chain was not written with this audit key. Nothing was "
            "recorded. Start with the right key, or restore a backup."
        )
    return head


def read_head(connection: Connection, query: Select[Any] = _HEAD) -> Head:
    """Return the end of the chain as it is stored."""
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Unusable("The head of the audit chain is missing. Nothing was changed.")
    return Head(*row)


def move_head(connection: Connection, *, before: Head, after: Head, key: bytes) -> None:
    """Move the head to the last entry; nobody else can have moved it."""
    if after.sequence == before.sequence:
        return
    sealed = asdict(replace(after, seal=after.sealed_with(key)))
    moved = connection.execute(_MOVE_HEAD, sealed | {"seen_sequence": before.sequence})
    if moved.rowcount != 1:
        raise Unusable("The head of the audit chain moved by itself. Nothing was recorded.")


def begin_chain(connection: Connection, keeper: Keeper) -> None:
    """Make the head of a new chain; a database with anything in it keeps the head it has."""
    has_content = exists(select(rollbacks.c.id)) | exists(select(audit.c.sequence))
    if connection.scalar(select(has_content | exists(select(audit_head.c.id)))):
        return
    head = Head(sequence=0, mac="", at=keeper.now())
    sealed = replace(head, seal=head.sealed_with(keeper.key))
    connection.execute(insert(audit_head).values(id=1, **asdict(sealed)))


def verify_chain(connection: Connection, key: bytes) -> ChainReport:
    """Look at the whole chain; entries stream through, so that its length costs no memory."""
    head = connection.execute(_HEAD).one_or_none()
    streamed = connection.execution_options(yield_per=_AT_ONCE)
    rows = streamed.execute(_ENTRIES)
    return verify(map(Entry._make, rows), Head(*head) if head else None, key)
