"""Messages on a terminal: the same words as in chats, and nobody else's words control anything."""

import io
import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.chat.terminal.drawing import draw, inert
from bot.domain.people import Account
from bot.message import (
    Block,
    Button,
    Buttons,
    Checklist,
    Code,
    Fact,
    Facts,
    Line,
    Link,
    Mark,
    Mention,
    Message,
    Note,
    Quote,
    Strong,
    Tick,
    Ticket,
    Title,
    When,
)

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = (
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "\x9b31m",
    "one\rtwo\nthree\x08four",
    "[bold]x[/bold] [link=https://evil.example]y[/link] [/]",
    ":skull: {id} %s",
    "\u202egnp.exe\u2066\u200b",
    "\ud800\U000e0041",
)


def drawn(message: Message, *, colours: bool = False, now: datetime | None = None) -> str:
    """Return what a terminal of eighty columns is sent."""
    console = Console(
        file=io.StringIO(),
        width=80,
        force_terminal=colours,
        color_system="truecolor" if colours else None,
    )
    console.print(draw(message, now=now), markup=False, highlight=False, emoji=False)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def blocks(words: str) -> tuple[Block, ...]:
    """Return one block of each kind, and in them everything that holds words."""
    parts = (words, Strong(words), Code(words), Link(words, words), When(NOON))
    ticket = str(Ticket("rb-7f3k", "f" * 64, "api"))
    return (
        Title(words),
        Line((*parts, Mention(Account("slack", words, words)))),
        Facts((Fact(words, parts), Fact("Plan", (words,)))),
        Checklist(words, tuple(Tick(mark, parts) for mark in Mark)),
        Quote(words),
        Note(parts),
        Buttons((Button(words, "approve", ticket), Button(words, "settle_yes", ticket))),
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_known_tricks_are_inert(words: str) -> None:
    """What moves cursors, sets titles, makes links or hides on other terminals does nothing."""
    check_inert(words)


@given(st.text())
def test_whatever_is_said_is_inert(words: str) -> None:
    """Nothing that anybody can say is sent to the terminal as more than letters."""
    check_inert(words)


def check_inert(words: str) -> None:
    """Draw it everywhere, with colours and without."""
    for message in (Message(words), Message(words, blocks(words))):
        for colours in (False, True):
            seen = COLOURS.sub("", drawn(message, colours=colours))
            assert {char for char in seen if unicodedata.category(char) in {"Cc", "Cs"}} <= {"\n"}
            assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", seen)
            if not colours:
                assert "\x1b" not in drawn(message)


def test_markup_is_shown_as_it_was_typed() -> None:
    """Brackets and colons mean nothing, so that they can be read."""
    words = "[bold]x[/bold] :skull: [/]"
    assert words in drawn(Message("", (Line((words,)),)))
    assert words in drawn(Message(words))


def test_a_text_is_one_line() -> None:
    """Nobody makes a line that looks like one of ours."""
    assert inert("fine\nApprovals  2 of 2\r\x1b[A") == "fine Approvals  2 of 2  [A"


def test_a_button_becomes_what_is_typed() -> None:
    """Whoever can't press a button reads the command that does the same."""
    ticket = str(Ticket("rb-7f3k", "f" * 64, "api"))
    buttons = (
        Button("Approve", "approve", ticket),
        Button("It happened", "settle_yes", ticket),
        Button("Ask again", "again", ticket),
    )
    seen = drawn(Message("", (Buttons(buttons),)))
    assert re.search(r"Approve +twokey approve rb-7f3k", seen)
    assert re.search(r"It happened +twokey settle api yes rb-7f3k", seen)
    assert "Ask again" not in seen


def test_moments_are_in_one_zone() -> None:
    """Moments are in UTC, today's without their date, and as old as they are."""
    message = Message("", (Line((When(NOON, relative=True), " and ", When(NOON))),))
    ages = (timedelta(seconds=5), timedelta(minutes=6), timedelta(hours=3), timedelta(days=2))
    seen = [drawn(message, now=NOON + age).strip() for age in ages]
    assert seen == [
        "12:00 UTC (5 s ago) and 12:00 UTC",
        "12:00 UTC (6 min ago) and 12:00 UTC",
        "12:00 UTC (3 h ago) and 12:00 UTC",
        "2026-11-28 12:00 UTC (2 d ago) and 2026-11-28 12:00 UTC",
    ]
    assert drawn(message).strip() == "2026-11-28 12:00 UTC and 2026-11-28 12:00 UTC"
