"""What a decision at a terminal takes, whatever the terminal is like and whoever types."""

from pathlib import Path
from typing import Any

import pytest

from bot.cli.deciding import rejected
from bot.cli.hand import Hand
from bot.domain.errors import TwokeyError
from bot.message import Message
from tests.bot.builders import rollback
from tests.bot.cli.shop import ended, shop


def test_an_approval_in_the_start_delay_is_asked_for(tmp_path: Path) -> None:
    """As long as an approval counts it takes a typed yes or a digest, also behind the quorum."""
    with shop(tmp_path, "sqlite:///twokey.db", start_delay="300s") as here:
        file = tmp_path / "twokey.yaml"
        file.write_text(file.read_text().replace("manager-two]", "manager-two, outsider]"))
        here.starts("responder", "rollback", "backend")
        known = here.until("pending")
        for person in ("manager-one", "manager-two"):
            assert here.attempts(person, "approve", "--digest", known["digest"])[0] == 0
        here.until("quorum")
        code, said = here.attempts("outsider", "approve")
        assert (code, "In a script, say --digest DIGEST" in said) == (2, True), said
        assert here.status()[0]["approvals"] == ["manager-one", "manager-two"]


def test_a_terminal_that_knows_few_letters(tmp_path: Path) -> None:
    """Where the locale is not UTF-8 a decision is made all the same."""
    with shop(tmp_path, "sqlite:///twokey.db") as here:
        here.starts("responder", "rollback", "backend")
        known = here.until("pending")
        words = ("approve", "--digest", known["digest"], "--key", "manager-one.pem")
        done = ended(here.start_module("bot", *words, PYTHONIOENCODING="ascii"))
        assert (done.returncode, here.status()[0]["given"]) == (0, 1), done.stderr


def test_a_reason_is_no_book(tmp_path: Path) -> None:
    """A reason that is too long is refused before anything is decided."""
    with shop(tmp_path, "sqlite:///twokey.db") as here:
        here.starts("responder", "rollback", "backend")
        here.until("pending")
        code, said = here.attempts("manager-one", "reject", "--reason", "x" * 70_000)
        assert (code, "longer than 4000 characters" in said) == (2, True), said[:200]
        assert here.status()[0]["state"] == "pending"


class OnlyOnce(Hand):
    """A hand that the database takes one act from, and no second one."""

    async def do(self, verb: str, *_: Any, **__: Any) -> Message:
        if self.done:
            raise TwokeyError("The database did not answer. Nothing was changed.")
        self.done.append(verb)
        return Message("It is rejected.")


async def test_a_no_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    """If only the reason is lost it is said that the rejection stands."""
    nothing: Any = None
    hand = OnlyOnce(nothing, nothing, nothing, nothing, [])
    known = rollback()
    message = await rejected(hand, known, "The fix is merged")
    assert message.text == "It is rejected."
    assert f"{known.id} is rejected all the same, without your reason." in capsys.readouterr().err


def test_what_is_said_about_a_mistake_controls_no_terminal(tmp_path: Path) -> None:
    """Whatever was typed comes back without anything that moves the cursor or turns around."""
    with shop(tmp_path, "sqlite:///twokey.db") as here:
        wrong = here.run("check", "--config", "a\x1b[2J\u202e:fire:[b].yaml")
        assert (wrong.returncode, "\x1b" in wrong.stderr) == (2, False), wrong.stderr
        assert "\u202e" not in wrong.stderr
        assert ":fire:[b].yaml" in wrong.stderr
