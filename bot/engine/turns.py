"""So many at a time are between their beginning and their call; the others wait for their turn."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

# One processor does no more at once, but a thousand that begin together hold each other up until
# the first of them is through. A few are needed to share a commit, and to fill its wait.
AT_ONCE: Final = 16
_MOMENT: Final = 0.25  # seconds; what takes longer waits for somebody else, not for the processor
# Nor may all of them ask at once: their calls would wait in line until they are given up.
_MOST_ASKING: Final = 16


class Turns:
    """Gives turns in the order in which they are asked for."""

    def __init__(self, at_once: int = AT_ONCE, *, moment: float = _MOMENT) -> None:
        """Start with all places free; who asks keeps its own for a ``moment``, in seconds."""
        self.moment = moment
        self._places = asyncio.Semaphore(at_once)
        self._asking = 0  # those who gave their place away until they are answered
        self._waiting = 0
        self._none_waits = asyncio.Event()
        self._none_waits.set()

    @asynccontextmanager
    async def taken(self) -> AsyncGenerator["Turn"]:
        """Wait for a turn, and hold it until the block is left or it is given away."""
        self._waiting += 1
        self._none_waits.clear()
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._none_waits.set()
        turn = Turn(self)
        try:
            yield turn
        finally:
            if turn.is_held:
                self._places.release()

    async def room(self) -> None:
        """Wait until nobody waits for a turn: what is not begun yet comes behind what is."""
        await self._none_waits.wait()

    def give_away(self) -> bool:
        """Let the next one in, unless too many ask already; return whether it was done."""
        if self._asking >= _MOST_ASKING:
            return False
        self._asking += 1
        self._places.release()
        return True

    def answered(self) -> None:
        """Count one less who asks."""
        self._asking -= 1


class Turn:
    """One place among those that use the processor now."""

    def __init__(self, turns: Turns) -> None:
        """Hold a place that was taken."""
        self._turns = turns
        self.is_held = True

    @contextmanager
    def asking(self) -> Generator[None]:
        """Ask somebody outside; whoever has to wait for the answer keeps nobody else waiting."""
        timer = asyncio.get_running_loop().call_later(self._turns.moment, self._give_away)
        try:
            yield
        finally:
            timer.cancel()
            if not self.is_held:
                self._turns.answered()

    def _give_away(self) -> None:
        self.is_held = not self._turns.give_away()
