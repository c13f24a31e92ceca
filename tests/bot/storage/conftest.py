"""Stores on both databases, each empty."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.storage.store import SqlStore
from tests.bot.storage.samples import KEY, ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands on a Monday morning."""
    return ManualClock()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A new SQLite file."""
    return f"sqlite:///{tmp_path / 'twokey.sqlite'}"


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database, once of each kind."""
    new: str = request.getfixturevalue(request.param)
    return new


@asynccontextmanager
async def opened(url: str, clock: ManualClock) -> AsyncIterator[SqlStore]:
    """Open a store and close it."""
    store = SqlStore(url, clock=clock, audit_key=KEY)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def store(sqlite_url: str, clock: ManualClock) -> AsyncIterator[SqlStore]:
    """An open store on SQLite."""
    async with opened(sqlite_url, clock) as store:
        yield store


@pytest.fixture
async def postgresql_store(postgresql_url: str, clock: ManualClock) -> AsyncIterator[SqlStore]:
    """An open store on PostgreSQL."""
    async with opened(postgresql_url, clock) as store:
        yield store


@pytest.fixture
async def any_store(url: str, clock: ManualClock) -> AsyncIterator[SqlStore]:
    """An open store, once on each database."""
    async with opened(url, clock) as store:
        yield store
