"""A message as Slack's blocks, within Slack's limits.

Everything goes into ``rich_text``, ``plain_text`` and date elements, in which no character has a
meaning: what somebody typed can't mention, link or format, whatever it is.

Plain dictionaries, because Slack's own classes take longer than all else together; that they would
take every one of them is what the tests find out.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any, Final, cast

from bot.chat.cut import units
from bot.chat.signs import SIGNS
from bot.chat.slack.text import fallback, inert, plain
from bot.message import (
    Block,
    Button,
    Buttons,
    ChannelMention,
    Checklist,
    Code,
    Facts,
    Inline,
    Line,
    Link,
    Mention,
    Message,
    Note,
    Quote,
    Strong,
    Style,
    Title,
    When,
)

Json = dict[str, Any]

_MOST_BLOCKS: Final = 50
_MOST_BUTTONS: Final = 25
_MOST_ELEMENTS: Final = 10  # in a context
_LONGEST_TITLE: Final = 150
_LONGEST_LABEL: Final = 75
_LONGEST_TEXT: Final = 3_000  # an edit takes 4,000
_LONGEST_PARAGRAPH: Final = 3_000
_LONGEST_QUOTE: Final = 1_000
_LONGEST_NOTE: Final = 1_000
# Slack refuses somewhere above 12,000 characters, counted in a way that it tells nobody.
_LONGEST_MESSAGE: Final = 10_000
_LED_TO: Final = (Mention, ChannelMention, Link)  # a context holds none of these


def render(message: Message) -> tuple[str, list[Json]]:
    """Return the sentence that a phone shows, and the blocks."""
    used: Counter[str] = Counter()
    text = fallback(message.text, _LONGEST_TEXT) or "…"
    blocks = [drawn for block in message.blocks for drawn in _draw(block, used)]
    if not blocks:  # as a block all the same, because Slack reads markup in a bare text
        blocks = list(_paragraph([(message.text,)])) or list(_paragraph([("…",)]))
    return text, _fitting(blocks)


def plain_text(text: str, most: int) -> Json:
    """Return one line of plain text; Slack refuses an empty one."""
    words = plain(" ".join(text.split()), most) or "…"
    return {"type": "plain_text", "text": words, "emoji": False}


def _draw(block: Block, used: Counter[str]) -> Iterator[Json]:
    match block:
        case Title(text):
            yield {"type": "header", "text": plain_text(text, _LONGEST_TITLE)}
        case Quote(text):
            if words := inert(text, _LONGEST_QUOTE).strip():
                yield _rich_text("rich_text_quote", [{"type": "text", "text": words}])
        case Note(parts) if not any(isinstance(part, _LED_TO) for part in parts):
            if elements := _small(parts):
                yield {"type": "context", "elements": elements}
        case Buttons(buttons):
            for start in range(0, len(buttons), _MOST_BUTTONS):
                row = buttons[start : start + _MOST_BUTTONS]
                yield {"type": "actions", "elements": [_button(button, used) for button in row]}
        case _:
            yield from _paragraph(_lines(block))


def _lines(block: Block) -> list[tuple[Inline, ...]]:
    match block:
        case Line(parts) | Note(parts):
            return [parts]
        case Facts(facts):
            return [(Strong(fact.label), "  ", *fact.parts) for fact in facts]
        case Checklist(title, ticks):
            items = [(f"{SIGNS[tick.mark]} ", *tick.parts) for tick in ticks]
            return [(Strong(title),), *items]
        case _:
            return []


def _paragraph(lines: Sequence[tuple[Inline, ...]]) -> Iterator[Json]:
    room, spans = _LONGEST_PARAGRAPH, list[Json]()
    shown = [line for line in lines if any(_words(part).strip() for part in line)]
    for number, line in enumerate(shown):
        for part in ("\n", *line) if number else line:
            words = inert(_words(part), room)
            room -= units(words)
            if words and room >= 0:
                spans.append(_span(part, words))
    if spans:
        yield _rich_text("rich_text_section", spans)


def _rich_text(kind: str, spans: list[Json]) -> Json:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": spans}]}


def _words(part: Inline) -> str:
    """Return what a part says where it can only be said in plain words."""
    match part:
        case str():
            return part
        case Mention(named) | ChannelMention(named):
            return str(named)
        case When(at):
            return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case Strong(text) | Code(text) | Link(_, text):
            return text


def _span(part: Inline, words: str) -> Json:
    match part:
        case Strong() | Code():
            style = "bold" if isinstance(part, Strong) else "code"
            return {"type": "text", "text": words, "style": {style: True}}
        case When():
            date = {"timestamp": _seconds(part), "format": _format(part), "fallback": words}
            return {"type": "date"} | date
        case Mention(account) if account.platform == "slack":
            return {"type": "user", "user_id": account.user}
        case ChannelMention(place) if place.platform == "slack":
            return {"type": "channel", "channel_id": place.channel}
        case Link(url):
            return {"type": "link", "url": url, "text": words}
        case _:
            return {"type": "text", "text": words}


def _small(parts: Sequence[Inline]) -> list[Json]:
    """Return the elements of a context: moments in the reader's zone, the rest as plain text."""
    elements, words = list[Json](), ""
    for part in parts:
        if not isinstance(part, When) or len(elements) > _MOST_ELEMENTS - 3:
            words += _words(part)
            continue
        if words.strip():
            elements.append(plain_text(words, _LONGEST_NOTE))
        date = f"<!date^{_seconds(part)}^{_format(part)}|{_words(part)}>"
        elements.append({"type": "mrkdwn", "text": date, "verbatim": True})
        words = ""
    if words.strip():
        elements.append(plain_text(words, _LONGEST_NOTE))
    return elements


def _seconds(when: When) -> int:
    return int(when.at.timestamp())


def _format(when: When) -> str:
    return "{date_short_pretty} {time}" + (" · {ago}" if when.relative else "")


def _button(button: Button, used: Counter[str]) -> Json:
    used[button.verb] += 1
    count = used[button.verb]
    drawn = {
        "type": "button",
        "text": plain_text(button.label, _LONGEST_LABEL),
        "action_id": button.verb if count == 1 else f"{button.verb}#{count}",
    }
    if button.value:
        drawn["value"] = button.value
    if button.style is not Style.NEUTRAL:
        drawn["style"] = str(button.style)
    return drawn


def _fitting(blocks: list[Json]) -> list[Json]:
    """Keep all buttons, and from the top as much else as Slack takes."""
    rows = sum(block["type"] == "actions" for block in blocks)
    room, left, kept = _MOST_BLOCKS - rows - 1, _LONGEST_MESSAGE, list[Json]()
    for block in blocks:
        if block["type"] == "actions":
            kept.append(block)
            continue
        room, left = room - 1, left - _length(block)
        if room >= 0 and left >= 0:
            kept.append(block)
    if len(kept) < len(blocks):
        kept.append({"type": "context", "elements": [plain_text("Shortened …", 20)]})
    return kept[:_MOST_BLOCKS]


def _length(part: object) -> int:
    if isinstance(part, dict):
        return sum(map(_length, cast("Json", part).values()))
    if isinstance(part, list):
        return sum(map(_length, cast("list[object]", part)))
    return units(part) if isinstance(part, str) else 0
