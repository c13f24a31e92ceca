"""The real clock: UTC, and waiting that takes as long as it says."""

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """The operating system's time."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that asks the system

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)
