"""What is told in which order: a thread keeps its own, and holds up nobody else's."""

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, Select, make_url, text

from bot.domain.target import Place
from bot.ports import Due, Kind, Posting, Rank, Reference, Transaction
from bot.storage import owed
from bot.storage.connection import make_engine
from bot.storage.store import SqlStore
from tests.bot.storage.samples import MONDAY, ManualClock, a_posting, a_rollback, adding

LATER = MONDAY + timedelta(seconds=30)
NOTICE = a_posting()
LINES = tuple(a_posting(Kind.LINE, about=n, rank=Rank(3 - n)) for n in (1, 2, 3))
OTHER = replace(NOTICE, rollback_id="rb-bbbb")


@pytest.fixture(autouse=True)
async def _two_rollbacks(any_store: SqlStore) -> None:
    """Messages are about rollbacks that exist."""
    await any_store.write(adding(a_rollback(), a_rollback("rb-bbbb", target="frontend")))


async def show(store: SqlStore, *postings: Posting) -> None:
    """Want these shown, in this order."""

    def work(tx: Transaction) -> None:
        for posting in postings:
            tx.show(posting)

    await store.write(work)


async def due(store: SqlStore, limit: int = 20) -> list[Due]:
    """Look at what is due."""
    return list(await store.read(lambda tx: tx.due_postings(limit)))


async def drained(store: SqlStore) -> list[Posting]:
    """Show everything, one after the other; return it in that order."""
    said: list[Posting] = []
    numbers = count()
    while found := await due(store, 1):
        at = Reference(found[0].posting.place, f"1700.{next(numbers)}")
        await store.write(partial(_shown, found[0], at))
        said.append(found[0].posting)
    return said


def _shown(one: Due, at: Reference, tx: Transaction) -> None:
    tx.shown(one, at)


async def test_a_thread_is_told_in_the_order_in_which_it_happened(any_store: SqlStore) -> None:
    """Whatever its rank, a new message waits for all earlier ones of its rollback and place."""
    await show(any_store, NOTICE, *LINES)

    assert [one.posting for one in await due(any_store)] == [NOTICE]
    assert await drained(any_store) == [NOTICE, *LINES]


async def test_a_thread_waits_for_its_notice(any_store: SqlStore) -> None:
    """What stands under the notice waits for the one in its own place, and no other."""
    elsewhere = replace(NOTICE, place=Place("slack", "T1", "C-other"))
    await show(any_store, NOTICE, elsewhere, LINES[0], replace(LINES[0], place=elsewhere.place))
    (_, notice) = await due(any_store)
    await any_store.write(lambda tx: tx.shown(notice, Reference(elsewhere.place, "1700.9")))

    waiting = [one.posting for one in await due(any_store)]

    assert notice.posting == elsewhere
    assert waiting == [replace(LINES[0], place=elsewhere.place), NOTICE][::-1]


async def test_what_is_tried_again_later_holds_back_its_own_thread_alone(
    any_store: SqlStore, clock: ManualClock
) -> None:
    """While a message waits for its next try, so do those behind it; other rollbacks go on."""
    await show(any_store, NOTICE, *LINES, OTHER)
    first, *_ = await due(any_store)
    await any_store.write(lambda tx: tx.postpone(first, until=LATER))

    meanwhile = [one.posting for one in await due(any_store)]
    following = await any_store.read(lambda tx: tx.next_posting_at())
    clock.time = LATER

    assert meanwhile == [OTHER]
    assert following == LATER
    assert [one for one in await drained(any_store) if one != OTHER] == [NOTICE, *LINES]


async def test_what_can_not_be_made_keeps_nobody_waiting(
    any_store: SqlStore, clock: ManualClock
) -> None:
    """A message without words lets the thread pass, and comes when there are some."""
    await show(any_store, *LINES)
    (first,) = await due(any_store)
    await any_store.write(lambda tx: tx.postpone(first, until=LATER, stuck="no words"))

    passed = await drained(any_store)
    following = await any_store.read(lambda tx: tx.next_posting_at())
    clock.time = LATER

    assert passed == [*LINES[1:]]
    assert following == LATER
    assert await drained(any_store) == [LINES[0]]


async def test_one_place_takes_one_new_message_at_a_time(any_store: SqlStore) -> None:
    """Of several threads in one channel the most urgent message is looked at, and no other."""
    urgent = replace(OTHER, rank=Rank.DECISION)
    await show(any_store, NOTICE, urgent)

    assert [one.posting for one in await due(any_store)] == [urgent]


async def test_no_workspace_hides_another(any_store: SqlStore) -> None:
    """However much one workspace is owed, as new messages or as edits, the other one is seen."""
    discord = replace(NOTICE, place=Place("discord", "1000", "2000"))
    asks = [replace(NOTICE, place=Place("slack", "T1", f"@U{n}")) for n in range(9)]
    await show(any_store, *asks[:5])
    await drained(any_store)
    urgent = [replace(one, rank=Rank.DECISION) for one in asks]
    await show(any_store, *urgent, discord)

    found = [one.posting for one in await due(any_store, 3)]

    assert found == [*urgent[:3], *urgent[5:8], discord]


async def test_a_long_backlog_is_found_by_its_index(any_store: SqlStore, url: str) -> None:
    """No look goes through the rows that wait: heads of threads and edits stand in indexes."""

    def fill(tx: Transaction) -> None:
        for about in range(500):
            tx.show(a_posting(Kind.TELL, about=about))

    await any_store.write(fill)
    engine = make_engine(make_url(url), writes=False)
    with engine.begin() as connection:
        plans = [plan(connection, one) for one in (owed.DUE, owed.NEXT)]
    engine.dispose()

    for one in plans:
        assert "to_post" in one
        assert "to_edit" in one
        assert not re.search(r"SCAN outbox$|Seq Scan on outbox", one, re.MULTILINE)


def plan(connection: Connection, query: Select[Any]) -> str:
    """Return how the database goes about it."""
    is_sqlite = connection.dialect.name == "sqlite"
    values = query.params(now=MONDAY, limit=9)
    words = values.compile(connection, compile_kwargs={"literal_binds": True})
    if not is_sqlite:
        connection.execute(text("SET enable_seqscan = off"))  # it is right about a small table
    explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
    return "\n".join(str(row[-1]) for row in connection.execute(text(f"{explain} {words}")))
