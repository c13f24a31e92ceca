"""Words from outside, made harmless and short: cleaned, escaped, cut between graphemes."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

# Controls that no reader sees, and those that turn the reading direction of what follows.
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONE: Final = re.compile("[\ud800-\udfff]")
_JOINER: Final = "\u200d"
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_EXTENDING: Final = re.compile(
    "[\u200c\u200d\u1160-\u11ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]")


def inert(text: str, most: int) -> str:
    """Return the words for a place where Slack gives no character a meaning."""
    return _isolated(cut(clean(text), most))


def plain(text: str, most: int) -> str:
    """Return the words for a place where Slack decodes ``&``, ``<`` and ``>``."""
    return escape(_isolated(cut(clean(text), most, is_escaped=True)))


def clean(text: str) -> str:
    """Drop what can't be seen and would confuse; keep line breaks and joined emoji."""
    return _LONE.sub("\ufffd", _UNSEEN.sub("", text))


def escape(text: str) -> str:
    """Write the three characters that start Slack's markup as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Read what Slack wrote with entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def cut(text: str, most: int, *, is_escaped: bool = False) -> str:
    """Return the text, or as many whole graphemes of it as fit, and an ellipsis."""

    def size(part: str) -> int:
        return units(escape(part) if is_escaped else part)

    room = most - 2  # for the two marks that isolate a reading direction
    if size(text) <= room:
        return text
    kept: list[str] = []
    for grapheme in graphemes(text):
        room -= size(grapheme)
        if room < 1:
            break
        kept.append(grapheme)
    return "".join(kept) + "…"


def units(text: str) -> int:
    """Count as UTF-16 does: the count that no platform exceeds."""
    return len(text.encode("utf-16-le")) // 2


def graphemes(text: str) -> Iterator[str]:
    """Split the text into what a reader takes for one character each."""
    start = 0
    for end in range(1, len(text)):
        if not _is_joined(text, start, end):
            yield text[start:end]
            start = end
    if text:
        yield text[start:]


def _is_joined(text: str, start: int, at: int) -> bool:
    before, here = text[at - 1], text[at]
    if before == _JOINER or _EXTENDING.match(here) or unicodedata.category(here)[0] == "M":
        return True
    return bool(_FLAG.match(before) and _FLAG.match(here) and at - start == 1)


def _isolated(text: str) -> str:
    """Keep text written from right to left from reordering what stands around it."""
    if any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in text):
        return f"{_ISOLATE}{text}{_END_ISOLATE}"
    return text
