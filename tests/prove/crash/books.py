"""The bot's database, read in plain SQL by somebody who is not the bot."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError

TERMINAL = (
    *("succeeded", "refused", "rejected", "cancelled", "expired", "stale"),
    *("unverified", "failed", "partial", "aborted", "needs_human"),
)


@dataclass(frozen=True, slots=True)
class Journal:
    """What a dead bot left: each step's newest row, and what had taken effect by then."""

    steps: Mapping[str, str]
    effects: Mapping[str, int]


class Books:
    """Reads tables; before the bot made them there is nothing in them."""

    def __init__(self, url: str) -> None:
        """Connect when something is read."""
        self.url = url
        at = make_url(url)
        is_sqlite = at.get_backend_name() == "sqlite"
        self._engine = create_engine(at if is_sqlite else at.set(drivername="postgresql+psycopg"))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def rows(self, query: str) -> list[Mapping[str, Any]]:
        """Return what a query finds."""
        try:
            with self._engine.connect() as connection:
                return [dict(row) for row in connection.execute(text(query)).mappings()]
        except (OperationalError, ProgrammingError) as error:
            if any(words in str(error) for words in ("no such table", "does not exist")):
                return []
            raise

    def forget(self) -> None:
        """Lose the durable engine's own tables, which are not where the truth is."""
        at = make_url(self.url)
        if at.get_backend_name() == "sqlite":
            for file in Path(str(at.database)).parent.glob("dbos.sqlite*"):
                file.unlink()
            return
        with self._engine.begin() as connection:
            connection.execute(text("DROP SCHEMA IF EXISTS dbos CASCADE"))

    def column(self, query: str) -> list[Any]:
        """Return the first column of what a query finds."""
        return [next(iter(row.values())) for row in self.rows(query)]

    def state(self) -> str:
        """Return the newest rollback's state; empty if there is none."""
        found = self.column("SELECT state FROM rollbacks ORDER BY asked_at DESC")
        return str(found[0]) if found else ""

    def is_closed(self) -> bool:
        """Tell whether every rollback ended, and all was shown."""
        owed = self.column("SELECT count(*) FROM outbox WHERE shown < wanted AND given_up IS NULL")
        states = self.column("SELECT state FROM rollbacks")
        return owed == [0] and all(state in TERMINAL for state in states)

    def steps(self) -> dict[str, str]:
        """Return the state of each step's newest attempt."""
        rows = self.rows("SELECT step, state, receipt FROM steps ORDER BY attempt")
        return {row["step"]: _state(row) for row in rows}

    def journal(self, effects: Mapping[str, int]) -> Journal:
        """Return what stands in it now."""
        return Journal(self.steps(), effects)


def _state(row: Mapping[str, Any]) -> str:
    is_answered = row["state"] == "running" and row["receipt"]
    return "answered" if is_answered else str(row["state"])


@contextmanager
def database(server: str | None, folder: Path) -> Generator[str]:
    """Yield the address of an empty database: a file in the folder, or one on the server."""
    if server is None:
        yield f"sqlite:///{folder}/twokey.db"
        return
    name = f"crash_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
