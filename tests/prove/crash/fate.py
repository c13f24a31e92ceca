"""What still has to kill a bot: it does so itself, with a signal that nobody can catch."""

import os
import signal
from typing import Final

from bot.faultpoints import FaultPoint
from tests.prove.crash.moment import Moment

TRACE: Final = "moments.log"  # every moment that was passed, a line each
DIED: Final = "died-"  # a file for each death, which only one process can make


class Fate:
    """What still has to kill one of the processes that live in the current folder."""

    def __init__(self, words: str) -> None:
        """Read the moments, in the order of the deaths."""
        self._moments = [Moment.parse(word) for word in words.split()]
        self._trace = os.open(TRACE, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self._turn = -1
        self._take_turn()

    def pass_by(self, point: FaultPoint, about: str) -> None:
        """Write down that this moment is now, and die if it is the one."""
        name = f"{point.label}:{about}" if about else point.label
        os.write(self._trace, f"{name}\n".encode())
        if self._turn < len(self._moments) and os.path.exists(f"{DIED}{self._turn}"):  # noqa: PTH110
            self._take_turn()
        if self._turn == len(self._moments):
            return
        moment = self._moments[self._turn]
        if self._is_armed and name == moment.name:
            self._passed += 1
            if self._passed == moment.number:
                self._die()
        self._is_armed |= name == moment.after

    def _take_turn(self) -> None:
        self._turn += 1
        while os.path.exists(f"{DIED}{self._turn}"):  # noqa: PTH110 - no objects on the way
            self._turn += 1
        self._passed = 0
        self._is_armed = self._turn < len(self._moments) and not self._moments[self._turn].after

    def _die(self) -> None:
        try:
            os.close(os.open(f"{DIED}{self._turn}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            self._take_turn()  # another process was faster
        else:
            os.kill(os.getpid(), signal.SIGKILL)
