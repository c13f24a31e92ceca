"""Wakes whoever waits for work before the time is up."""

import asyncio

from bot.ports import Clock


class Bell:
    """Rung when there may be work."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits, or whoever waits next."""
        self._rung.set()

    def quieten(self) -> None:
        """Forget what came before: everything is looked at now."""
        self._rung.clear()

    async def wait(self, clock: Clock, seconds: float, *tasks: asyncio.Task[None]) -> None:
        """Wait that long, or until it rings, or until one of these tasks is done."""
        rung = asyncio.create_task(self._rung.wait())
        slept = asyncio.create_task(clock.sleep(seconds))
        try:
            await asyncio.wait({rung, slept, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            rung.cancel()
            slept.cancel()
