"""A fresh plant for every test of the engine."""

import pytest

from tests.bot.engine.plant import PLANT, Plant


@pytest.fixture(autouse=True)
def plant() -> Plant:
    """Put every lever back and forget how it behaved."""
    PLANT.__init__()  # type: ignore[misc]
    return PLANT
