"""The one process that plans and runs on a SQLite file, and hears of others who write into it."""

import asyncio
import fcntl
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Final, TextIO

from bot.ports import Lease
from bot.storage.errors import Unusable
from bot.storage.files import not_ours
from bot.storage.part import log

LOCK_FILE: Final = "dbos.sqlite.lock"
_LOOK: Final = 0.5  # seconds between two looks
_GLANCE: Final = 0.1  # so long at most somebody only looks whether the file is owned
_GLANCES: Final = 5


class Taken(Unusable):
    """Another process plans and runs there."""


class Owner:
    """The process that plans and runs on a SQLite file; the lock guards that, and not the file.

    Others write into the file beside it, such as a decision on the command line. Whoever waits for
    work is told of that.
    """

    def __init__(self, lock_file: Path, database: Path) -> None:
        """Remember the file that says so, beside the database's; nothing is opened yet."""
        self.name = "embedded"
        self._path = lock_file
        self._database = database
        self._file: TextIO | None = None
        self._listeners: list[Callable[[], object]] = []

    def holds(self, lease: Lease) -> bool:
        """Tell whether it owns the file."""
        return self._file is not None

    async def join(self) -> None:
        """Own the file: a second process would run what the first one is running."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("w", encoding="ascii")
        except OSError as error:
            raise not_ours(self._path, error) from error
        for _ in range(_GLANCES):
            if _is_locked_by(file, fcntl.LOCK_EX):
                self._file = file
                return
            await asyncio.sleep(_GLANCE)
        file.close()
        raise Taken(f"Another Twokey runs on {self._path.parent} already. Stop it first.")

    async def run_forever(self) -> None:
        """Look twice a second whether the file was written into; nothing can take it away."""
        while True:
            try:
                await self._watch()
            except sqlite3.Error as error:
                log.warning("The database can't be watched (%s); it is tried again.", error)
            await asyncio.sleep(_LOOK)

    def on_news(self, listener: Callable[[], object]) -> None:
        """Call this when somebody wrote into the file, perhaps this process itself."""
        self._listeners.append(listener)

    def want(self, lease: Lease, *, only_while: Callable[[], Awaitable[bool]]) -> None:
        """Take nothing more: whoever owns the file has everything."""

    def is_left_to_us(self, lease: Lease) -> bool:
        """Tell that nobody else has anything."""
        return True

    async def hand_over(self, lease: Lease) -> None:
        """Let go of nothing: there is nobody who could take it."""

    async def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    async def _watch(self) -> None:
        """Compare a number that SQLite changes with each commit of any other connection."""
        where = f"{self._database.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(where, uri=True, timeout=_LOOK)
        with closing(connection):
            seen = _version(connection)
            while True:
                await asyncio.sleep(_LOOK)
                if (now := _version(connection)) != seen:
                    seen = now
                    for listener in self._listeners:
                        listener()


def is_owned(lock_file: Path) -> bool:
    """Tell whether some process owns the file right now; nothing is taken from it."""
    try:
        with lock_file.open("r", encoding="ascii") as file:
            return not _is_locked_by(file, fcntl.LOCK_SH)  # which is let go of with the file
    except FileNotFoundError:
        return False
    except OSError as error:
        raise not_ours(lock_file, error) from error


def _version(connection: sqlite3.Connection) -> int:
    # It is in memory that the processes share: 5 µs, and no wait for any disk or writer.
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _is_locked_by(file: TextIO, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
