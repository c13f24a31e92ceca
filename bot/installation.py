"""Make sure that the four top-level packages are really ours: their names are common words."""

import importlib.metadata
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.domain.errors import TwokeyError

PACKAGES: Final = ("bot", "commands", "adapters", "notifications")
DISTRIBUTION: Final = "twokey"


def check() -> None:
    """Refuse to start when another distribution brings a package of the same name."""
    home = Path(__file__).resolve().parent.parent
    for package, foreign in _also_installed():
        raise TwokeyError(
            f"The distribution {foreign} also installs a package called {package}, so it is "
            "not certain whose code would run. Nothing was started. Install Twokey into an "
            "environment of its own."
        )
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        found = Path(spec.origin).resolve().parent.parent if spec and spec.origin else None
        if found != home:
            raise TwokeyError(
                f"The package {package} comes from {found}, not from Twokey in {home}. Nothing was "
                "started. Install Twokey into an environment of its own."
            )


def _also_installed() -> Iterator[tuple[str, str]]:
    """Yield which of our packages another distribution has, too.

    A search in plain text: to have the library list who owns what takes ten times as long.
    """
    for distribution in importlib.metadata.distributions():
        names = distribution.read_text("top_level.txt") or ""
        listed = "\n".join(("", names, distribution.read_text("RECORD") or "", ""))
        for package in PACKAGES:
            is_there = f"\n{package}\n" in listed or f"\n{package}/" in listed
            if is_there and distribution.name != DISTRIBUTION:
                yield package, distribution.name
