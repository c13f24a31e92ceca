"""What carries a rollback out outlives whoever looks at it, and says when it does not."""

import signal
from pathlib import Path

import pytest

from bot.cli.steady import Steady, going_on
from tests.bot.cli.shop import ended, shop


def test_nobody_reads_any_more(tmp_path: Path) -> None:
    """If whoever reads what is shown goes away, it is carried out all the same."""
    with shop(tmp_path, "sqlite:///twokey.db") as here:
        asking = here.starts("responder", "rollback", "backend")
        known = here.until("pending")
        assert here.approve("manager-one", known).returncode == 0
        assert asking.stdout
        asking.stdout.close()
        assert here.approve("manager-two", known).returncode == 0
        done = ended(asking)
        assert (done.returncode, here.effects()) == (0, {"railway.rollback": 1}), done.stderr
        assert here.status(known["id"])[0]["state"] == "succeeded"


def test_the_line_is_lost(tmp_path: Path) -> None:
    """If the terminal goes away or Ctrl-Z is typed, it is carried out all the same."""
    with shop(tmp_path, "sqlite:///twokey.db") as here:
        asking = here.starts("responder", "rollback", "backend")
        known = here.until("pending")
        asking.send_signal(signal.SIGTSTP)
        asking.send_signal(signal.SIGHUP)
        for person in ("manager-one", "manager-two"):
            assert here.approve(person, known).returncode == 0
        assert (ended(asking).returncode, here.effects()) == (0, {"railway.rollback": 1})


def test_the_database_is_away_for_a_while(tmp_path: Path) -> None:
    """What can't be looked at for a while is carried out all the same, and shown again."""
    with shop(tmp_path, "sqlite:///twokey.db") as here:
        asking = here.start_module(
            "tests.bot.cli.outage", "rollback", "backend", "--key", "responder.pem"
        )
        known = here.until("pending")
        (tmp_path / "outage").touch()
        assert asking.stderr
        while "looked at again" not in (line := asking.stderr.readline()):
            assert line, "it ended"
        for person in ("manager-one", "manager-two"):
            assert here.approve(person, known).returncode == 0
        (tmp_path / "outage").unlink()
        done = ended(asking)
        assert (done.returncode, here.effects()) == (0, {"railway.rollback": 1}), done.stderr
        assert "is rolled back: verified" in done.stdout


def test_what_goes_on_takes_no_notice() -> None:
    """As long as something goes on, a full disk, Ctrl-Z and a lost line are nothing to it."""
    before = [signal.getsignal(one) for one in (signal.SIGTSTP, signal.SIGHUP)]
    with Path("/dev/full").open("w") as full:
        console = Steady(file=full)
        with going_on(console):
            console.print("Nobody reads this.")
            during = [signal.getsignal(one) for one in (signal.SIGTSTP, signal.SIGHUP)]
            console.print("Nor this.")
    after = [signal.getsignal(one) for one in (signal.SIGTSTP, signal.SIGHUP)]
    assert (during, after) == ([signal.SIG_IGN] * 2, before)


def test_what_only_looks_ends() -> None:
    """Whoever only looks is done when nobody reads it any more."""
    with Path("/dev/full").open("w") as full, pytest.raises(SystemExit):
        Steady(file=full).print("Nobody reads this.")
