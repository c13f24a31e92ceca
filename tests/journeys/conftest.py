"""Starts ``twokey demo`` as people do."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEMO = (sys.executable, "-m", "bot.cli", "demo")
PATIENCE = 60.0


@dataclass(frozen=True)
class Told:
    """How a headless demo ended and what it printed."""

    status: int
    lines: list[str]
    trouble: str

    @property
    def facts(self) -> dict[str, Any]:
        """The last line, which is one JSON object."""
        return dict(json.loads(self.lines[-1]))


def environment(**more: str) -> dict[str, str]:
    """Return the environment of this very test run, with something more in it."""
    return {**os.environ, **more}


def tell(story: str, *, poison: Mapping[str, str] | None = None) -> Told:
    """Play a story to its end."""
    done = subprocess.run(
        [*DEMO, "--headless", "--story", story],
        env=environment(**(poison or {})),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Told(done.returncode, done.stdout.splitlines(), done.stderr)
