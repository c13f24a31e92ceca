"""Words from outside, made harmless and short for each of Slack's surfaces."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from bot.chat.clean import clean, graphemes

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_JOINER: Final = "\u2060"  # seen by no reader, and between two characters that Slack would read
_READ_BY_SLACK: Final = re.compile(
    r"(?<![^\W_])[*_~](?=\S)|`|:(?=[\w+'-]+:)|[@#](?=\w)|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE
)
_TO_THE_LEFT: Final = frozenset({"R", "AL", "AN"})


def inert(text: str, most: int) -> str:
    """Return the words for a place where Slack gives no character a meaning."""
    return _isolated(cut(clean(text), most))


def plain(text: str, most: int) -> str:
    """Return the words for a place where Slack decodes ``&``, ``<`` and ``>``."""
    return escape(_isolated(cut(clean(text), most, written=escape)))


def fallback(text: str, most: int) -> str:
    """Return the words for a message's bare text, in which Slack reads markup and emoji, too."""
    return _harmless(_isolated(cut(clean(text), most, written=_harmless)))


def escape(text: str) -> str:
    """Write the three characters that start Slack's markup as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Read what Slack wrote with entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def cut(text: str, most: int, *, written: Callable[[str], str] = str) -> str:
    """Return the text, or as many whole graphemes of it as fit, and an ellipsis."""
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


def _harmless(text: str) -> str:
    return escape(_READ_BY_SLACK.sub(rf"\g<0>{_JOINER}", text))


def _isolated(text: str) -> str:
    """Keep text written from right to left from reordering what stands around it."""
    if text.isascii() or not any(unicodedata.bidirectional(char) in _TO_THE_LEFT for char in text):
        return text
    return f"{_ISOLATE}{text}{_END_ISOLATE}"
