"""The parts of the demo that stories stand on."""

import time
from io import StringIO

import pytest
from rich.console import Console

from bot.workspace.demo.clock import AcceleratedClock
from bot.workspace.demo.sides import SIDES
from bot.workspace.demo.transcript import Transcript
from bot.workspace.demo.verdict import differences
from bot.workspace.slack.reading import buttons, lines


def text(words: str) -> dict[str, str]:
    return {"type": "plain_text", "text": words}


def test_time_runs_faster_since_its_beginning() -> None:
    """An accelerated clock shows the same time to a process that is started later."""
    moment = [1_000.0]
    first = AcceleratedClock(factor=10, since=1_000.0, real=lambda: moment[0])
    before = first.now()

    moment[0] += 6
    second = AcceleratedClock(factor=10, since=1_000.0, real=lambda: moment[0])

    assert (first.now() - before).total_seconds() == 60
    assert second.now() == first.now()


async def test_sleep_is_shorter() -> None:
    """An hour on a clock that runs a million times faster is over at once."""
    clock = AcceleratedClock(factor=1_000_000, since=time.time())

    before = clock.now()
    await clock.sleep(3_600)

    assert (clock.now() - before).total_seconds() >= 3_600


def test_card_is_read_top_to_bottom() -> None:
    """Every kind of block that a card is made of becomes lines, and its buttons can be found."""
    words = [{"type": "text", "text": "Starts "}, {"type": "date", "fallback": "14:02 UTC"}]
    approve = {"type": "button", "text": text("Approve"), "action_id": "approve"}
    small = [text("until"), {"type": "mrkdwn", "text": "<!date^1^{time}|14:32 UTC>"}]
    message = {
        "text": "Approve?",
        "blocks": [
            {"type": "header", "text": text("Roll back?")},
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": words}]},
            {"type": "actions", "elements": [approve, approve | {"text": text("Stop")}]},
            {"type": "context", "elements": small},
            {"type": "divider"},
        ],
    }

    assert lines(message) == [
        "Roll back?",
        "Starts 14:02 UTC",
        "[ Approve ] [ Stop ]",
        "until 14:32 UTC",
        "(divider)",
    ]
    assert buttons(message) == {"Approve": "approve", "Stop": "approve"}


@pytest.mark.parametrize("message", [{"text": "Done."}, {"text": "Done.", "blocks": []}])
def test_plain_message(message: dict[str, str]) -> None:
    """A message without blocks says its text."""
    assert lines(message) == ["Done."]


def test_what_nobody_was_shown_is_named() -> None:
    """A story notices words that never appeared, whatever else did."""
    transcript = Transcript(Console(file=StringIO()))
    message = {"ts": "1", "user": "U00TWOKEY", "text": "Nothing was changed. Ask again."}

    transcript.listen(SIDES["slack"], "C00DEPLOYS", message)

    assert transcript.unread(["was changed", "is healthy again"]) == ["is healthy again"]


def test_another_end_is_named() -> None:
    """Facts that differ from a story's end are named, whatever seconds its steps took."""
    step = {"use": "railway.rollback", "state": "done"}
    facts = {"state": "failed", "steps": [{**step, "seconds": 0.4}]}

    assert differences(facts, {"steps": [step]}) == []
    assert differences(facts, {"state": "succeeded"}) == ["state: expected succeeded, saw failed"]
