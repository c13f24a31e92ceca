"""What runs a rollback outlives whoever looks at it: a reader who left, a lost line, Ctrl-Z."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final

from rich.console import Console

# A lost connection hangs up, Ctrl-Z stops, and so may a line that is written in the background.
_IGNORED: Final = (signal.SIGHUP, signal.SIGTSTP, signal.SIGTTOU)


class Steady(Console):
    """A console that falls silent when nobody can be shown anything any more."""

    goes_on = False  # else the program ends with it: it only looks

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write what was printed; a terminal that is gone or a full disk is like a closed pipe."""
        try:
            super().__exit__(exc_type, exc_value, traceback)
        except OSError:
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        """Write to nowhere from now on, and end if nothing goes on."""
        self.quiet = True
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.file.fileno())  # what is left in a buffer goes there, too
            os.close(nowhere)
        if not self.goes_on:
            raise SystemExit(1)


@contextmanager
def going_on(*consoles: Steady) -> Generator[None]:
    """Let neither a terminal nor a reader end or stop what goes on in this block."""
    before = {name: signal.signal(name, signal.SIG_IGN) for name in _IGNORED}
    _let_go_on(consoles, goes_on=True)
    try:
        yield
    finally:
        _let_go_on(consoles, goes_on=False)
        for name, handler in before.items():
            signal.signal(name, handler)


def _let_go_on(consoles: tuple[Steady, ...], *, goes_on: bool) -> None:
    for console in consoles:
        console.goes_on = goes_on
