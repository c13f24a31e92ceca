"""A message as a terminal shows it; nobody else's words control it or mean anything in it.

Nobody can press anything here: a button becomes what is typed instead.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

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
    Mark,
    Mention,
    Message,
    Note,
    Quote,
    Strong,
    Tick,
    Ticket,
    Title,
    When,
)

_TYPED: Final[Mapping[str, str]] = {
    "approve": "twokey approve {id}",
    "withdraw": "twokey withdraw {id}",
    "reject": "twokey reject {id}",
    "cancel": "twokey cancel {id}",
    "stop": "twokey stop {id}",
    "details": "twokey details {id}",
    "reason": "twokey reason {id}",
    "settle_yes": "twokey settle {about} yes {id}",
    "settle_no": "twokey settle {about} no {id}",
    "resolve": "twokey resolve {id}",
    "resolve_confirm": "twokey resolve {id}",
}
_STYLES: Final[Mapping[Mark, str]] = {
    Mark.RUNNING: "bold yellow",
    Mark.DONE: "green",
    Mark.FAILED: "bold red",
    Mark.DOUBT: "bold magenta",
}
_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))


def draw(message: Message, *, now: datetime | None = None) -> RenderableType:
    """Return what rich prints; with ``now``, moments also say how long ago they were."""
    if not message.blocks:
        return Text(inert(message.text))
    return Group(*(part for block in message.blocks for part in _Drawing(now).block(block)))


def inert(text: str) -> str:
    """Return the text as one line in which nothing moves the cursor, hides or turns around."""
    line = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    return clean(line)


def printed(console: Console, parts: Iterable[RenderableType]) -> None:
    """Print without rich looking for a meaning in any of it."""
    for part in parts:
        console.print(part, markup=False, highlight=False, emoji=False)


class _Drawing:
    """Draws the blocks of one message."""

    def __init__(self, now: datetime | None) -> None:
        self._now = now

    def block(self, block: Block) -> Iterator[RenderableType]:
        match block:
            case Title(text):
                yield Text(inert(text), style="bold")
            case Line(parts):
                yield self._words(parts)
            case Note(parts):
                yield self._words(parts, style="dim")
            case Quote(text):
                yield Padding(Text(f"“{inert(text)}”", style="italic"), (0, 0, 0, 2))
            case Facts(facts):
                yield self._facts(facts)
            case Checklist(title, ticks):
                yield Text(inert(title), style="bold")
                yield from (self._tick(tick) for tick in ticks)
            case Buttons(buttons):
                yield self._hints(buttons)

    def _facts(self, facts: tuple[Fact, ...]) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for fact in facts:
            table.add_row(Text(inert(fact.label)), self._words(fact.parts))
        return table

    def _tick(self, tick: Tick) -> Table:
        table = Table.grid(padding=(0, 1, 0, 0))
        sign = Text(f"  {SIGNS[tick.mark]}", style=_STYLES.get(tick.mark, ""))
        table.add_row(sign, self._words(tick.parts))
        return table

    def _hints(self, buttons: tuple[Button, ...]) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        for button in buttons:
            if button.verb in _TYPED:
                ticket = Ticket.parse(button.value)
                words = _TYPED[button.verb].format(id=ticket.rollback_id, about=ticket.about)
                table.add_row(Text(inert(button.label), style="dim"), Text(words, style="cyan"))
        return table

    def _words(self, parts: tuple[Inline, ...], *, style: str = "") -> Text:
        return Text.assemble(*(self._inline(part) for part in parts), style=style)

    def _inline(self, part: Inline) -> Text:
        match part:
            case str():
                return Text(inert(part))
            case Strong(text):
                return Text(inert(text), style="bold")
            case Code(text):
                return Text(inert(text), style="cyan")
            case When(at, relative):
                return Text(self._moment(at, relative=relative))
            case Mention(named) | ChannelMention(named):
                return Text(inert(str(named)))
            case Link(url, text):
                return Text(f"{inert(text)} ({inert(url)})")

    def _moment(self, at: datetime, *, relative: bool) -> str:
        """Write it in UTC, which is the same for everybody who talks about it."""
        moment = at.astimezone(UTC)
        if self._now is None:
            return f"{moment:%Y-%m-%d %H:%M} UTC"
        is_today = moment.date() == self._now.astimezone(UTC).date()
        written = f"{moment:%H:%M} UTC" if is_today else f"{moment:%Y-%m-%d %H:%M} UTC"
        passed = (self._now - at).total_seconds()
        return f"{written} ({_span(passed)} ago)" if relative and passed > 0 else written


def _span(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
