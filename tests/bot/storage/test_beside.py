"""A second process opens the books without changing any table, and says why where it can't."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.ports import Lease
from bot.storage.beside import SecondStore
from bot.storage.errors import Unusable
from bot.storage.leases import is_led, membership
from bot.storage.store import SqlStore
from tests.bot.storage.samples import KEY, ManualClock, a_rollback, adding, execute, query

BOTH = (Lease.EXECUTION, Lease.DELIVERY)
PATIENCE = 30


@asynccontextmanager
async def beside(url: str, *, name: str = "second") -> AsyncIterator[SqlStore]:
    """Open the store as the command line does."""
    store = SecondStore(url, clock=ManualClock(), audit_key=KEY, name=name)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def files(folder: Path) -> list[Path]:
    """Return what is in a folder."""
    return list(folder.iterdir())


async def test_two_stores_write_into_one_chain(any_store: SqlStore, url: str) -> None:
    """What either of them writes down the other one reads, and the chain stays whole."""
    async with beside(url) as second:
        await any_store.write(adding(a_rollback("rb-first", target="first")))
        await second.write(adding(a_rollback("rb-second", target="second")))
        await any_store.write(adding(a_rollback("rb-third", target="third")))
        ids = {one.id for one in await second.read(lambda tx: tx.newest_open(10))}
        report = await second.verify_chain()
    assert (ids, report.is_intact) == ({"rb-first", "rb-second", "rb-third"}, True)


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ("0001", r"older Twokey \(0001\), and this one needs .* twokey serve of this version"),
        ("9999", "newer Twokey: its tables are 9999.*Use the version that runs the bot"),
    ],
)
async def test_tables_of_another_version_are_left_alone(
    any_store: SqlStore, url: str, version: str, sentence: str
) -> None:
    """Where somebody else's version may be running, nothing is migrated, and a sentence says so."""
    execute(url, f"UPDATE alembic_version SET version_num = '{version}'")  # noqa: S608
    with pytest.raises(Unusable, match=sentence):
        async with beside(url):
            pass
    assert query(url, "SELECT version_num FROM alembic_version") == [(version,)]


async def test_nothing_is_made_where_nothing_is(tmp_path: Path, postgresql_url: str) -> None:
    """Where no bot ever ran there is nothing to open, and no file and no table is made."""
    with pytest.raises(Unusable, match=r"There is no database .* yet"):
        async with beside(f"sqlite:///{tmp_path}/twokey.db"):
            pass
    with pytest.raises(Unusable, match="has no tables yet"):
        async with beside(postgresql_url):
            pass
    assert not files(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
async def test_somebody_elses_file_is_a_sentence(tmp_path: Path) -> None:
    """A file of another user ends with a sentence, and not with a traceback."""
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "twokey.db").touch()
    folder.chmod(0o500)
    with pytest.raises(Unusable, match="can't be opened"):
        async with beside(f"sqlite:///{folder}/twokey.db"):
            pass


async def test_whether_anybody_runs_can_be_seen(url: str, tmp_path: Path) -> None:
    """Whoever looks learns whether a process plans and runs there, and takes nothing from it."""
    before = await is_led(url, folder=tmp_path)
    member = membership(url, folder=tmp_path, wanted=BOTH)
    await member.join()
    during = await is_led(url, folder=tmp_path)
    held = all(map(member.holds, BOTH))
    await member.close()
    async with asyncio.timeout(PATIENCE):  # the server notices the end of a session in a moment
        while await is_led(url, folder=tmp_path):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)
    assert (before, during, held) == (False, True, True)


async def test_a_glance_keeps_nobody_from_starting(sqlite_url: str, tmp_path: Path) -> None:
    """A bot that starts while somebody looks whether one is running waits for that moment."""
    first = membership(sqlite_url, folder=tmp_path, wanted=BOTH)
    await first.join()
    second = membership(sqlite_url, folder=tmp_path, wanted=BOTH)
    joining = asyncio.create_task(second.join())
    await asyncio.sleep(0.15)
    await first.close()
    await joining
    assert all(map(second.holds, BOTH))
    await second.close()


async def test_a_running_bot_hears_of_a_decision_beside_it(
    any_store: SqlStore, url: str, tmp_path: Path
) -> None:
    """A commit of another connection is news within a second, on both databases."""
    member = membership(url, folder=tmp_path, wanted=BOTH)
    await member.join()
    heard = asyncio.Event()
    attending = asyncio.create_task(member.run_forever())
    member.on_news(heard.set)
    try:
        async with beside(url) as second:
            await asyncio.sleep(0.7)  # for the first look
            heard.clear()
            await second.write(adding(a_rollback()))
            async with asyncio.timeout(1.0):
                await heard.wait()
    finally:
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)
        await member.close()
