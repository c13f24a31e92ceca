"""The books, opened beside a process that may be at work on them: no table of theirs changes."""

from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import Final

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event

from bot.storage.errors import Unusable
from bot.storage.files import is_there
from bot.storage.migrate import MIGRATIONS
from bot.storage.store import SqlStore

_BUSY_MS: Final = 15_000


class SecondStore(SqlStore):
    """Reads, and writes decisions; whoever owns the database makes and migrates the tables."""

    def _prepare(self) -> None:
        if self._url.get_backend_name() == "sqlite":
            _check_there(Path(self._url.database or ""))
        self._for_writing = self._make_engine(writes=True)
        if self._url.get_backend_name() == "sqlite":
            event.listen(self._for_writing, "connect", _be_patient)
        self._for_reading = self._make_engine(writes=False)
        with self._for_reading.begin() as connection:
            _check_version(connection)


def _be_patient(connection: SQLiteConnection, _record: object) -> None:
    """Wait longer than the owner does: SQLite has no queue, and who writes all the time goes first.

    Nobody waits for this process but the person who started it.
    """
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")


def _check_there(path: Path) -> None:
    if not is_there(path):
        raise Unusable(
            f"There is no database at {path} yet. Nothing was changed. twokey serve makes it, and "
            "so does the first twokey rollback."
        )


def _check_version(connection: Connection) -> None:
    """Refuse tables of another version: the bot that is running may be of that version."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    known = {script.revision for script in scripts.walk_revisions()}
    needed = scripts.get_current_head()
    found = MigrationContext.configure(connection).get_current_revision()
    if found == needed:
        return
    if found is None:
        raise Unusable(
            "The database has no tables yet. Nothing was changed. twokey serve makes them, and so "
            "does the first twokey rollback."
        )
    if found not in known:
        raise Unusable(
            f"The database belongs to a newer Twokey: its tables are {found}, and this one knows "
            f"them up to {needed}. Nothing was changed. Use the version that runs the bot."
        )
    raise Unusable(
        f"The database has the tables of an older Twokey ({found}), and this one needs "
        f"{needed}. Nothing was changed. Use the version that runs the bot, or stop the bot and "
        "start twokey serve of this version, which brings them up to date."
    )
