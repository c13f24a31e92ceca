"""What tests of every folder need."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder of the vendors' specifications, or a loud skip."""
    folder = os.environ.get("TWOKEY_SPECS")
    if not folder:
        pytest.skip("TWOKEY_SPECS names no folder: the vendors' specifications were NOT checked")
    return Path(folder)
