"""Figure 9: what a long history costs. The same database with a short audit chain and a long one.

The history is written in bulk, sealed as the store seals it, and verified by the store itself
before anything is timed. Twenty requests are open at every size.
"""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, insert, make_url, select, update

from bot.clock import SystemClock
from bot.domain.event import Event, Happening
from bot.domain.rollback import State
from bot.ports import Transaction
from bot.storage.chain import Entry, Head
from bot.storage.codec import place_rows, to_row
from bot.storage.connection import make_engine
from bot.storage.store import SqlStore
from bot.storage.tables import audit, audit_head, places, rollbacks
from tests.bench.bots import Store, database
from tests.bench.results import Samples, quantile
from tests.bot.builders import DEPLOYS, NOON, rollback

_KEY: Final = b"k" * 32
_OPEN: Final = 20
_ENTRIES_EACH: Final = 20  # of one rollback in the history
_AT_ONCE: Final = 5000
_WARM: Final = 20


async def growth(*, short: int, long: int, times: int, kept: Store) -> Samples:
    """Return p50 of reading and of appending at both lengths, in µs, and the pace of verifying."""
    found: dict[str, float] = {}
    for name, entries in (("short", short), ("long", long)):
        with (
            tempfile.TemporaryDirectory() as home,
            database(kept, f"{home}/{name}.sqlite") as url,
        ):
            async with _filled(url, entries) as store:
                found[f"{name} status"] = await _p50(times, lambda: _status(store))
                found[f"{name} append"] = await _p50(times // 2, lambda: _append(store))
                if name == "long":
                    found |= await _verified(store)
                    found["bare rows"] = _bare(make_engine(make_url(url), writes=False))
    return found


@asynccontextmanager
async def _filled(url: str, entries: int) -> AsyncGenerator[SqlStore]:
    """Open a store whose audit chain holds this many entries."""
    store = SqlStore(url, clock=SystemClock(), audit_key=_KEY)
    await store.open()
    try:
        engine = make_engine(make_url(url), writes=True)
        _fill(engine, entries)
        engine.dispose()
        report = await store.verify_chain()
        if not report.is_intact or report.sequence != entries:
            raise ValueError(f"the history is no good: {report}")
        yield store
    finally:
        await store.close()


def _fill(engine: Engine, entries: int) -> None:
    asked = [
        replace(rollback(target=f"target-{n}"), id=f"rb-open-{n}", asked_at=NOON)
        for n in range(_OPEN)
    ]
    ended = [
        replace(rollback(state=State.EXPIRED), id=_name(n), asked_at=NOON - timedelta(minutes=n))
        for n in range(entries // _ENTRIES_EACH)
    ]
    rows: list[dict[str, Any]] = []
    last = Entry(0, NOON, "", None, None, None, "", previous="")
    with engine.begin() as connection:
        everything = (*asked, *ended)
        for chunk in _chunks([to_row(one) for one in everything]):
            connection.execute(insert(rollbacks), chunk)
        for chunk in _chunks([row for one in everything for row in place_rows(one)]):
            connection.execute(insert(places), chunk)
        for last in _history(entries):
            rows.append(last._asdict())
            if len(rows) == _AT_ONCE:
                connection.execute(insert(audit), rows)
                rows.clear()
        if rows:
            connection.execute(insert(audit), rows)
        head = Head(sequence=last.sequence, mac=last.mac, at=NOON)
        sealed = asdict(replace(head, seal=head.sealed_with(_KEY)))
        connection.execute(update(audit_head).values(**sealed))


def _chunks(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]


def _history(entries: int) -> Iterator[Entry]:
    """Yield entries that look like those of rollbacks that ended long ago."""
    previous = ""
    details = json.dumps({"digest": "d" * 64})
    for sequence in range(1, entries + 1):
        entry = Entry(
            sequence=sequence,
            at=NOON,
            kind=Happening.APPROVED,
            rollback_id=_name(sequence // _ENTRIES_EACH),
            person="manager-one",
            account="slack:T00TWOKEY/U00MANAGERONE",
            details=details,
            previous=previous,
        )
        entry = entry._replace(mac=entry.sealed_with(_KEY))
        previous = entry.mac
        yield entry


def _name(number: int) -> str:
    return f"rb-old-{number}"


async def _p50(times: int, act: Callable[[], Awaitable[object]]) -> float:
    """Return the median time of doing it, in microseconds."""
    taken: list[float] = []
    for _ in range(_WARM + times):
        began = time.perf_counter()
        await act()
        taken.append(time.perf_counter() - began)
    return quantile(taken[_WARM:], 0.5) * 1e6


async def _status(store: SqlStore) -> object:
    """Read what ``/rollback status`` reads."""
    return await store.read(lambda tx: (tx.open(DEPLOYS), tx.latest(DEPLOYS, 1)))


async def _append(store: SqlStore) -> object:
    """Change one open rollback, with its entry in the chain."""

    def work(tx: Transaction) -> None:
        one = tx.load("rb-open-0")
        tx.save(replace(one, reason=f"{one.reason[:20]} again"))
        event = Event(kind=Happening.REASON_GIVEN, at=tx.now, rollback_id=one.id)
        tx.record(event)

    return await store.write(work)


async def _verified(store: SqlStore) -> Samples:
    """Verify the whole chain; return rows a second, and the megabytes that it took meanwhile."""
    _forget_peak()
    before = _peak()
    began = time.perf_counter()
    report = await store.verify_chain()
    return {
        "verify rows": report.sequence / (time.perf_counter() - began),
        "verify memory": _peak() - before,
    }


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> float:
    """Return the most memory that this process held since it was told to forget, in MB."""
    status = Path(f"/proc/{os.getpid()}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _bare(engine: Engine) -> float:
    """Return how many rows a second are read in order and chained by a plain SHA-256."""
    columns = [column.name for column in audit.c if column.name != "mac"]
    query = str(select(*(audit.c[name] for name in columns)).order_by(audit.c.sequence))
    connection = engine.raw_connection()
    name = ("bare",) if engine.dialect.name == "postgresql" else ()  # it streams what has a name
    cursor = connection.cursor(*name)
    began, count, mac = time.perf_counter(), 0, ""
    cursor.execute(query)
    while rows := cursor.fetchmany(1000):
        for row in rows:
            text = json.dumps([*map(str, row), mac])
            mac = hashlib.sha256(text.encode()).hexdigest()
            count += 1
    pace = count / (time.perf_counter() - began)
    connection.close()
    engine.dispose()
    return pace
