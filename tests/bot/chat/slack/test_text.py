"""Words from outside are made harmless and short."""

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.slack.text import clean, cut, escape, graphemes, inert, plain, unescape, units

FAMILY = "👩‍👩‍👧‍👦"
THUMB = "👍🏽"
FLAGS = "🇫🇷🇩🇪"
ACCENT = "e\u0301"


def test_graphemes_are_what_readers_count() -> None:
    """Joined emoji, skin tones, flags and accents are one character each."""
    found = list(graphemes(f"a{FAMILY}{THUMB}{FLAGS}{ACCENT}"))

    assert found == ["a", FAMILY, THUMB, "🇫🇷", "🇩🇪", ACCENT]


def test_a_cut_never_splits_a_grapheme() -> None:
    """What does not fit as a whole is left out as a whole."""
    family_and_more = f"ab{FAMILY}cd" * 3

    assert cut(family_and_more, 10) == "ab…"
    assert cut("short", 10) == "short"


@given(st.text(), st.integers(3, 80))
def test_a_cut_text_fits(text: str, most: int) -> None:
    """Whatever the text, the result is within the limit and begins like the text."""
    result = inert(text, most)

    assert units(result) <= most
    kept = result.strip("\u2068\u2069").removesuffix("…")
    assert clean(text).startswith(kept)


@given(st.text(alphabet=st.sampled_from("&<>a"), max_size=60), st.integers(3, 80))
def test_an_escaped_text_fits_and_has_no_markup(text: str, most: int) -> None:
    """Entities count in full, and none of them is cut in two."""
    result = plain(text, most)

    assert units(result) <= most
    assert not set("<>") & set(result)
    assert escape(unescape(result)) == result


def test_what_nobody_sees_is_dropped() -> None:
    """Controls, overrides of the reading direction and half characters do not get through."""
    assert clean("a\x00b\u202ec\u2066d\x1b[31me\nf") == "abcd[31me\nf"
    assert clean("half \ud83d") == "half \ufffd"


def test_text_from_right_to_left_stays_in_its_place() -> None:
    """Such a text is isolated, so that the words around it keep their order."""
    assert inert("שלום", 100) == "\u2068שלום\u2069"
    assert inert("backend", 100) == "backend"
