"""The time of a PostgreSQL server, for whoever writes there for a while from any machine."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg
from sqlalchemy import make_url

from bot.ports import Clock
from bot.storage.connection import conninfo
from bot.storage.errors import Unusable

_TIME: Final = "SELECT clock_timestamp()"


@dataclass(frozen=True, slots=True)
class ServerClock:
    """Our own clock, set right by the server's."""

    own: Clock
    behind: timedelta

    def now(self) -> datetime:
        """Return the server's time."""
        return self.own.now() + self.behind

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await self.own.sleep(seconds)


async def shared_clock(url: str, own: Clock) -> Clock:
    """Return a clock that goes with the server's; a file is on this machine, as our own clock is.

    A store's time never steps back: whoever is ahead of the others moves it for all, and for good.
    """
    if make_url(url).get_backend_name() != "postgresql":
        return own
    try:
        async with await psycopg.AsyncConnection.connect(
            conninfo(url, options="-c timezone=UTC"), autocommit=True
        ) as session:
            before = own.now()
            row = await (await session.execute(_TIME)).fetchone()
            after = own.now()
    except psycopg.Error as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise Unusable(f"The database does not answer: {why}. Nothing was changed.") from error
    at: datetime = row[0] if row else before
    return ServerClock(own, at - (before + (after - before) / 2))
