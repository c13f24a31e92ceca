"""The words that everything here shares: states and their signs, durations, lists that fold."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from bot.domain.rollback import Rollback, State
from bot.message import ChannelMention, Inline, Mention, When

Inlines = tuple[Inline, ...]

_UNDER_WAY: Final = "EMERGENCY ROLLBACK"
_HEADLINES: Final[Mapping[State, str]] = {
    State.PLANNING: f"🚨 {_UNDER_WAY}",
    State.PENDING: f"🚨 {_UNDER_WAY}",
    State.QUORUM: f"🚨 {_UNDER_WAY}",
    State.CLAIMED: f"🟠 {_UNDER_WAY}",
    State.RUNNING: f"🟠 {_UNDER_WAY}",
    State.VERIFYING: f"🟠 {_UNDER_WAY}",
    State.WAITING: "🟣 NEEDS AN ANSWER",
    State.SUCCEEDED: "🟢 ROLLED BACK",
    State.REFUSED: "⚪ REFUSED",
    State.REJECTED: "⚪ REJECTED",
    State.CANCELLED: "⚪ CANCELLED",
    State.EXPIRED: "⚪ EXPIRED",
    State.STALE: "⚪ STALE",
    State.UNVERIFIED: "🟡 UNVERIFIED",
    State.FAILED: "🔴 FAILED",
    State.PARTIAL: "🔴 PARTLY FAILED",
    State.ABORTED: "🔴 ABORTED",
    State.NEEDS_HUMAN: "🟣 NEEDS A PERSON",
}
_UNITS: Final = (("day", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_GLUE: Final = frozenset("\u200d\ufe0e\ufe0f")  # holds the parts of one emoji together


def headline(rollback: Rollback) -> str:
    """Return the first line: sign, state word, target and environment."""
    return f"{_HEADLINES[rollback.state]} · {rollback.target} · {rollback.environment}"


def where(rollback: Rollback) -> str:
    """Name what is rolled back, inside a sentence."""
    return f"{rollback.target} ({rollback.environment})"


def duration(span: timedelta | float) -> str:
    """Write a time span in its two largest units, such as ``4 min 12 s``."""
    rest = round(span.total_seconds() if isinstance(span, timedelta) else span)
    if rest < 1:
        return "under 1 s"
    words: list[str] = []
    for unit, seconds in _UNITS:
        count, rest = divmod(rest, seconds)
        if count or words:
            words.append(_amount(count, unit))
        if len(words) == 2:  # noqa: PLR2004 - the two largest units say enough
            break
    return " ".join(word for word in words if not word.startswith("0 "))


def _amount(count: int, unit: str) -> str:
    return counted(count, unit) if unit == "day" else f"{count} {unit}"


def counted(count: int, noun: str) -> str:
    """Write a number with its noun: ``1 step``, ``2 steps``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def clock(at: datetime, *, day: date) -> str:
    """Write a moment for places that can't show it in the reader's zone; another day is named."""
    moment = at.astimezone(UTC)
    return f"{moment:%H:%M} UTC" if moment.date() == day else f"{moment:%Y-%m-%d %H:%M} UTC"


def listed(items: Sequence[str], *, most: int = 10, separator: str = ", ") -> str:
    """Write a list in a sentence; what is beyond ``most`` is counted."""
    shown = separator.join(items[:most])
    return f"{shown} and {len(items) - most} more" if len(items) > most else shown


def cut(text: str, length: int) -> str:
    """Return the text as one line of at most this length; an ellipsis shows that more was said."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    end = length - 1
    while end > 0 and _is_joined(line[end - 1], line[end]):
        end -= 1
    kept = line[:end]
    if line[end] != " ":  # not in the middle of a word, unless it is a very long one
        whole = kept.rpartition(" ")[0]
        kept = whole if len(whole) > length // 2 else kept
    return f"{kept.rstrip(' ,.;:')}…"


def _is_joined(left: str, right: str) -> bool:
    """Tell whether two characters are seen as one."""
    is_skin = "\U0001f3fb" <= right <= "\U0001f3ff"
    return is_skin or left in _GLUE or right in _GLUE or unicodedata.combining(right) > 0


def ended(text: str) -> str:
    """Return the text with a full stop, if it does not end a sentence already."""
    return text if text.endswith((".", "?", "!", "…", "”")) else f"{text}."


def capitalised(parts: Inlines) -> Inlines:
    """Let a sentence begin with a capital."""
    first = parts[0]
    if not isinstance(first, str):
        return parts
    return (first[:1].upper() + first[1:], *parts[1:])


def plain(parts: Inlines, rollback: Rollback) -> str:
    """Write a sentence the way a phone shows it: text alone, times in UTC."""
    day = rollback.asked_at.astimezone(UTC).date()
    return "".join(_plain(part, day) for part in parts)


def _plain(part: Inline, day: date) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, When):
        return clock(part.at, day=day)
    if isinstance(part, Mention):
        return str(part.account)
    if isinstance(part, ChannelMention):
        return str(part.place)
    return part.text
