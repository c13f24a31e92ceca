"""Durations, lists and cuts."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.words import counted, cut, duration, ended, listed


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.3, "under 1 s"),
        (1, "1 s"),
        (31.4, "31 s"),
        (60, "1 min"),
        (252, "4 min 12 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (86_400, "1 day"),
        (200_000, "2 days 7 h"),
    ],
)
def test_durations_are_read_at_a_glance(seconds: float, words: str) -> None:
    """A duration shows its two largest units, and neither of them if it is zero."""
    assert duration(seconds) == words
    assert duration(timedelta(seconds=seconds)) == words


@given(st.floats(min_value=0, max_value=1e9))
def test_any_duration_has_words(seconds: float) -> None:
    """Every duration has words that begin with a number or say that it was short."""
    words = duration(seconds)

    assert words == "under 1 s" or words[0] in "123456789"


@given(st.text(max_size=300), st.integers(min_value=2, max_value=100))
def test_a_cut_text_is_one_short_line(text: str, length: int) -> None:
    """Whatever is cut, the result is one line that is not longer than asked for."""
    short = cut(text, length)

    assert len(short) <= length
    assert short == " ".join(short.split())
    assert short == " ".join(text.split()) or short.endswith("…")


def test_a_cut_keeps_words_and_emoji_whole() -> None:
    """Neither a word nor a joined emoji is cut in two."""
    family = "👩\u200d👩\u200d👧"

    assert cut("API answers 500 since the deploy", 20) == "API answers 500…"
    assert cut(f"1234567890{family}", 14) == "1234567890…"


def test_lists_say_what_they_leave_out() -> None:
    """A long list is cut to its first items and counts the others."""
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(n) for n in range(12)]).endswith("8, 9 and 2 more")
    assert listed([]) == ""


def test_numbers_agree_with_their_nouns() -> None:
    """One is singular, everything else plural."""
    assert [counted(n, "step") for n in (0, 1, 2)] == ["0 steps", "1 step", "2 steps"]


def test_a_sentence_ends_once() -> None:
    """A full stop is added only where none of the sentence's own ends is there."""
    assert ended("Railway refused: 403") == "Railway refused: 403."
    assert ended("Ask again.") == "Ask again."
    assert ended("cut…") == "cut…"
