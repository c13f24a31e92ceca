"""Words from outside, made harmless and short for each of Slack's surfaces."""

import re
from typing import Final

from bot.chat.clean import clean
from bot.chat.cut import cut, isolated

_JOINER: Final = "\u2060"  # seen by no reader, and between two characters that Slack would read
_READ_BY_SLACK: Final = re.compile(
    r"(?<![^\W_])[*_~](?=\S)|`|:(?=[\w+'-]+:)|[@#](?=\w)|(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE
)


def inert(text: str, most: int) -> str:
    """Return the words for a place where Slack gives no character a meaning."""
    return isolated(cut(clean(text), most))


def plain(text: str, most: int) -> str:
    """Return the words for a place where Slack decodes ``&``, ``<`` and ``>``."""
    return escape(isolated(cut(clean(text), most, written=escape)))


def fallback(text: str, most: int) -> str:
    """Return the words for a message's bare text, in which Slack reads markup and emoji, too."""
    return _harmless(isolated(cut(clean(text), most, written=_harmless)))


def escape(text: str) -> str:
    """Write the three characters that start Slack's markup as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Read what Slack wrote with entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _harmless(text: str) -> str:
    return escape(_READ_BY_SLACK.sub(rf"\g<0>{_JOINER}", text))
