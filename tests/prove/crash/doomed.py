"""``python -m tests.prove.crash.doomed``: the demo's very bot, which kills itself at one moment."""

import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from bot.faultpoints import FaultPoint, listen
from bot.workspace.demo import bot
from tests.prove.crash.moment import Moment

TRACE: Final = "moments.log"  # every moment that was passed, a line each


def main() -> None:
    """Arm the moment that the first argument names, then be the bot; ``never`` is no moment."""
    fate = sys.argv.pop(1)
    moment = None if fate == "never" else Moment.parse(fate)
    trace = os.open(Path(TRACE), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    passed: Counter[str] = Counter()
    is_armed = moment is not None and not moment.after

    def pass_by(point: FaultPoint, about: str) -> None:
        nonlocal is_armed
        name = f"{point.label}:{about}" if about else point.label
        os.write(trace, f"{name}\n".encode())
        if moment is None:
            return
        if is_armed and name == moment.name:
            passed[name] += 1
            if passed[name] == moment.number:
                os.kill(os.getpid(), signal.SIGKILL)
        if name == moment.after:
            is_armed = True

    listen(pass_by)
    bot.main()


if __name__ == "__main__":
    main()
