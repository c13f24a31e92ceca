"""Words from outside are made harmless and short."""

import re
import unicodedata
from itertools import accumulate

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.chat.clean import clean, graphemes
from bot.chat.cut import cut, units
from bot.chat.slack.text import escape, fallback, inert, plain, unescape

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


HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("<>&@#*_~`:!|^/ .aA\n\u202e\u200b\u200d\u2067\U000e0041🏴👩"),
        st.characters(),
    ),
    max_size=80,
)


@given(HOSTILE, st.integers(4, 120))
@example(
    ":tada: <!channel> *bold* @everyone https://evil.example www.evil.example `x` _y_ ~z~", 200
)
@example("__x __init__ **x** ~~x~~ ``x``", 200)
@example("<@U00MANAGER1> <#C00DEPLOYS> <https://evil.example|Approve>", 200)
def test_nothing_in_a_bare_text_means_anything(text: str, most: int) -> None:
    """The text that a phone shows names nobody, links nowhere, formats nothing and fits."""
    result = fallback(text, most)

    assert units(result) <= most
    assert not set("<>") & set(result)
    assert not re.search(r":[\w+-]+:|@\w|#\w|`(?!\u2060)|(?<!\w)[*_~](?![\s\u2060])\S", result)
    assert not re.search(r"\w://|www\.\w", result, re.IGNORECASE)
    assert clean(unescape(result)).replace("\u2060", "").rstrip("…") in clean(text)


@given(HOSTILE)
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    """Nothing unseen is left, not even what only showed up when something else was dropped."""
    result = clean(text)

    assert clean(result) == result
    kept = {char for char in result if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert kept <= {"\n", "\t", "\u200c", "\u200d"} | {chr(tag) for tag in range(0xE0020, 0xE0080)}
    assert not re.search("[\x00-\x7f][\u200c\u200d]|[\u200c\u200d][\x00-\x7f]", result)


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦",  # a family
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
        "🇫🇷",
        "1️⃣",
        "e\u0301\u0323",
        "\u1112\u1161\u11ab",  # Hangul, letter by letter
        "\ua960\ud7b0\ud7cb",  # old Hangul
        "क्‍ष",  # a conjunct with a joiner
        "می‌خواهم"[1:4],  # Persian with a non-joiner
    ],
)
def test_whole_characters_are_kept_or_left_out(text: str) -> None:
    """What readers take for one character is never changed, and never cut in two."""
    assert clean(text) == text
    for most in range(3, 40):
        shown = inert(f"{text}{text}{text}", most).strip("\u2068\u2069").removesuffix("…")
        whole = "".join(graphemes(text))
        assert whole == text
        assert shown in {"".join(list(graphemes(text * 3))[:n]) for n in range(20)}


NAMED = st.characters().filter(lambda char: unicodedata.category(char) != "Cn")
JOINING = st.sampled_from(
    "\r\na👩👍🏽🇫🇷\u200d\u200c\ufe0f\u0301\u1100\u1161\u11a8가\ua960क्षि\u0d4e\u0600\u0e33ק"
)


@given(st.text(alphabet=st.one_of(JOINING, NAMED), max_size=20))
@settings(max_examples=300)
def test_no_cut_splits_what_unicode_joins(text: str) -> None:
    """Wherever we may cut, Unicode's own rules (UAX #29) see a border as well."""
    ours, theirs = list(graphemes(text)), regex.findall(r"\X", text)

    assert "".join(ours) == text
    assert set(accumulate(map(len, ours))) <= set(accumulate(map(len, theirs)))


def test_no_pair_of_characters_is_split_that_unicode_joins() -> None:
    """Every character but the ideographs is tried behind and before a few that join."""
    ranges = ((0, 0x3400), (0xD7A4, 0x17000), (0x1F000, 0x1FB00), (0xE0000, 0xE0200))
    known = [chr(number) for start, end in ranges for number in range(start, end)]
    named = [char for char in known if unicodedata.category(char) not in {"Cn", "Co"}]

    split = [
        pair
        for char in named
        for pair in (f"a{char}", f"{char}a", f"\u1100{char}", f"क्{char}")
        if len(list(graphemes(pair))) > len(regex.findall(r"\X", pair))
    ]

    assert split == []


def test_a_pile_of_marks_is_taken_down() -> None:
    """Marks don't cover the lines above and below."""
    assert clean("a" + "\u0301" * 500 + "b") == "a" + "\u0301" * 8 + "b"


@pytest.mark.parametrize(
    "text",
    ["ad\u200bmin", "ad\u200dmin", "ad\u2060min", "ad\ufeffmin", "ad\u00admin", "ad\u115fmin"],
)
def test_what_has_no_width_imitates_nothing(text: str) -> None:
    """Two names that look the same are the same, letter by letter."""
    assert clean(text) == "admin"
