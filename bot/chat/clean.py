"""Words from outside, for every surface: nothing unseen in them, and the places to cut them."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_LONE: Final = re.compile("[\ud800-\udfff]")
# Controls, what has no width, and what turns the reading direction. Joiners stay, one at a time,
# where they join something that is not Latin, and tags where they make a flag.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e001f\U000e0080-\U000e0fff]"
    "|(?<![\u0300-\U0010ffff])[\u200c\u200d]|(?<=[\u200c\u200d])[\u200c\u200d]"
    "|[\u200c\u200d](?![\u0300-\U0010ffff])"
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]+"
)
_MOST_MARKS: Final = 8  # on one letter; more of them cover the lines above and below
_JOINER: Final = "\u200d"
# What Unicode joins to the character before it, although it is no mark.
_EXTENDING: Final = re.compile(
    "[\u0e33\u0eb3\u1160-\u11ff\u200c\u200d\ud7b0-\ud7fb\uff9e\uff9f\U0001f3fb-\U0001f3ff"
    "\U000e0020-\U000e007f]"
)
_HANGUL_START: Final = re.compile("[\u1100-\u115f\ua960-\ua97c]")
_HANGUL: Final = re.compile("[\u1100-\u115f\ua960-\ua97c\uac00-\ud7a3]")
# What Unicode joins to the character behind it.
_PREPENDED: Final = re.compile(
    "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3"
    "\U0001193f\U00011941\U00011a3a\U00011a84-\U00011a89\U00011d46]"
)
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]")
_VIRAMA: Final = 9  # Unicode's class of the marks that join two letters of Indian scripts


def clean(text: str) -> str:
    """Drop what can't be seen and would confuse; keep line breaks and joined emoji."""
    text = _LONE.sub("\ufffd", text)
    while (seen := _without_piles(_UNSEEN.sub("", text))) != text:
        text = seen  # what was dropped may have kept something else
    return text


def graphemes(text: str) -> Iterator[str]:
    """Split the text into what a reader takes for one character each, as in UAX #29.

    Where the rules fit into a line they do; elsewhere two characters stay together, not apart.
    """
    start = 0
    for end in range(1, len(text)):
        if not _is_joined(text, start, end):
            yield text[start:end]
            start = end
    if text:
        yield text[start:]


def _is_joined(text: str, start: int, at: int) -> bool:
    before, here = text[at - 1], text[at]
    if here.isascii():
        return before + here == "\r\n" or (here >= " " and bool(_PREPENDED.match(before)))
    if before == _JOINER or _EXTENDING.match(here) or unicodedata.category(here)[0] == "M":
        return True
    if _HANGUL.match(here) and _HANGUL_START.match(before):
        return True
    if _PREPENDED.match(before):
        return True
    if _FLAG.match(here):
        return bool(_FLAG.match(before)) and len(_FLAG.findall(text[start:at])) == 1
    is_open = unicodedata.category(before)[0] == "M" or bool(_EXTENDING.match(before))
    return is_open and any(unicodedata.combining(char) == _VIRAMA for char in text[start:at])


def _without_piles(text: str) -> str:
    if text.isascii():
        return text
    kept, marks = list[str](), 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) == "Mn" else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)
