"""A message as Markdown for documents, and as plain text for terminals.

Buttons are left out of documents, where nobody can press them.
"""

import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import zip_longest
from typing import Final

from bot.chat.clean import clean
from bot.chat.signs import SIGNS
from bot.message import (
    Block,
    Button,
    Buttons,
    ChannelMention,
    Checklist,
    Code,
    Fact,
    Facts,
    Inline,
    Line,
    Link,
    Mention,
    Message,
    Note,
    Quote,
    Strong,
    Tick,
    Title,
    When,
)

_LABELS: Final = 10  # columns for the labels of facts, with two spaces behind them
_FIXED: Final = "\u00a0"  # a space at which no line is broken
_SPECIAL: Final = re.compile(
    r"[\\`*_{}\[\]<>#|~&@$]|(?<=\w):(?=//)|:(?=[\w+-]+:)|(?<=www)\.", re.IGNORECASE
)
_STARTS_BLOCK: Final = re.compile(r"^(\d+(?=[.)])|[-+=])")


def to_markdown(message: Message) -> str:
    """Write the message as Markdown in which nobody else's words have a meaning."""
    if not message.blocks:
        return f"{_escaped(message.text)}\n"
    return "\n\n".join(part for block in message.blocks for part in _markdown(block)) + "\n"


def to_text(message: Message, *, width: int = 80, day: date | None = None) -> str:
    """Write the message for a terminal, wrapped; nobody else's words can control it.

    Moments are in UTC, those of ``day`` without their date.
    """
    if not message.blocks:
        return f"{_filled(_clean(message.text), width)}\n"
    text = _Text(width, day)
    lines = "\n".join(line for block in message.blocks for line in text.lines(block))
    return re.sub("\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _markdown(block: Block) -> Iterator[str]:
    match block:
        case Title(text):
            yield f"## {_escaped(text)}"
        case Line(parts):
            yield _line_start(_joined(parts, _markdown_inline))
        case Note(parts):
            yield f"<sub>{_joined(parts, _markdown_inline)}</sub>"
        case Quote(text):
            yield f"> {_line_start(_escaped(text))}"
        case Facts(facts):
            # Another bullet than a checklist's, which would otherwise be the same list.
            yield "\n".join(f"* **{_escaped(f.label)}:** {_values(f)}" for f in facts)
        case Checklist(title, ticks):
            yield f"**{_escaped(title)}**"
            signed = ((SIGNS[tick.mark], tick.parts) for tick in ticks)
            yield "\n".join(f"- {sign} {_joined(p, _markdown_inline)}" for sign, p in signed)
        case Buttons():
            return


def _values(fact: Fact) -> str:
    return _joined(fact.parts, _markdown_inline)


def _markdown_inline(part: Inline) -> str:
    match part:
        case str():
            return _escaped(part)
        case Strong(text):
            return f"**{_escaped(text)}**"
        case Code(text):
            ticks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
            gap = " " if "`" in text else ""
            return f"{ticks}{gap}{_clean(text)}{gap}{ticks}"
        case When(at):
            return _date(at)
        case Mention(named) | ChannelMention(named):
            return _escaped(str(named))
        case Link(url, text):
            return f"[{_escaped(text)}](<{_clean(url).replace('<', '%3C').replace('>', '%3E')}>)"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", _clean(text))


def _line_start(line: str) -> str:
    """Keep the first characters of a paragraph from making it a list, a heading or code."""
    return _STARTS_BLOCK.sub(_guarded, line.lstrip())


def _guarded(match: re.Match[str]) -> str:
    start = match[0]
    return f"{start}\\" if start.isdigit() else f"\\{start}"


def _date(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


class _Text:
    """Writes blocks as lines of a terminal."""

    def __init__(self, width: int, day: date | None) -> None:
        self._width = width
        self._day = day

    def lines(self, block: Block) -> Iterator[str]:
        match block:
            case Title(text):
                yield _filled(_clean(text), self._width)
            case Line(parts) | Note(parts):
                yield _filled(self._words(parts), self._width)
            case Quote(text):
                yield _filled(f"“{_clean(text)}”", self._width)
            case Facts(facts):
                yield from (line for fact in facts for line in self._columns(fact))
            case Checklist(title, ticks):
                yield from ("", _clean(title), *(self._tick(tick) for tick in ticks), "")
            case Buttons(buttons):
                yield self._row(buttons)

    def _columns(self, fact: Fact) -> Iterator[str]:
        """Write the label beside what is known, both wrapped."""
        labels = textwrap.wrap(_clean(fact.label), _LABELS) or [""]
        values = textwrap.wrap(self._words(fact.parts), self._width - _LABELS - 1) or [""]
        for label, value in zip_longest(labels, values, fillvalue=""):
            yield f"{label:<{_LABELS}} {value}".rstrip()

    def _tick(self, tick: Tick) -> str:
        words = f"{SIGNS[tick.mark]} {self._words(tick.parts)}"
        return _filled(words, self._width, indent="  ")

    def _row(self, buttons: tuple[Button, ...]) -> str:
        """Write buttons that are not broken over two lines."""
        row = "  ".join(f"[ {_clean(one.label)} ]".replace(" ", _FIXED) for one in buttons)
        return _filled(row, self._width).replace(_FIXED, " ")

    def _words(self, parts: tuple[Inline, ...]) -> str:
        return _joined(parts, self._inline)

    def _inline(self, part: Inline) -> str:
        match part:
            case str():
                return _clean(part)
            case Strong(text) | Code(text):
                return _clean(text)
            case When(at):
                is_today = at.astimezone(UTC).date() == self._day
                return f"{at.astimezone(UTC):%H:%M} UTC" if is_today else _date(at)
            case Mention(named) | ChannelMention(named):
                return _clean(str(named))
            case Link(url, text):
                return f"{_clean(text)} ({_clean(url)})"


def _joined(parts: tuple[Inline, ...], inline: Callable[[Inline], str]) -> str:
    return "".join(inline(part) for part in parts)


def _clean(text: str) -> str:
    """Return one line of what can be seen, which turns no reading direction."""
    line = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    return clean(line)


def _filled(text: str, width: int, *, indent: str = "") -> str:
    return textwrap.fill(text, width, subsequent_indent=indent)
