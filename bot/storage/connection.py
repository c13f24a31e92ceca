"""How the two databases are spoken to, with their transactions under our control.

Left alone, Python's SQLite driver begins transactions late and commits them early: a released
savepoint then survives the rollback around it. So the driver keeps out, and BEGIN is ours.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import Any, Final

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text

from bot.storage.errors import Unusable
from bot.storage.files import not_ours

READERS: Final = 4
_BUSY_MS: Final = 2000  # longer would keep the person who clicked waiting for an answer
CHANNEL: Final = "twokey"
KEEP_ALIVE: Final[Mapping[str, Any]] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "tcp_user_timeout": 15_000,  # a black hole is noticed
}
# A frozen replica must not hold us for ever.
_NOTIFY: Final = text("SELECT pg_notify(:channel, :name)")
_OPTIONS: Final = "-c timezone=UTC -c lock_timeout=5s -c idle_in_transaction_session_timeout=10s"


def make_engine(url: URL, *, writes: bool) -> Engine:
    """Open the one writing connection, or a few that can only read a snapshot."""
    size = 1 if writes else READERS
    match url.get_backend_name():
        case "sqlite":
            _create_file(url)
            engine = create_engine(url, pool_size=size, max_overflow=0, hide_parameters=True)
            event.listen(engine, "connect", partial(_prepare_sqlite, writes=writes))
            # A deferred BEGIN that turns into a write fails at once if anybody else wrote (P8).
            event.listen(engine, "begin", _begin_immediate if writes else _begin_deferred)
        case "postgresql":
            engine = create_engine(
                url.set(drivername="postgresql+psycopg"),
                pool_size=size,
                max_overflow=0,
                hide_parameters=True,
                pool_pre_ping=True,
                isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
                connect_args={**KEEP_ALIVE, "options": _OPTIONS},
            ).execution_options(postgresql_readonly=not writes)
        case other:
            raise Unusable(f"Twokey keeps its data in sqlite or postgresql, not in {other}.")
    return engine


def conninfo(url: str, *, options: str) -> str:
    """Return the address as psycopg itself understands it, without SQLAlchemy around it."""
    parts = make_url(url).set(drivername="postgresql+psycopg")
    arguments = parts.get_dialect()().create_connect_args(parts)[1]
    return make_conninfo(**{**arguments, **KEEP_ALIVE, "options": options})


def tell_others(connection: Connection, *, name: str) -> None:
    """Tell the other processes on a server who changed something, once this is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY, {"channel": CHANNEL, "name": name})


def _create_file(url: URL) -> None:
    """Make sure that only our user can read the file; those beside it follow its mode."""
    if not url.database or url.database == ":memory:":
        raise Unusable("SQLite needs a file here, such as sqlite:////var/lib/twokey/twokey.sqlite.")
    path = Path(url.database)
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise not_ours(path, error) from error


def _prepare_sqlite(connection: SQLiteConnection, _record: object, *, writes: bool) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    connection.execute("PRAGMA foreign_keys = ON")
    if writes:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # committed means on the disk
    else:
        connection.execute("PRAGMA query_only = ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
