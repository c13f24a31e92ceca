"""The same stories when Slack delivers by signed HTTP, and the health of a whole bot."""

import json
from pathlib import Path

import httpx
import pytest

from bot.workspace.demo.processes import processes
from bot.workspace.demo.stage import Setting, Stage
from tests.journeys.conftest import tell
from tests.journeys.test_stories import ENDS


@pytest.mark.parametrize("name", ["self-approval"])
def test_story_ends_as_told(name: str) -> None:
    """How deliveries arrive changes nothing of what becomes of them."""
    told = tell(name, "--transport", "http")

    assert told.status == 0, "\n".join([*told.lines, told.trouble])
    assert {**told.facts, **ENDS[name]} == told.facts


async def test_a_whole_bot_is_ready(tmp_path: Path) -> None:
    """A bot that runs says so of each of its parts, and refuses requests that nobody signed."""
    async with processes(tmp_path) as children:
        stage = await Stage.open(children, Setting(is_http=True), speed=1.0, job_seconds=0.1)
        async with httpx.AsyncClient(base_url=stage.addresses["bot"], trust_env=False) as http:
            alive = await http.get("/healthz")
            ready = await http.get("/readyz")
            forged = await http.post("/slack/commands", data={"command": "/rollback"})

    assert (alive.status_code, ready.status_code, forged.status_code) == (200, 200, 401)
    assert json.loads(ready.text)["checks"] == {"database": "ok", "executor": "ok", "chat": "ok"}
