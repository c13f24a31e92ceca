"""Codes that prove two accounts one human's: kept as keyed hashes, and wrong ones counted."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from bot.domain.link import GOOD_FOR, LOOKED_BACK, Offer
from bot.domain.people import Account
from bot.ports import Transaction
from bot.storage.store import SqlStore
from tests.bot.storage.conftest import opened
from tests.bot.storage.samples import KEY, MONDAY, ManualClock, execute, query

ONE, OTHER = Account("slack", "T1", "U1"), Account("discord", "100", "1")
CODE, ANOTHER = "BCDFGHJK", "LMNPQRST"


async def test_a_code_leads_to_its_account_once(any_store: SqlStore) -> None:
    """Whoever was given a code is found by it until it is used up, and by no other code."""
    await any_store.write(lambda tx: tx.offer_code(ONE, CODE))

    found = await any_store.read(lambda tx: (tx.offered(CODE), tx.offered(ANOTHER)))
    await any_store.write(lambda tx: tx.use_code(OTHER))
    kept = await any_store.read(lambda tx: tx.offered(CODE))
    await any_store.write(lambda tx: tx.use_code(ONE))
    used = await any_store.read(lambda tx: tx.offered(CODE))

    assert found == (Offer(ONE, MONDAY), None)
    assert (kept, used) == (Offer(ONE, MONDAY), None)


async def test_an_account_has_one_code(any_store: SqlStore) -> None:
    """A new code takes the place of the one before, and other accounts keep theirs."""
    await any_store.write(lambda tx: tx.offer_code(OTHER, "ZZZZZZZZ"))
    await any_store.write(lambda tx: tx.offer_code(ONE, CODE))
    await any_store.write(lambda tx: tx.offer_code(ONE, ANOTHER))

    found = await any_store.read(
        lambda tx: (tx.offered(CODE), tx.offered(ANOTHER), tx.offered("ZZZZZZZZ"))
    )

    assert found == (None, Offer(ONE, MONDAY), Offer(OTHER, MONDAY))


async def test_no_code_can_be_read_from_the_database(any_store: SqlStore, url: str) -> None:
    """The database holds neither the code nor a hash that could be tried out without the key."""
    await any_store.write(lambda tx: tx.offer_code(ONE, CODE))

    ((kept,),) = query(url, "SELECT code FROM link_codes")

    text = json.dumps(["code", str(ONE), MONDAY.isoformat(), CODE]).encode()
    assert kept == hmac.digest(KEY, text, hashlib.sha256).hex()
    assert kept != hmac.digest(b"", text, hashlib.sha256).hex()


@pytest.mark.parametrize(
    "change", [f"account = '{OTHER}'", "at = '2026-11-23 09:39:59'", "code = upper(code)"]
)
async def test_whoever_writes_rows_invents_no_code(
    any_store: SqlStore, url: str, change: str
) -> None:
    """A code whose row was given to another account, or made to last longer, is good for nobody."""
    await any_store.write(lambda tx: tx.offer_code(ONE, CODE))

    execute(url, f"UPDATE link_codes SET {change}")  # noqa: S608 - our own

    assert await any_store.read(lambda tx: tx.offered(CODE)) is None


async def test_wrong_codes_are_remembered(url: str, clock: ManualClock) -> None:
    """Each account's wrong codes are known after a restart, oldest first, and nobody else's."""

    def wrong(tx: Transaction) -> None:
        tx.note_wrong_code(ONE)

    async with opened(url, clock) as store:
        await store.write(wrong)
        clock.time += timedelta(minutes=1)
        await store.write(wrong)
        await store.write(wrong)
    async with opened(url, clock) as store:
        found = await store.read(lambda tx: (tx.wrong_codes(ONE), tx.wrong_codes(OTHER)))

    later = MONDAY + timedelta(minutes=1)
    assert found == ((MONDAY, later, later), ())


async def test_what_no_longer_matters_is_forgotten(
    any_store: SqlStore, url: str, clock: ManualClock
) -> None:
    """Old wrong codes don't count, and both tables stay small."""
    await any_store.write(lambda tx: tx.note_wrong_code(ONE))
    await any_store.write(lambda tx: tx.offer_code(ONE, CODE))
    clock.time += max(LOOKED_BACK, GOOD_FOR)

    assert await any_store.read(lambda tx: tx.wrong_codes(ONE)) == ()
    await any_store.write(lambda tx: tx.note_wrong_code(OTHER))
    await any_store.write(lambda tx: tx.offer_code(OTHER, ANOTHER))

    assert query(url, "SELECT account FROM wrong_codes") == [(str(OTHER),)]
    assert query(url, "SELECT account FROM link_codes") == [(str(OTHER),)]
