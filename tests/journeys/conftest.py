"""Starts ``twokey demo`` as people do."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import specifications
from tests.recorder.arrived import Arrived, arrived, hear
from tests.recorder.recorder import the_recorder

DEMO = (sys.executable, "-m", "bot.cli", "demo")
PATIENCE = 60.0
# Read once: pytest writes into the environment at each test, while threads of ours play stories.
_BEGAN_WITH = dict(os.environ)
# What a user's machine may hold, and what must have no part in any story.
POISON = {
    "SLACK_BOT_TOKEN": "xoxb-of-a-real-team",
    "SLACK_APP_TOKEN": "xapp-of-a-real-team",
    "SLACK_API_BASE": "https://evil.example/api/",
    "VERCEL_TOKEN": "of-a-real-team",
    "RAILWAY_TOKEN": "of-a-real-project",
    "TWOKEY_CONFIG": "/nowhere/twokey.yaml",
    "DATABASE_URL": "postgresql://evil.example/production",
    "PYTHONWARNINGS": "error::SyntaxWarning",
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"), "http://127.0.0.1:9"),
}


@dataclass(frozen=True)
class Told:
    """How a headless demo ended and what it printed."""

    status: int
    lines: list[str]
    trouble: str
    sent: tuple[Arrived, ...]  # by the bot, to the chats

    @property
    def facts(self) -> dict[str, Any]:
        """The last line, which is one JSON object."""
        return dict(json.loads(self.lines[-1]))


def environment(**more: str) -> dict[str, str]:
    """Return the environment that this very test run began with, with something more in it."""
    return {**_BEGAN_WITH, **more}


def tell(story: str, *options: str) -> Told:
    """Play a story to its end, in an environment that would lead it astray; judge what is sent."""
    done = subprocess.run(
        [*DEMO, "--headless", "--keep", "--story", story, *options],
        env=environment(**POISON),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    said, kept, folder = done.stderr.rpartition("All that was written is in ")
    assert kept, done.stderr
    sent = tuple(arrived(Path(folder.strip())))
    shutil.rmtree(folder.strip())
    recorder = the_recorder(specifications()).aside(f"the story {story}")
    hear(recorder, sent)
    assert not (complaints := recorder.taken_complaints()), complaints
    return Told(done.returncode, done.stdout.splitlines(), said, sent)


@pytest.fixture(scope="module")
def stories(request: pytest.FixtureRequest) -> Iterator[Callable[..., Told]]:
    """Plays all stories that the selected tests of a file name, two at a time, each once."""
    tests = (item for item in request.session.items if isinstance(item, pytest.Function))
    selected = (item for item in tests if item.module is request.module)
    named = (one.callspec.params for one in selected if "story" in one.fixturenames)
    every = (_options(**{key: str(value) for key, value in one.items()}) for one in named)
    wanted = tuple(dict.fromkeys(every))  # in the order in which they are asked for
    with ThreadPoolExecutor(2) as pool:
        plays = {options: pool.submit(tell, *options) for options in wanted}
        yield lambda story, **more: plays[_options(story=story, **more)].result()


def _options(*, story: str, store: str = "sqlite", chat: str = "", **_: str) -> tuple[str, ...]:
    """Return how one story is played."""
    return (story, "--store", store, *(("--chat", chat) if chat else ()))
