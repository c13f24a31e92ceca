"""``twokey``, whose database can't be read for as long as a file says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bot.cli import main
from bot.storage.errors import Unreadable
from bot.storage.store import SqlStore

FILE: Final = Path("outage")


async def _weather(self: SqlStore, work: Callable[[Any], Any]) -> Any:
    """Read, unless the database is away."""
    if FILE.exists():
        raise Unreadable("The database can't be read right now. Nothing was changed.")
    return await _read(self, work)


if __name__ == "__main__":
    _read, SqlStore.read = SqlStore.read, _weather  # type: ignore[method-assign]
    main()
