"""Look at a rollback again and again, whatever becomes of the database and of who runs it."""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import typer

from bot.cli.options import say
from bot.domain.errors import TwokeyError
from bot.domain.rollback import Rollback, State
from bot.ports import Store, Transaction
from bot.storage.errors import Unreadable

T = TypeVar("T")
Looks = AsyncGenerator[tuple[Rollback, datetime]]
Tell = Callable[[str], object]

NOBODY: Final = (
    "Nobody plans or runs at this moment, so nothing happens yet. Start twokey serve: it goes on "
    "from here."
)
NOBODY_CAME: Final = 3
_AWAY: Final = "The database can't be read right now. It is looked at again and again."
_LOOK: Final = 0.5  # seconds between two looks
_LOOKS_A_GLANCE: Final = 10  # whether anybody runs costs a connection, so it is asked less often
_RESTART: Final = timedelta(minutes=5)  # a bot that is started again is back by then


async def patiently(
    read: Callable[[], Awaitable[T]], *, tell: Tell = say, longest: float = math.inf
) -> T:
    """Read until the database answers, for so many seconds; it is said once that it does not."""
    waited = 0.0
    while True:
        try:
            return await read()
        except Unreadable:
            if waited >= longest:
                raise
            if not waited:
                tell(_AWAY)
            await asyncio.sleep(_LOOK)
            waited += _LOOK


@dataclass
class Watch:
    """One rollback under a person's eyes; ``is_led`` tells whether anybody plans and runs."""

    store: Store
    rollback_id: str
    tell: Tell = say
    is_led: Callable[[], Awaitable[bool]] | None = None  # who plans and runs does not ask that
    pause: float = _LOOK
    _alone_since: datetime | None = field(default=None, init=False)

    async def looks(self) -> Looks:
        """Look again and again; the last look is the first one after its end."""
        number = 0
        look = partial(self.store.read, self._now)
        longest = math.inf if self.is_led is None else _RESTART.total_seconds()
        while True:
            rollback, now = await patiently(look, tell=self.tell, longest=longest)
            yield rollback, now
            if rollback.state.is_terminal:
                return
            if number % _LOOKS_A_GLANCE == 0:
                await self._glance(rollback, now)
            number += 1
            await asyncio.sleep(self.pause)

    async def _glance(self, rollback: Rollback, now: datetime) -> None:
        """Say that nobody plans or runs, and do not wait for ever that somebody comes."""
        if self.is_led is None:
            return
        try:
            is_led = await self.is_led()
        except TwokeyError:  # the next look says what is wrong
            return
        if is_led:
            self._alone_since = None
            return
        if self._alone_since is None:
            self._alone_since = now
            self.tell(NOBODY)
        if now >= max(_deadline(rollback) or now, self._alone_since + _RESTART):
            self.tell(f"Nobody came in time. {rollback.id} stays as it is. Next: twokey serve")
            raise typer.Exit(NOBODY_CAME)

    def _now(self, tx: Transaction) -> tuple[Rollback, datetime]:
        return tx.load(self.rollback_id), tx.now


def _deadline(rollback: Rollback) -> datetime | None:
    """Return until when it may stay as it is, where somebody plans and runs."""
    match rollback.state:
        case State.PENDING:
            return rollback.approve_by
        case State.QUORUM:
            return rollback.claim_by
        case State.WAITING:
            return rollback.doubt_until
        case _:
            return None
