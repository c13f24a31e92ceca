"""The audit chain: nothing in it can be changed, added, taken out, moved or cut off unnoticed."""

import asyncio
import logging
import threading
from datetime import timedelta

import pytest

from bot.domain.event import Event, Happening
from bot.ports import Transaction
from bot.storage.errors import NotRecorded
from bot.storage.store import SqlStore
from tests.bot.storage.samples import KEY, MONDAY, ManualClock, an_event, execute, query

COLUMNS = "at, kind, rollback_id, person, account, details, previous, mac"
PARK = f"INSERT INTO audit (sequence, {COLUMNS}) SELECT 99, {COLUMNS} FROM audit WHERE sequence = "  # noqa: S608
TAMPERING = {
    "a kind edited": ["UPDATE audit SET kind = 'rejected' WHERE sequence = 3"],
    "a time edited": ["UPDATE audit SET at = '2026-11-23 09:30:01' WHERE sequence = 3"],
    "a person edited": ["UPDATE audit SET person = 'manager-two' WHERE sequence = 3"],
    "an account edited": ["UPDATE audit SET account = NULL WHERE sequence = 3"],
    "a rollback edited": ["UPDATE audit SET rollback_id = 'rb-bbbb' WHERE sequence = 3"],
    "details edited": ["UPDATE audit SET details = '{}' WHERE sequence = 3"],
    "a link edited": ["UPDATE audit SET previous = '' WHERE sequence = 3"],
    "a seal edited": ["UPDATE audit SET mac = upper(mac) WHERE sequence = 3"],
    "the first deleted": ["DELETE FROM audit WHERE sequence = 1"],
    "one deleted": ["DELETE FROM audit WHERE sequence = 3"],
    "one deleted and the gap closed": [
        "DELETE FROM audit WHERE sequence = 3",
        "UPDATE audit SET sequence = 3 WHERE sequence = 4",
        "UPDATE audit SET sequence = 4 WHERE sequence = 5",
    ],
    "one inserted": [PARK + "3", "UPDATE audit SET sequence = 6 WHERE sequence = 99"],
    "two swapped": [
        PARK + "3",
        "DELETE FROM audit WHERE sequence = 3",
        "UPDATE audit SET sequence = 3 WHERE sequence = 4",
        "UPDATE audit SET sequence = 4 WHERE sequence = 99",
    ],
    "the end cut off": ["DELETE FROM audit WHERE sequence > 3"],
    "the end cut off and the head moved back": [
        "DELETE FROM audit WHERE sequence > 3",
        "UPDATE audit_head SET sequence = 3, mac = (SELECT mac FROM audit WHERE sequence = 3)",
    ],
    "everything deleted": ["DELETE FROM audit"],
    "everything deleted and the head reset": [
        "DELETE FROM audit",
        "UPDATE audit_head SET sequence = 0, mac = ''",
    ],
    "the head's time moved": ["UPDATE audit_head SET at = '2020-01-01 00:00:00'"],
    "the head deleted": ["DELETE FROM audit_head"],
}


async def write_five(store: SqlStore) -> tuple[Event, ...]:
    """Record five events, the third of them an approval."""

    def work(tx: Transaction) -> tuple[Event, ...]:
        kinds = (
            Happening.REQUESTED,
            Happening.PLANNED,
            Happening.APPROVED,
            Happening.WITHDRAWN,
            Happening.APPROVED,
        )
        return tuple(tx.record(an_event(kind, digest=f"“{kind}\x00\ud800”")) for kind in kinds)

    return await store.write(work)


async def test_events_come_back_in_order(any_store: SqlStore) -> None:
    """A timeline is what was recorded, numbered, and of one rollback only, or of none."""
    written = await write_five(any_store)
    refused = Event(Happening.REFUSED_DELIVERY, MONDAY, details={"code": "unknown_target"})
    nobodys = await any_store.write(lambda tx: tx.record(refused))

    assert [event.sequence for event in written] == [1, 2, 3, 4, 5]
    assert await any_store.read(lambda tx: tx.events("rb-aaaa")) == written
    assert await any_store.read(lambda tx: tx.events(None)) == (nobodys,)


async def test_an_untouched_chain_verifies(any_store: SqlStore, url: str) -> None:
    """A chain that nobody touched is intact, from an empty one on."""
    empty = await any_store.verify_chain()
    await write_five(any_store)
    five = await any_store.verify_chain()

    assert (empty.is_intact, empty.sequence) == (True, 0)
    assert (five.is_intact, five.sequence) == (True, 5)
    assert query(url, "SELECT mac FROM audit_head") == [(five.mac,)]


@pytest.mark.parametrize("statements", TAMPERING.values(), ids=TAMPERING.keys())
async def test_tampering_is_found(any_store: SqlStore, url: str, statements: list[str]) -> None:
    """Whatever was done to the stored chain, looking at it finds out."""
    await write_five(any_store)

    execute(url, *statements)

    assert (await any_store.verify_chain()).problems != ()


async def test_a_forged_approval_does_not_count(
    any_store: SqlStore, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An entry that was changed is left out of the timeline and complained about, once."""
    await write_five(any_store)
    execute(url, "UPDATE audit SET person = 'outsider' WHERE sequence = 3")

    with caplog.at_level(logging.ERROR):
        timelines = [await any_store.read(lambda tx: tx.events("rb-aaaa")) for _ in range(2)]

    assert [[event.sequence for event in timeline] for timeline in timelines] == [[1, 2, 4, 5]] * 2
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_head SET mac = ''",
        "UPDATE audit_head SET sequence = 0",
        "DELETE FROM audit_head",
    ],
)
async def test_nothing_is_written_behind_a_forged_head(
    any_store: SqlStore, url: str, statement: str
) -> None:
    """With a head that is not ours every write is refused, and reads go on."""
    await write_five(any_store)
    execute(url, statement)

    with pytest.raises(NotRecorded, match="head of the audit chain"):
        await any_store.write(lambda tx: tx.record(an_event()))

    assert query(url, "SELECT count(*) FROM audit") == [(5,)]


async def test_another_key_can_not_go_on(url: str, clock: ManualClock) -> None:
    """A database that was written with one audit key is not written to with another."""
    mine = SqlStore(url, clock=clock, audit_key=KEY)
    await mine.open()
    await write_five(mine)
    await mine.close()

    other = SqlStore(url, clock=clock, audit_key=bytes(32))
    await other.open()
    with pytest.raises(NotRecorded, match="audit key"):
        await other.write(lambda tx: tx.record(an_event()))
    await other.close()

    assert query(url, "SELECT count(*) FROM audit") == [(5,)]


async def test_a_lost_head_is_not_made_anew(url: str, clock: ManualClock) -> None:
    """Opening a database whose head was taken away does not start a second chain."""
    store = SqlStore(url, clock=clock, audit_key=KEY)
    await store.open()
    await write_five(store)
    await store.close()
    execute(url, "DELETE FROM audit_head")

    await store.open()
    report = await store.verify_chain()
    await store.close()

    assert report.problems == ("The head is missing.",)


async def test_a_failed_transaction_leaves_no_entry(any_store: SqlStore) -> None:
    """What was recorded in a write that failed is not in the chain, which goes on without a gap."""

    def fail(tx: Transaction) -> None:
        tx.record(an_event(Happening.APPROVED))
        raise ZeroDivisionError

    results = await asyncio.gather(
        any_store.write(lambda tx: tx.record(an_event())),
        any_store.write(fail),
        any_store.write(lambda tx: tx.record(an_event())),
        return_exceptions=True,
    )

    assert [getattr(result, "sequence", None) for result in results] == [1, None, 2]
    assert (await any_store.verify_chain()).is_intact


async def test_the_clock_never_steps_back(url: str, clock: ManualClock) -> None:
    """Neither after a look nor after a restart is the store's time before what it was."""
    store = SqlStore(url, clock=clock, audit_key=KEY)
    await store.open()
    clock.time = written = MONDAY + timedelta(hours=1)
    await store.write(lambda tx: tx.record(an_event()))
    clock.time = seen = MONDAY + timedelta(hours=2)
    await store.read(lambda tx: tx.now)
    clock.time = MONDAY
    here = await store.read(lambda tx: tx.now)
    await store.close()

    restarted = SqlStore(url, clock=clock, audit_key=KEY)
    await restarted.open()
    there = await restarted.write(lambda tx: tx.now)
    await restarted.close()

    assert (here, there) == (seen, written)


async def test_time_passes_behind_a_clock_that_stepped_back(url: str, clock: ManualClock) -> None:
    """After a jump forward and back, a delay of a minute is over after a minute."""
    store = SqlStore(url, clock=clock, audit_key=KEY)
    await store.open()
    clock.time = MONDAY + timedelta(days=1)
    ahead = await store.read(lambda tx: tx.now)
    clock.time = MONDAY
    corrected = await store.read(lambda tx: tx.now)
    clock.time = MONDAY + timedelta(minutes=1)
    later = await store.read(lambda tx: tx.now)
    await store.close()

    assert corrected == ahead
    assert later == ahead + timedelta(minutes=1)


async def test_what_was_undone_is_not_taken_for_read(any_store: SqlStore) -> None:
    """In one commit, the chain is proven right behind a piece of work that was undone."""
    # given
    ours = await write_five(any_store)
    begun, go_on = threading.Event(), threading.Event()

    def busy(_tx: Transaction) -> None:  # so that the others share a commit
        begun.set()
        go_on.wait()

    def undone(tx: Transaction) -> None:
        tx.record(an_event(Happening.REMINDED))
        assert len(tx.proven_events("rb-aaaa")) == len(ours) + 1
        raise NotRecorded("It is undone.")

    def kept(tx: Transaction) -> tuple[int, int]:
        before = len(tx.proven_events("rb-aaaa"))
        tx.record(an_event(Happening.REMINDED))
        return before, len(tx.proven_events("rb-aaaa"))

    # when
    works = [asyncio.create_task(any_store.write(work)) for work in (busy, undone, kept, kept)]
    await asyncio.to_thread(begun.wait)
    go_on.set()
    _, error, *counts = await asyncio.gather(*works, return_exceptions=True)

    # then
    assert isinstance(error, NotRecorded)
    assert counts == [(5, 6), (6, 7)]
