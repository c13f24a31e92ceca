"""What tests of every folder need."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from bot.domain.errors import TwokeyError
from bot.workspace import postgres
from tests.recorder.plugin import Recording

_LONG = frozenset({"journeys", "bench", "cli"})

# A busy machine makes nothing wrong.
hypothesis.settings.register_profile("twokey", deadline=None)
hypothesis.settings.load_profile("twokey")


def specifications() -> Path | None:
    """Return the folder of the vendors' specifications, if there is one."""
    folder = os.environ.get("TWOKEY_SPECS")
    return Path(folder) if folder else None


def pytest_configure(config: pytest.Config) -> None:
    """Let one recorder judge everything that goes out to Slack and Discord."""
    config.pluginmanager.register(Recording(specifications()), "recorder")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that at the end no process waits for the other."""
    items.sort(key=lambda item: item.path.parent.name not in _LONG)


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder of the vendors' specifications, or a loud skip."""
    folder = specifications()
    if folder is None:
        pytest.skip("TWOKEY_SPECS names no folder: the vendors' specifications were NOT checked")
    return folder


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server's database, or a loud skip."""
    try:
        programs = postgres.programs()
    except TwokeyError as error:
        pytest.skip(f"Nothing was tried on PostgreSQL: {error}")
    with postgres.server(programs) as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql: str) -> str:
    """An empty PostgreSQL database; emptying one is faster than making one."""
    with psycopg.connect(postgresql) as connection:
        connection.execute("SET lock_timeout = '5s'; DROP SCHEMA IF EXISTS dbos CASCADE")
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return postgresql
