"""A command line with a wrong clock moves no deadline: on a server, the server's time counts."""

import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import app
from bot.clock import SystemClock
from bot.config import Settings
from bot.domain.event import Event, Happening
from bot.ports import Store
from bot.storage.errors import Unusable
from bot.storage.server_clock import shared_clock
from bot.storage.store import SqlStore
from tests.bot.config.samples import ENVIRON, changed, read

KEY = b"k" * 32
CLOSE = timedelta(seconds=20)  # however busy the machine is
WRONG = [timedelta(minutes=40), timedelta(minutes=-40)]


@dataclass(frozen=True)
class Wrong(SystemClock):
    """A machine's clock that nobody has set."""

    by: timedelta

    def now(self) -> datetime:
        return super().now() + self.by


@pytest.fixture
def settings(tmp_path: Path, postgresql_url: str) -> Settings:
    """A small configuration on a server."""
    (tmp_path / "audit.key").write_text(KEY.hex())
    (tmp_path / "audit.key").chmod(0o600)
    where = "version: 1\ndatabase: env:DATABASE_URL\naudit_key: file:audit.key"
    environ = ENVIRON | {"DATABASE_URL": postgresql_url}
    return read(tmp_path, changed(("version: 1", where)), environ=environ)


@pytest.fixture
async def bot(settings: Settings) -> AsyncIterator[SqlStore]:
    """The store of a bot whose clock is right."""
    store = SqlStore(settings.database_url, clock=SystemClock(), audit_key=KEY)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def logs() -> Iterator[None]:
    """Let others hear again what a command silences."""
    yield
    logging.disable(logging.NOTSET)


async def time_of(store: Store) -> timedelta:
    """Write something down, and return how far the store's time is from the real one then."""
    refused = Happening.REFUSED_DELIVERY
    await store.write(lambda tx: tx.record(Event(refused, tx.now)))
    return await store.read(lambda tx: tx.now) - SystemClock().now()


@pytest.mark.parametrize("by", WRONG)
async def test_a_decision_beside_a_bot_moves_no_clock(
    settings: Settings, bot: SqlStore, by: timedelta
) -> None:
    """Who decides from a machine with a wrong clock lives at the server's time, and so does all."""
    async with app.beside(settings, clock=Wrong(by)) as engine:
        here = await time_of(engine.store)
    assert abs(here) < CLOSE
    assert abs(await time_of(bot)) < CLOSE


@pytest.mark.usefixtures("logs")
async def test_whoever_leads_moves_no_clock(settings: Settings, bot: SqlStore) -> None:
    """Nor does a command that plans and runs until its own rollback has ended."""
    async with app.leading(settings, clock=Wrong(WRONG[0])) as engine:
        here = await time_of(engine.store)
    assert abs(here) < CLOSE
    assert abs(await time_of(bot)) < CLOSE


async def test_beside_a_file_our_own_clock_counts(tmp_path: Path) -> None:
    """Who shares a file is on one machine, and has its clock already."""
    own = Wrong(timedelta())
    assert await shared_clock(f"sqlite:///{tmp_path}/twokey.db", own) is own


async def test_a_server_that_is_away_is_a_sentence() -> None:
    """If nobody can say what time it is, nothing is begun."""
    with pytest.raises(Unusable, match=r"does not answer: .* Nothing was changed"):
        await shared_clock("postgresql://nobody@127.0.0.1:9/nothing", SystemClock())


async def test_it_goes_on_as_our_own_does(postgresql_url: str) -> None:
    """The difference is taken once; from then on it goes as our own clock goes."""
    clock = await shared_clock(postgresql_url, Wrong(timedelta(days=1)))
    before = clock.now()
    await clock.sleep(0.01)
    assert before.tzinfo is UTC
    assert timedelta(milliseconds=10) <= clock.now() - before < CLOSE
