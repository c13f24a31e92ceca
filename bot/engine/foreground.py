"""What somebody waits for right now goes first; plans and messages wait until it is through."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

_LINGER: Final = 0.003  # the acknowledgement, or the call, leaves right after the work


class Foreground:
    """Counts the work that somebody waits for; all other work asks it for its turn."""

    def __init__(self, *, patience: float = 1.0) -> None:
        """Start with nobody waiting; ``patience`` is the longest that anything is put off."""
        self._patience = patience
        self._working = 0
        self._over = asyncio.Event()

    @contextmanager
    def working(self) -> Generator[None]:
        """Keep other work waiting until the block is left, and a moment longer."""
        self._working += 1
        self._over.clear()
        try:
            yield
        finally:
            asyncio.get_running_loop().call_later(_LINGER, self._end)

    async def over(self) -> None:
        """Wait until nobody waits for anything any more, or until that takes too long."""
        if not self._working:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while self._working:
                    await self._over.wait()

    def _end(self) -> None:
        self._working -= 1
        if not self._working:
            self._over.set()
