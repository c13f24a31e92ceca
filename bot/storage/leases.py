"""Who may do what only one process may: with a file its owner, on a server whoever holds a lock.

A lease on the server is an advisory lock of a session of its own. The lock ends with the session:
at once when the process dies, and by the server's own clock when it is frozen and says nothing.
So nobody's clock is compared with anybody else's, and no row has to be written to stay alive.
"""

import asyncio
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import psycopg
from sqlalchemy import make_url

from bot.ports import Lease, Leases
from bot.storage.connection import CHANNEL, conninfo
from bot.storage.errors import Unusable
from bot.storage.owner import LOCK_FILE, Owner, is_owned
from bot.storage.part import log
from bot.storage.server import check_server

_BEAT: Final = 0.5  # seconds between two looks at the locks
_SURE: Final = 3.0  # a look is trusted for so long
_YIELD: Final = 3.5  # so long a lease stays free for its last holder, who is sure for less
_AGAIN: Final = 0.5
_HANDS_OVER: Final = 1.5  # seconds in which somebody else looks, and we look at that
_ENDS_WHEN_SILENT: Final = "-c idle_session_timeout=10s"
_NAMESPACE: Final = 0x74776F6B  # any number, the same in every replica
# Two that have it for a moment do no harm, and nobody having it does: it is never left free.
_AT_ONCE: Final = frozenset({Lease.RECEPTION})
_NUMBERS: Final = {Lease.EXECUTION: 1, Lease.DELIVERY: 2, Lease.RECEPTION: 3}
_LOCKS: Final = """
    SELECT objid::int, pid = pg_backend_pid() FROM pg_locks
    WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_TRY: Final = "SELECT pg_try_advisory_lock(%s, %s)"
_LET_GO: Final = "SELECT pg_advisory_unlock(%s, %s)"

_Check = Callable[[], Awaitable[bool]]


def _awake_or_not() -> float:
    """Return seconds that also pass while the machine sleeps, where it can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Membership(Leases, Protocol):
    """One process among those that share a database, or the only one."""

    name: str

    async def join(self) -> None:
        """Become a member, or say why not."""
        ...

    async def run_forever(self) -> None:
        """Stay a member until cancelled."""
        ...

    def on_news(self, listener: Callable[[], object]) -> None:
        """Call this when another process committed something, or when a lease came to us."""
        ...

    def want(self, lease: Lease, *, only_while: Callable[[], Awaitable[bool]]) -> None:
        """Take one more lease, for as long as this is so."""
        ...

    def is_left_to_us(self, lease: Lease) -> bool:
        """Tell whether no other process had it when the database was last seen."""
        ...

    async def hand_over(self, lease: Lease) -> None:
        """Let go of a lease, and wait a moment for somebody else to take it."""
        ...

    async def close(self) -> None:
        """Let go of everything at once."""
        ...


def membership(url: str, *, folder: Path, wanted: Collection[Lease]) -> Membership:
    """Return the membership that this database asks for; ``folder`` is where a local one lives."""
    if make_url(url).get_backend_name() == "postgresql":
        return Member(url, wanted=wanted)
    return Owner(folder / LOCK_FILE, Path(make_url(url).database or ""))


async def is_led(url: str, *, folder: Path) -> bool:
    """Tell whether some process plans and runs on this database right now.

    Whoever asks is about to write there: a server that can't keep a promise is refused.
    """
    if make_url(url).get_backend_name() == "postgresql":
        return await _is_led_on_server(url)
    return is_owned(folder / LOCK_FILE)


async def _is_led_on_server(url: str) -> bool:
    try:
        async with await psycopg.AsyncConnection.connect(
            conninfo(url, options=_ENDS_WHEN_SILENT), autocommit=True
        ) as session:
            await check_server(session)
            locks = await (await session.execute(_LOCKS, (_NAMESPACE,))).fetchall()
    except psycopg.Error as error:
        raise Unusable(
            f"The database does not answer: {_words(error)}. Nothing was changed."
        ) from error
    return _NUMBERS[Lease.EXECUTION] in {number for number, _ in locks}


class Member:
    """One of several processes on a PostgreSQL server."""

    def __init__(
        self, url: str, *, wanted: Collection[Lease], now: Callable[[], float] = _awake_or_not
    ) -> None:
        """Remember where, and what this process is able to do; nothing is opened yet."""
        self.name = secrets.token_hex(8)  # a new one with each start
        self._conninfo = conninfo(url, options=_ENDS_WHEN_SILENT)
        self._wanted: dict[Lease, _Check] = dict.fromkeys(wanted, _always)
        self._now = now
        self._session: psycopg.AsyncConnection | None = None
        self._held: frozenset[Lease] = frozenset()
        self._others: frozenset[Lease] = frozenset()  # stays true while the database is away
        self._looked_at = 0.0
        self._left_at: dict[Lease, float] = {}  # of those that others had
        self._listeners: list[Callable[[], object]] = []

    def holds(self, lease: Lease) -> bool:
        """Tell whether the lock was ours a moment ago, and can't be another's yet."""
        return lease in self._held and self._now() - self._looked_at < _SURE

    def on_news(self, listener: Callable[[], object]) -> None:
        """Call this when another process committed something, or when a lease came to us."""
        self._listeners.append(listener)

    def want(self, lease: Lease, *, only_while: _Check) -> None:
        """Take one more lease, for as long as this is so."""
        self._wanted[lease] = only_while

    def is_left_to_us(self, lease: Lease) -> bool:
        """Tell whether no other process had it when the database was last seen."""
        return lease not in self._others

    async def hand_over(self, lease: Lease) -> None:
        """Let go of a lease, and wait a moment for somebody else to take it."""
        is_ours = lease in self._held
        self._wanted[lease] = _never
        if is_ours:
            with suppress(TimeoutError):
                async with asyncio.timeout(_HANDS_OVER):
                    while lease not in self._others:  # noqa: ASYNC110 - the server knows
                        await asyncio.sleep(_BEAT / 5)

    async def join(self) -> None:
        """Open the session, look at the server, and take the leases that nobody holds."""
        try:
            self._session = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
            await check_server(self._session)
            await self._session.execute(f"LISTEN {CHANNEL}")
            await self._look(self._session)
        except (psycopg.Error, Unusable) as error:
            await self.close()
            if isinstance(error, Unusable):
                raise
            raise Unusable(
                f"The database does not answer: {_words(error)}. Nothing was started."
            ) from error

    async def run_forever(self) -> None:
        """Look at the locks and hear the news; a lost session is opened anew, for ever."""
        while True:
            try:
                if self._session is None:
                    await self._rejoin()
                else:
                    await self._attend(self._session)
            except (psycopg.Error, TimeoutError, Unusable) as error:
                if self._session is not None:
                    log.warning("The database is away (%s); it is tried again.", _words(error))
                await self.close()
                await asyncio.sleep(_AGAIN)

    async def close(self) -> None:
        """End the session, and every lease with it."""
        self._held = frozenset()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _rejoin(self) -> None:
        # Everybody lost their sessions if the server went: who held a lease goes on with it.
        self._left_at = dict.fromkeys(self._left_at, math.inf)
        await self.join()
        log.warning("The database is back.")
        self._tell()

    async def _attend(self, session: psycopg.AsyncConnection) -> None:
        async for notice in session.notifies(timeout=_BEAT):
            if notice.payload != self.name:
                self._tell()
        before = {lease for lease in self._held if self.holds(lease)}
        async with asyncio.timeout(_SURE):
            await self._look(session)
        if self._held - before:
            self._tell()

    async def _look(self, session: psycopg.AsyncConnection) -> None:
        """See who holds what, and take what is free and not about to be taken back."""
        able = {lease for lease, is_able in tuple(self._wanted.items()) if await is_able()}
        now = self._now()  # from before the question: the answer may be late
        locks = await (await session.execute(_LOCKS, (_NAMESPACE,))).fetchall()
        mine = {number for number, is_mine in locks if is_mine}
        others = {number for number, is_mine in locks if not is_mine}
        held: set[Lease] = set()
        for lease in tuple(self._wanted):
            number = _NUMBERS[lease]
            if number in others:
                self._left_at[lease] = math.inf
            elif lease not in able:
                if number in mine:
                    await session.execute(_LET_GO, (_NAMESPACE, number))
                    log.info("%s is up to others", lease)
            elif number in mine or (self._is_due(lease, now) and await _is_taken(session, number)):
                self._left_at.pop(lease, None)
                held.add(lease)
        for lease in sorted(held - self._held):
            log.info("%s is up to this process", lease)
        self._held, self._looked_at = frozenset(held), now
        self._others = frozenset(lease for lease in Lease if _NUMBERS[lease] in others)

    def _is_due(self, lease: Lease, now: float) -> bool:
        """Tell whether what is free was left to its last holder for long enough."""
        if lease in self._left_at:
            self._left_at[lease] = min(self._left_at[lease], now)
        return lease in _AT_ONCE or now - self._left_at.get(lease, -math.inf) >= _YIELD

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


async def _always() -> bool:
    return True


async def _never() -> bool:
    return False


async def _is_taken(session: psycopg.AsyncConnection, number: int) -> bool:
    answer = await (await session.execute(_TRY, (_NAMESPACE, number))).fetchone()
    return answer is not None and bool(answer[0])


def _words(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
