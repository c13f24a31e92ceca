"""A fresh plant for every test of the engine."""

import pytest

from tests.bot.engine import world as worlds


@pytest.fixture(autouse=True)
def plant() -> worlds.Plant:
    """Put every lever back and forget how it behaved."""
    worlds.PLANT.__init__()  # type: ignore[misc]
    return worlds.PLANT
