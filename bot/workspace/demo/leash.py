"""``python -m bot.workspace.demo.leash MODULE …`` runs a module that ends when its starter does."""

import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

_ENDS_WITHIN: Final = 5.0


def main() -> None:
    """Run the module as the main program; the starter's end of standard input is the leash."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_starter() -> None:
    # Nothing is ever written: this returns when the starter is gone, even by kill -9.
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)  # what it started has to end, too
    time.sleep(_ENDS_WITHIN)
    os._exit(1)


if __name__ == "__main__":
    main()
