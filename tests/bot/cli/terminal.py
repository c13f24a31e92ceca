"""A terminal at which somebody sits, looks, and types one thing."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable

from tests.bot.cli.shop import PATIENCE, Shop


def typed(
    here: Shop,
    answer: str,
    *words: str,
    asked: str = "Type yes",
    before: Callable[[], object] = lambda: None,
    terminal: str = "xterm",
) -> tuple[int, str]:
    """Run a command on a terminal, type something once it asks, and return what was seen.

    ``before`` is what happens in the meantime.
    """
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "bot", *words],
        env=here.environment(TERM=terminal),
        cwd=here.folder,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    seen, until, has_answered = b"", time.monotonic() + PATIENCE, False
    try:
        while time.monotonic() < until:
            ready, _, _ = select.select([master], [], [], 0.1)
            try:
                more = os.read(master, 65536) if ready else b""
            except OSError:  # the other side is gone
                break
            seen += more
            if asked.encode() in seen and not has_answered:
                before()
                os.write(master, answer.encode() + b"\n")
                has_answered = True
        return child.wait(PATIENCE), seen.decode()
    finally:
        child.kill()
        child.wait()
        os.close(master)
