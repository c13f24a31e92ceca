"""Make sure that the four top-level packages are really ours: their names are common words."""

import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Final

from bot.domain.errors import TwokeyError

PACKAGES: Final = ("bot", "commands", "adapters", "notifications")
DISTRIBUTION: Final = "twokey"


def check() -> None:
    """Refuse to start when another distribution brings a package of the same name."""
    home = Path(__file__).resolve().parent.parent
    owners = importlib.metadata.packages_distributions()
    for package in PACKAGES:
        foreign = sorted(set(owners.get(package, ())) - {DISTRIBUTION})
        if foreign:
            raise TwokeyError(
                f"The distribution {foreign[0]} also installs a package called {package}, so it is "
                "not certain whose code would run. Nothing was started. Install Twokey into an "
                "environment of its own."
            )
        spec = importlib.util.find_spec(package)
        found = Path(spec.origin).resolve().parent.parent if spec and spec.origin else None
        if found != home:
            raise TwokeyError(
                f"The package {package} comes from {found}, not from Twokey in {home}. Nothing was "
                "started. Install Twokey into an environment of its own."
            )
