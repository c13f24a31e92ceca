"""Durable execution with the real DBOS, in processes that are really killed."""

import base64
import pickle
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "tests.bot.engine.durable_process")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the process to its end."""
    return subprocess.run(
        [*COMMAND, str(folder), *words], capture_output=True, text=True, timeout=60, check=False
    )


def ran(folder: Path) -> Counter[str]:
    """Return how often each piece ran."""
    return Counter((folder / "ran").read_text("ascii").split("\n")[:-1])


def test_a_killed_execution_goes_on_where_it_was(tmp_path: Path) -> None:
    """After a kill in the middle, finished pieces are not run again and the rest is."""
    assert run(tmp_path, "rb-1.1", "right").returncode == -9
    again = run(tmp_path, "rb-1.1")
    assert again.returncode == 0, again.stderr
    assert ran(tmp_path)["first"] == 1
    assert ran(tmp_path)["right"] == 2
    assert ran(tmp_path)["end of rb-1.1"] == 1


@pytest.mark.parametrize("lost", ["dbos.sqlite"])
def test_a_lost_database_of_the_engine_starts_it_anew(tmp_path: Path, lost: str) -> None:
    """Without its tables nothing is known to be live, so the execution is simply started again."""
    run(tmp_path, "rb-1.1", "right")
    for file in tmp_path.glob(f"{lost}*"):
        file.unlink()
    assert run(tmp_path, "rb-1.1").returncode == 0
    assert ran(tmp_path)["first"] == 2


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    """Two processes on one folder would run everything twice, so the second one ends at once."""
    with subprocess.Popen(
        [*COMMAND, str(tmp_path), "rb-1.1", "wait"], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout
        assert first.stdout.readline() == "waiting\n"
        second = run(tmp_path, "rb-1.1")
        first.kill()
    assert second.returncode == 1
    assert "Another Twokey runs" in second.stderr


def test_a_piece_that_breaks_off_waits_for_its_neighbour(tmp_path: Path) -> None:
    """What is in flight beside a failing piece ends before the execution does."""
    run(tmp_path, "rb-1.1", "fails")
    lines = (tmp_path / "ran").read_text("ascii").split()
    assert " ".join(lines).endswith("right ended broke off")


@pytest.mark.parametrize(("version", "is_live"), [("twokey-2", "True"), ("twokey-1", "False")])
def test_what_an_older_shape_began_is_not_live(tmp_path: Path, version: str, is_live: str) -> None:
    """DBOS would leave an execution of another shape pending for ever, so it counts as lost."""
    run(tmp_path, "rb-1.1", "right")
    with closing(sqlite3.connect(tmp_path / "dbos.sqlite")) as tables, tables:
        tables.execute("UPDATE workflow_status SET application_version = ?", (version,))
    assert run(tmp_path, "rb-1.1", "asks").stdout.strip() == is_live


def test_a_pickle_in_its_tables_is_never_read(tmp_path: Path) -> None:
    """Whoever writes a row of the engine's own runs nothing here, whatever the row says it is."""
    run(tmp_path, "rb-1.1", "right")
    marker = tmp_path / "broken-into"
    evil = base64.b64encode(pickle.dumps(Evil(marker))).decode()
    with closing(sqlite3.connect(tmp_path / "dbos.sqlite")) as tables, tables:
        tables.execute("UPDATE workflow_status SET serialization = 'py_pickle'")
        tables.execute("UPDATE workflow_input SET inputs = ?", (evil,))

    run(tmp_path, "rb-1.1", "asks")

    assert not marker.exists()


class Evil:
    """Makes a file as soon as it is read back."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.marker,)
