"""Locks and deliveries: two never do the same thing."""

from collections.abc import Callable
from datetime import timedelta

from bot.domain.event import Happening
from bot.ports import Transaction
from bot.storage.store import SqlStore
from tests.bot.storage.samples import ManualClock, a_rollback, adding, an_event, query

API, WORKER, SITE = "railway:service/api", "railway:service/worker", "vercel:project/site"


async def test_locks_are_taken_all_or_none(any_store: SqlStore) -> None:
    """If one resource is held by somebody else, that one is named and nothing is locked."""
    await any_store.write(adding(a_rollback("rb-one1"), a_rollback("rb-two2", target="full")))

    first = await any_store.write(lambda tx: tx.lock([API, WORKER], "rb-one1"))
    second = await any_store.write(lambda tx: tx.lock([SITE, WORKER], "rb-two2"))
    site = await any_store.read(lambda tx: tx.holder([SITE]))

    assert (first, second, site) == (None, "rb-one1", None)


async def test_a_holder_may_lock_again(any_store: SqlStore) -> None:
    """Locking what one holds already changes nothing, and more can be added."""
    await any_store.write(adding(a_rollback()))
    await any_store.write(lambda tx: tx.lock([API], "rb-aaaa"))

    again = await any_store.write(lambda tx: tx.lock([API, SITE, SITE], "rb-aaaa"))

    assert again is None
    assert await any_store.read(lambda tx: tx.holder([SITE])) == "rb-aaaa"


async def test_unlocking_frees_everything_of_one(any_store: SqlStore) -> None:
    """A rollback lets go of all it holds, and of nothing else."""
    await any_store.write(adding(a_rollback("rb-one1"), a_rollback("rb-two2", target="full")))
    await any_store.write(lambda tx: tx.lock([API, WORKER], "rb-one1"))
    await any_store.write(lambda tx: tx.lock([SITE], "rb-two2"))

    await any_store.write(lambda tx: tx.unlock("rb-one1"))

    assert await any_store.read(lambda tx: tx.holder([API, WORKER])) is None
    assert await any_store.read(lambda tx: tx.holder([API, SITE])) == "rb-two2"


async def test_nothing_is_locked_by_nothing(any_store: SqlStore) -> None:
    """An empty list of resources locks nothing and is held by nobody."""
    await any_store.write(adding(a_rollback()))

    assert await any_store.write(lambda tx: tx.lock([], "rb-aaaa")) is None
    assert await any_store.read(lambda tx: tx.holder([])) is None


async def test_a_delivery_is_new_once(any_store: SqlStore) -> None:
    """The same delivery again is recognised, in the same transaction and later."""
    both = await any_store.write(lambda tx: (tx.is_new_delivery("E1"), tx.is_new_delivery("E1")))
    later = await any_store.write(lambda tx: (tx.is_new_delivery("E1"), tx.is_new_delivery("E2")))

    assert both == (True, False)
    assert later == (False, True)


async def test_old_deliveries_are_forgotten(
    store: SqlStore, sqlite_url: str, clock: ManualClock
) -> None:
    """Deliveries older than a day go away as new ones come, so that the table stays small."""

    def deliver(day: str, count: int) -> Callable[[Transaction], None]:
        def work(tx: Transaction) -> None:
            for number in range(count):
                tx.record(an_event(Happening.REFUSED_DELIVERY))
                tx.is_new_delivery(f"{day}-{number}")

        return work

    await store.write(deliver("monday", 10))
    clock.time += timedelta(days=1, seconds=1)
    await store.write(deliver("tuesday", 300))

    assert query(sqlite_url, "SELECT count(*) FROM deliveries") == [(300,)]
