"""The document that judges are compared with."""

import json
from pathlib import Path

import pytest

from tests.recorder.payload import Json
from tests.recorder.recorder import DISCORD_DOCUMENT


@pytest.fixture(scope="session")
def document(specs: Path) -> Json:
    """Discord's OpenAPI document."""
    read: Json = json.loads((specs / DISCORD_DOCUMENT).read_text("utf-8"))
    return read
