"""Installations: kept, replaced, and forgotten unless they are newer."""

from datetime import timedelta

from bot.storage.store import SqlStore
from tests.bot.storage.samples import ManualClock


async def test_an_installation_is_replaced_and_forgotten(
    any_store: SqlStore, clock: ManualClock
) -> None:
    """A team has one installation; taking out an older one leaves a newer one alone."""
    await any_store.write(lambda tx: tx.install("T1", "first"))
    await any_store.write(lambda tx: tx.install("T2", "other"))
    await any_store.write(lambda tx: tx.install("T1", "second"))
    at = clock.now()

    too_old = await any_store.write(lambda tx: tx.uninstall("T1", before=at - timedelta(minutes=1)))
    kept = await any_store.read(lambda tx: dict(tx.installations()))
    gone = await any_store.write(lambda tx: tx.uninstall("T1", before=at + timedelta(minutes=1)))
    left = await any_store.read(lambda tx: dict(tx.installations()))

    assert (too_old, gone) == (False, True)
    assert kept == {"T1": "second", "T2": "other"}
    assert left == {"T2": "other"}
