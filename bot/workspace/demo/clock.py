"""A clock that runs faster than the world; only the demo has one."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime


class AcceleratedClock:
    """Time that runs ``factor`` times faster since a moment, also for a process started later."""

    def __init__(
        self, *, factor: float, since: float, real: Callable[[], float] = time.time
    ) -> None:
        """Start from ``since``, in seconds of the real clock."""
        self._factor = factor
        self._since = since
        self._real = real

    def now(self) -> datetime:
        """Return the accelerated time in UTC."""
        passed = (self._real() - self._since) * self._factor
        return datetime.fromtimestamp(self._since + passed, UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""
        await asyncio.sleep(seconds / self._factor)
