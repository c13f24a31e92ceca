"""The command line, run as people run it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.options import books
from bot.clock import SystemClock
from bot.reports import audit_key
from bot.storage.store import SqlStore
from bot.workspace.demo.stories import read_stories

EXAMPLE = Path(__file__).parents[2] / "docs/examples/shop.yaml"
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "VERCEL_TOKEN": "vercel-token",
    "RAILWAY_TOKEN": "railway-token",
}


def twokey(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        env={**os.environ, **environment},  # noqa: TID251 - the command needs its own
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_good_file_says_what_to_do_next() -> None:
    """The example configuration is good once its secrets are set."""
    done = twokey("check", "--config", str(EXAMPLE), **SECRETS)
    assert done.returncode == 0, done.stderr
    assert "Next: twokey serve" in done.stdout


def test_a_missing_file_is_a_sentence() -> None:
    """A file that is not there ends with a sentence and exit code 2, not with a traceback."""
    done = twokey("check", "--config", "nowhere.yaml")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "there is no such file" in done.stderr


def test_the_schema_is_json() -> None:
    """Editors get a JSON Schema that knows the actions."""
    assert '"vercel.rollback"' in twokey("check", "--schema").stdout


def test_a_target_can_not_be_called_like_a_command(tmp_path: Path) -> None:
    """A target that nobody could type is refused before anything starts."""
    named = tmp_path / "twokey.yaml"
    named.write_text(EXAMPLE.read_text("utf-8").replace("name: backend", "name: status"), "utf-8")
    done = twokey("check", "--config", str(named), **SECRETS)
    assert done.returncode == 2
    assert "can't be called “status”" in done.stderr


async def test_an_unknown_rollback_is_a_sentence(tmp_path: Path) -> None:
    """Reading needs no token; an unknown rollback is a sentence, and the empty chain is intact."""
    here = tmp_path / "twokey.yaml"
    here.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    settings = books(here)
    store = SqlStore(settings.database_url, clock=SystemClock(), audit_key=audit_key(settings))
    await store.open()
    await store.close()
    missing = twokey("summary", "rb-0000", "--config", str(here))
    assert "There is no rollback rb-0000" in missing.stderr
    assert (missing.returncode, "Traceback" in missing.stderr) == (2, False)
    audit = twokey("audit", "--config", str(here))
    assert "intact" in audit.stdout


@pytest.mark.parametrize("command", [("audit",), ("summary", "rb-0000"), ("people", "link")])
def test_what_is_missing_is_not_found_intact(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Where the database is gone nothing is good, and none is made by whoever looks for it."""
    here = tmp_path / "twokey.yaml"
    here.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    key = books(here).audit_key
    assert isinstance(key, Path)
    key.touch(0o600)
    key.write_text("ab" * 32)
    before = set(tmp_path.iterdir())
    done = twokey(*command, "--config", str(here))
    assert (done.returncode, "There is no database at" in done.stderr) == (2, True), done
    assert set(tmp_path.iterdir()) == before


def test_help_lists_the_stories() -> None:
    """What can be played stands in the help, and all of it can be played."""
    told = " ".join(twokey("demo", "--help", COLUMNS="1000", TERM="dumb").stdout.split())
    assert f"with --headless: {', '.join(read_stories())}." in told
