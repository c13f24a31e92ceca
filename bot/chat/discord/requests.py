"""Requests that go on although nobody waits for them any more.

While discord.py waits for a limit that holds for all calls, it holds all others back, and lets them
go when it has waited; a request that is cancelled meanwhile would hold them back for ever.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from bot.chat.discord.refusals import busy

T = TypeVar("T")

_MOST_ABANDONED: Final = 100
_BREATH: Final = 5.0  # seconds, until some of them have ended


class Requests:
    """Makes requests that only the end of the process cancels."""

    def __init__(self) -> None:
        """Start with none."""
        self._running: set[asyncio.Task[Any]] = set()
        self._abandoned: dict[asyncio.Task[Any], str] = {}

    async def make(self, request: Callable[[], Coroutine[Any, Any, T]], *, after: str = "") -> T:
        """Return what a request brings; whoever is cancelled meanwhile abandons it.

        ``after`` names what it writes to: it begins when no abandoned one writes there any more,
        so that nothing old is written over something new.
        """
        while earlier := [one for one, to in self._abandoned.items() if to == after != ""]:
            await asyncio.wait(earlier)
        if len(self._abandoned) >= _MOST_ABANDONED:
            raise busy(_BREATH)
        return await self.wait_for(self.begin(request()), writing_to=after)

    def begin(self, request: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Let a request begin."""
        task = asyncio.create_task(request)
        self._running.add(task)
        task.add_done_callback(self._forget)
        return task

    async def wait_for(self, task: asyncio.Task[T], *, writing_to: str = "") -> T:
        """Return what a request brings that has begun."""
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            if not task.done():
                self._abandoned[task] = writing_to
            raise
        return task.result()

    async def close(self) -> None:
        """Give up all that have not ended."""
        tasks = tuple(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        self._abandoned.pop(task, None)
        if not task.cancelled():
            task.exception()  # of an abandoned one, nobody else would look at it
