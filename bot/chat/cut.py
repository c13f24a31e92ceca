"""Words from outside, cut to length and kept in their reading direction, for every platform."""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from bot.chat.clean import graphemes

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_TO_THE_LEFT: Final = frozenset({"R", "AL", "AN"})


def cut(text: str, most: int, *, written: Callable[[str], str] = str) -> str:
    """Return the text, or as many whole graphemes of it as fit, and an ellipsis.

    ``written`` is how it will be written: what counts is the length of that.
    """
    room = most - 2  # for the two marks that isolate a reading direction
    if units(written(text)) <= room:
        return text
    # A character counts for one or more, so what fits is in here, and what is split is not.
    parts = list(graphemes(text[: room + 1]))
    fitting = bisect_right(
        range(len(parts)), room, key=lambda n: units(written("".join(parts[:n]) + "…"))
    )
    return "".join(parts[: max(fitting - 1, 0)]) + "…"


def units(text: str) -> int:
    """Count as UTF-16 does: the count that no platform exceeds."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def isolated(text: str) -> str:
    """Keep text written from right to left from reordering what stands around it."""
    if text.isascii() or not any(unicodedata.bidirectional(char) in _TO_THE_LEFT for char in text):
        return text
    return f"{_ISOLATE}{text}{_END_ISOLATE}"
