"""One writer commits in groups; a failure takes nobody along, and nobody is answered too early."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import make_url, text

from bot.domain.errors import Refusal, Refused
from bot.ports import Transaction
from bot.storage.connection import make_engine
from bot.storage.errors import NotRecorded, Unreadable, Unusable
from bot.storage.rollbacks import RollbackPart
from bot.storage.store import SqlStore
from tests.bot.storage.samples import DEPLOYS, a_rollback, adding, execute, query


class Gate:
    """Work that holds the writer until a test lets it go on, so that others queue behind it."""

    def __init__(self) -> None:
        self.is_reached = threading.Event()
        self.may_go = threading.Event()

    def __call__(self, tx: Transaction) -> None:
        self.is_reached.set()
        assert self.may_go.wait(timeout=30)


def sql(tx: Transaction, statement: str) -> None:
    """Run SQL inside a transaction."""
    assert isinstance(tx, RollbackPart)
    tx._connection.execute(text(statement))  # pyright: ignore[reportPrivateUsage]


async def in_one_group(
    store: SqlStore, *works: Callable[[Transaction], object]
) -> list[object | BaseException]:
    """Have all of these committed together, and return what each was told."""
    gate = Gate()
    first = asyncio.create_task(store.write(gate))
    await asyncio.to_thread(gate.is_reached.wait, 30)
    rest = [asyncio.create_task(store.write(work)) for work in works]
    await asyncio.sleep(0)
    gate.may_go.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


async def test_a_released_savepoint_does_not_survive_the_rollback_around_it(url: str) -> None:
    """Nothing of an inner transaction is kept if the outer one is rolled back."""
    engine = make_engine(make_url(url), writes=True)
    execute(url, "CREATE TABLE things (name TEXT)")

    with engine.connect() as connection:
        outer = connection.begin()
        inner = connection.begin_nested()
        connection.execute(text("INSERT INTO things VALUES ('kept?')"))
        inner.commit()
        outer.rollback()
    engine.dispose()

    assert query(url, "SELECT * FROM things") == []


async def test_a_failing_piece_takes_nobody_along(any_store: SqlStore) -> None:
    """Of a group that is committed together, only the failing piece of work leaves nothing."""

    def fails(tx: Transaction) -> None:
        tx.add(a_rollback("rb-bad1", target="bad"))
        raise Refused(Refusal.BUSY, "no")

    breaks = adding(a_rollback("rb-bad2"), a_rollback("rb-bad2"))
    answers = await in_one_group(
        any_store,
        adding(a_rollback("rb-one1", target="one")),
        fails,
        breaks,
        adding(a_rollback("rb-two2", target="two")),
    )

    assert [type(answer) for answer in answers] == [type(None), Refused, NotRecorded, type(None)]
    stored = {r.id for r in await any_store.read(lambda tx: tx.open(DEPLOYS))}
    assert stored == {"rb-one1", "rb-two2"}


async def test_a_failing_commit_fails_the_whole_group(store: SqlStore, sqlite_url: str) -> None:
    """If the commit itself fails, everybody in the group hears that nothing was recorded."""

    def poisons_the_commit(tx: Transaction) -> None:
        sql(tx, "PRAGMA defer_foreign_keys = ON")
        sql(tx, "INSERT INTO locks (resource, rollback_id) VALUES ('r', 'rb-none')")

    def is_refused(tx: Transaction) -> None:
        tx.load("rb-one1")
        raise Refused(Refusal.ALREADY_APPROVED, "because of what the others did")

    answers = await in_one_group(
        store, adding(a_rollback("rb-one1")), is_refused, poisons_the_commit
    )

    assert [type(answer) for answer in answers] == [NotRecorded] * 3
    assert "Nothing was recorded" in str(answers[0])
    assert query(sqlite_url, "SELECT * FROM rollbacks") == []
    await store.write(adding(a_rollback("rb-one1")))


async def test_a_full_disk_is_answered_truthfully(store: SqlStore) -> None:
    """Whoever is told yes while the disk fills up is recorded, and whoever is told no is not."""
    ids = [f"rb-{number:04}" for number in range(20)]

    def fills_the_disk(tx: Transaction) -> None:
        sql(tx, "PRAGMA max_page_count = 1")  # SQLite takes the present size for the limit

    works = [adding(replace(a_rollback(id_, target=id_), reason="why " * 2000)) for id_ in ids]
    answers = await in_one_group(store, works[0], fills_the_disk, *works[1:])
    await store.write(lambda tx: sql(tx, "PRAGMA max_page_count = 1000000"))
    await store.write(adding(a_rollback("rb-next")))

    told = [answer is None for answer in answers[:1] + answers[2:]]
    stored = {r.id for r in await store.read(lambda tx: tx.open(DEPLOYS))}
    assert NotRecorded in map(type, answers)
    assert stored == {id_ for id_, yes in zip(ids, told, strict=True) if yes} | {"rb-next"}


async def test_what_passes_is_tried_again(postgresql_store: SqlStore) -> None:
    """A conflict that only the server sees is waited out: everybody is recorded, once."""
    tries: list[str] = []

    def conflicts_once(tx: Transaction) -> None:
        tx.add(a_rollback("rb-two2", target="two"))
        tries.append("try")
        if len(tries) == 1:
            sql(tx, "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")

    answers = await in_one_group(
        postgresql_store, adding(a_rollback("rb-one1", target="one")), conflicts_once
    )

    assert (answers, len(tries)) == ([None, None], 2)
    stored = {r.id for r in await postgresql_store.read(lambda tx: tx.open(DEPLOYS))}
    assert stored == {"rb-one1", "rb-two2"}


async def test_a_lost_connection_fails_the_group_and_is_made_anew(
    postgresql_store: SqlStore,
) -> None:
    """When PostgreSQL drops the writer, its group is told so, and the next write works again."""

    def is_cut_off(tx: Transaction) -> None:
        sql(tx, "SELECT pg_terminate_backend(pg_backend_pid())")

    answers = await in_one_group(postgresql_store, adding(a_rollback("rb-one1")), is_cut_off)
    await postgresql_store.write(adding(a_rollback("rb-two2")))

    assert [type(answer) for answer in answers] == [NotRecorded] * 2
    assert [r.id for r in await postgresql_store.read(lambda tx: tx.open(DEPLOYS))] == ["rb-two2"]


async def test_nobody_is_answered_before_the_commit(store: SqlStore, sqlite_url: str) -> None:
    """While a group is still open, its finished work is neither visible nor answered."""
    gate, held = Gate(), Gate()
    first = asyncio.create_task(store.write(gate))
    await asyncio.to_thread(gate.is_reached.wait, 30)
    done = asyncio.create_task(store.write(adding(a_rollback())))
    slow = asyncio.create_task(store.write(held))
    await asyncio.sleep(0)
    gate.may_go.set()
    await first
    await asyncio.to_thread(held.is_reached.wait, 30)

    seen_early = (done.done(), query(sqlite_url, "SELECT id FROM rollbacks"))
    held.may_go.set()
    await asyncio.gather(done, slow)

    assert seen_early == (False, [])
    assert query(sqlite_url, "SELECT id FROM rollbacks") == [("rb-aaaa",)]


async def test_listeners_hear_of_changes_only(any_store: SqlStore) -> None:
    """Each commit that changed something is told once; a look or a failure is not."""
    heard: list[str] = []
    any_store.on_commit(lambda: heard.append("changed"))

    def fails(tx: Transaction) -> None:
        tx.add(a_rollback("rb-bad1"))
        raise ZeroDivisionError

    await any_store.write(lambda tx: tx.open(DEPLOYS))
    await asyncio.gather(any_store.write(fails), return_exceptions=True)
    await any_store.read(lambda tx: tx.open(DEPLOYS))
    await asyncio.sleep(0)
    before = list(heard)
    await any_store.write(adding(a_rollback()))
    await asyncio.sleep(0)

    assert (before, heard) == ([], ["changed"])


async def test_a_cancelled_caller_does_not_stop_the_writer(any_store: SqlStore) -> None:
    """What was handed over is recorded although nobody waits for it any more."""
    gate = Gate()
    first = asyncio.create_task(any_store.write(gate))
    await asyncio.to_thread(gate.is_reached.wait, 30)
    impatient = asyncio.create_task(any_store.write(adding(a_rollback())))
    await asyncio.sleep(0)
    impatient.cancel()
    gate.may_go.set()
    await first

    assert await any_store.write(lambda tx: tx.load("rb-aaaa")) == a_rollback()
    assert impatient.cancelled()


async def test_a_read_can_not_write(any_store: SqlStore, url: str) -> None:
    """A change inside a read is refused by the database, whatever the code believes."""
    with pytest.raises(Unreadable):
        await any_store.read(adding(a_rollback()))

    assert query(url, "SELECT * FROM rollbacks") == []


async def test_a_read_is_a_snapshot(any_store: SqlStore) -> None:
    """What others commit while a read is going on is not seen by it."""
    await any_store.write(adding(a_rollback()))
    gate = Gate()

    def looks_twice(tx: Transaction) -> tuple[str, str]:
        before = tx.load("rb-aaaa").reason
        gate(tx)
        return before, tx.load("rb-aaaa").reason

    reading = asyncio.create_task(any_store.read(looks_twice))
    await asyncio.to_thread(gate.is_reached.wait, 30)
    await any_store.write(lambda tx: tx.save(replace(tx.load("rb-aaaa"), reason="other")))
    gate.may_go.set()

    before, after = await reading
    assert before == after == a_rollback().reason


@pytest.mark.parametrize("way", ["read", "write"])
async def test_an_iterator_that_ends_is_an_error(store: SqlStore, way: str) -> None:
    """Work that stumbles over the end of an iterator fails instead of hanging for ever."""
    run = store.read if way == "read" else store.write

    async with asyncio.timeout(30):
        with pytest.raises(RuntimeError, match="not there"):
            await run(lambda _: next(iter(())))


async def test_closing_finishes_what_is_queued(store: SqlStore, sqlite_url: str) -> None:
    """Work that was handed over before the end is recorded; work after it is refused."""
    last = asyncio.create_task(store.write(adding(a_rollback())))
    await asyncio.sleep(0)

    await store.close()

    await last
    assert query(sqlite_url, "SELECT id FROM rollbacks") == [("rb-aaaa",)]
    with pytest.raises(Unusable, match="shutting down"):
        await store.write(adding(a_rollback("rb-late")))
    await store.open()
