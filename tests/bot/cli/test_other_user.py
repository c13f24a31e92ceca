"""Whoever is not the bot's user is told so."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.cli.shop import PATIENCE, Done, Shop, shop

_NOBODY = 65534
_POWERLESS = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")  # root, who owns nothing there
COMMANDS = (
    *(("status",), ("audit",), ("serve",)),
    *(("approve", "--key", "responder.pem"), ("rollback", "backend", "--key", "responder.pem")),
)


@pytest.fixture
def here() -> Iterator[Shop]:
    """A shop whose folder everybody may enter, with the files of a bot in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        with shop(path, "sqlite:///state/twokey.db") as opened:
            file = path / "twokey.yaml"
            file.write_text(file.read_text().replace("file:audit.key", "file:state/audit.key"))
            (path / "state").mkdir()
            (path / "audit.key").rename(path / "state/audit.key")
            bot = opened.serve()
            bot.kill()
            bot.wait()
            yield opened


def as_somebody_else(here: Shop, *words: str) -> Done:
    """Run a command as a user to whom nothing there belongs."""
    return subprocess.run(
        [*(_POWERLESS if os.geteuid() == 0 else ()), sys.executable, "-m", "bot", *words],
        env=here.environment(),
        cwd=here.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("closed", ["folder", "files"])
def test_somebody_else_gets_a_sentence(here: Shop, closed: str) -> None:
    """Whether the folder is closed or the files in it, every command says who has to run it."""
    state = here.folder / "state"
    if os.geteuid() == 0:
        for path in (state, *state.iterdir()):
            os.chown(path, _NOBODY, _NOBODY)
        state.chmod(0o700 if closed == "folder" else 0o755)
    else:
        for path in [state] if closed == "folder" else state.iterdir():
            path.chmod(0)
    for words in COMMANDS:
        done = as_somebody_else(here, *words)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), (words, done.stderr)
        assert "as the user who runs the bot" in done.stderr, (words, done.stderr)
    state.chmod(0o700)  # whoever cleans up has to get in
