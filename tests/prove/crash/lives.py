"""The bot's lives, each a process of its own, forked from one that did nothing but load the code.

Loading the code takes longer than most lives, and nothing can go wrong in it that a death tries.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Final

from bot.faultpoints import listen
from bot.workspace.demo import bot
from tests.prove.crash.fate import Fate

_ENDS_WITHIN: Final = 30.0  # what a deployment waits
# What a bot of the demo loads only when it is configured, and whatever else a child would load.
_LOADED: Final = (
    "pytest",
    "tests.prove.crash.lives",
    "tests.prove.crash.fate",
    "bot.slack",
    "bot.discord",
    "bot.storage.store",
)


class Life:
    """A bot that lives in a folder, until somebody or its own fate ends it."""

    def __init__(
        self, folder: Path, fate: str, options: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Start it; what it writes is appended to ``bot.log``."""
        self._process: ForkServerProcess = _nursery().Process(
            target=_live, args=(folder, fate, tuple(options), dict(environment)), daemon=True
        )
        self._process.start()

    async def wait(self) -> int:
        """Return how it ended: negative for the signal that killed it."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        sentinel = os.dup(self._process.sentinel)  # whoever waits may be cancelled, and others wait
        loop.add_reader(sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(sentinel)
            os.close(sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    async def end(self) -> int:
        """Ask it to end, and kill it if it does not."""
        self._process.terminate()
        try:
            return await asyncio.wait_for(self.wait(), _ENDS_WITHIN)
        except TimeoutError:
            self._process.kill()
            return await self.wait()


def _nursery() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_LOADED))
    return context


def _live(folder: Path, fate: str, options: Sequence[str], environment: Mapping[str, str]) -> None:
    """Be the bot, in the forked process."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    os.dup2(os.open(folder / "bot.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.chdir(folder)
    os.environ.clear()  # noqa: TID251 - the bot finds nothing else
    os.environ.update(environment)  # noqa: TID251
    sys.argv = ["bot", *options]
    listen(Fate(fate).pass_by)
    bot.main()


def _end_with_starter() -> None:
    starter = multiprocessing.parent_process()
    assert starter is not None
    starter.join()
    os.kill(os.getpid(), signal.SIGKILL)
