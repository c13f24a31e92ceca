"""The deliveries of a chat that are being answered right now, side by side."""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from bot.chat.discreet import log_without_words

T = TypeVar("T")


class Deliveries:
    """Keeps what has begun until it ended, is settled, or is given up."""

    def __init__(self, log: logging.Logger) -> None:
        """Begin with nothing; what breaks is told to the log, without anybody's words."""
        self.turned_away: Counter[str] = Counter()
        self._log = log
        self._tasks: set[asyncio.Task[Any]] = set()

    async def settle(self, *, seconds: float) -> None:
        """Let what is being answered end, but wait no longer than this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._tasks:
                    await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Give up what has not ended."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log_without_words(self._log, "A delivery failed", error)
