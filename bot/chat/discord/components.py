"""A message as Discord's components, within Discord's limits, and its sentence for phones.

A phone shows nothing of components when it notifies; so the sentence is posted first and the
components replace it: ``client`` does both. Everything typed by somebody passes ``text``.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from bot.chat.cut import units
from bot.chat.discord.text import JOINER, code, inert, line, plain
from bot.chat.discord.tickets import pack
from bot.chat.signs import SIGNS
from bot.domain.people import Account
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

IS_COMPONENTS: Final = 1 << 15
IS_PRIVATE: Final = 1 << 6
NOBODY: Final[Json] = {"parse": []}

_ROW, _BUTTON, _TEXT, _DIVIDER, _CONTAINER = 1, 2, 10, 14, 17  # Discord's numbers
_STYLES: Final = {Style.NEUTRAL: 2, Style.PRIMARY: 3, Style.DANGER: 4}  # grey, green, red
_MOST_COMPONENTS: Final = 40  # each one counts, also those within others
_MOST_IN_A_ROW: Final = 5
_MOST_TOLD: Final = 20  # all in one sentence; Discord would take a hundred
_LONGEST_CONTENT: Final = 2_000
_LONGEST_MESSAGE: Final = 4_000  # all texts of a message together
_LONGEST_TITLE: Final = 150
_LONGEST_LABEL: Final = 80
_LONGEST_PARAGRAPH: Final = 3_000
_LONGEST_QUOTE: Final = 1_000
_LONGEST_NOTE: Final = 1_000
_BETWEEN: Final = 1  # two texts may become one, with a line break between them
_SHORTEST: Final = 20  # what is shorter is left out instead of cut
_NO_LIMIT: Final = 1_000_000
_SHORTENED: Final = "-# Shortened …"


def render(message: Message, *, mark: int | None = None) -> tuple[str, list[Json]]:
    """Return the sentence that a phone shows, and the components; ``mark`` is found again."""
    pings = "".join(f" <@{user}>" for user in mentioned(message))
    content = (inert(message.text, _LONGEST_CONTENT - units(pings)) or "…") + pings
    blocks = message.blocks or (Line((message.text or "…",)),)
    parts = _fitting(_drawn(blocks)) or [_text("…")]
    container: Json = {"type": _CONTAINER, "components": parts}
    if mark is not None:
        container["id"] = mark
    return content, [container]


def mentioned(message: Message) -> tuple[str, ...]:
    """Return the users whom the message tells, each once."""
    parts = (part for block in message.blocks for part in _parts(block))
    accounts = [part.account for part in parts if isinstance(part, Mention)]
    users = [account.user for account in accounts if _is_known(account.platform, account.user)]
    return tuple(dict.fromkeys(users))[:_MOST_TOLD]


def _is_known(platform: str, id_: str) -> bool:
    """Tell whether Discord knows a user or a channel of this id, and can show its name."""
    return platform == "discord" and id_.isascii() and id_.isdigit()


def _parts(block: Block) -> Iterator[Inline]:
    match block:
        case Line(parts) | Note(parts):
            yield from parts
        case Facts(facts):
            yield from (part for fact in facts for part in fact.parts)
        case Checklist(_, ticks):
            yield from (part for tick in ticks for part in tick.parts)
        case Title() | Quote() | Buttons():
            return


def _drawn(blocks: Sequence[Block]) -> list[Json]:
    """Draw all buttons, and from the top as much else as Discord takes."""
    left, is_whole = _LONGEST_MESSAGE - units(_SHORTENED) - _BETWEEN, True
    used, drawn = Counter[str](), list[Json]()
    for block in blocks:
        if isinstance(block, Buttons):
            drawn += _rows(block.buttons, used)
            continue
        words, fits = _words(block, left) if is_whole else ("", False)
        is_whole = is_whole and fits
        if words:
            left -= units(words) + _BETWEEN
            if isinstance(block, Checklist) and drawn:
                drawn.append({"type": _DIVIDER})
            drawn.append(_text(words))
    return drawn if is_whole else [*drawn, _text(_SHORTENED)]


def _words(block: Block, room: int) -> tuple[str, bool]:
    """Return as much of a block as there is room for, and whether that is all of it."""
    if room <= _SHORTEST:
        return "", False
    match block:
        case Title(text):
            words = line(text, min(_LONGEST_TITLE, room - len("## ")))
            return (f"## {words}" if words else ""), True
        case Quote(text):
            words = inert(text.strip(), min(_LONGEST_QUOTE, room))
            quoted = "\n".join(f"> {one}" for one in words.split("\n")) if words else ""
            return (quoted, True) if units(quoted) <= room else ("", False)
        case Note(parts):
            words, fits = _joined(parts, min(_LONGEST_NOTE, room - len("-# ")))
            return (f"-# {' '.join(words.split())}" if words.strip() else ""), fits
        case _:
            return _paragraph(_lines(block), min(_LONGEST_PARAGRAPH, room))


def _lines(block: Block) -> list[tuple[Inline, ...]]:
    match block:
        case Line(parts):
            return [parts]
        case Facts(facts):
            return [(Strong(fact.label), "  ", *fact.parts) for fact in facts]
        case Checklist(title, ticks):
            items = [(f"{SIGNS[tick.mark]} ", *tick.parts) for tick in ticks]
            return [(Strong(title),), *items]
        case _:
            return []


def _paragraph(lines: Iterable[Sequence[Inline]], room: int) -> tuple[str, bool]:
    written = list[str]()
    for parts in lines:
        words, fits = _joined(parts, room)
        room -= units(words) + 1
        if words.strip():
            written.append(words)
        if not fits:
            return "\n".join(written), False
    return "\n".join(written), True


def _joined(parts: Sequence[Inline], room: int) -> tuple[str, bool]:
    """Write as many parts as there is room for, and tell whether those are all."""
    written, was_marked = "", False
    for part in _merged(parts):
        # Two asterisks of one part and two of the next would be read together.
        between = JOINER if was_marked and not isinstance(part, str) else ""
        words = between + _inline(part, _NO_LIMIT)
        if units(words) > room:
            words = between + _inline(part, room - 1) if room > _SHORTEST else ""
            return written + words if units(words) <= room else written, False
        room -= units(words)
        written += words
        was_marked = not isinstance(part, str)
    return written, True


def _merged(parts: Sequence[Inline]) -> Iterator[Inline]:
    """Join neighbouring texts, so that nothing is put together behind the back of ``text``."""
    words = ""
    for part in parts:
        if isinstance(part, str):
            words += part
            continue
        if words:
            yield words
        words = ""
        yield part
    if words:
        yield words


def _inline(part: Inline, room: int) -> str:
    match part:
        case str():
            return inert(part, room)
        case Strong(text):
            words = line(text, room - len("****"))
            return f"**{words}**" if words else ""
        case Code(text):
            return code(text, room)
        case When(at, relative):
            seconds = int(at.timestamp())
            return f"<t:{seconds}:f>" + (f" · <t:{seconds}:R>" if relative else "")
        case Mention() | ChannelMention():
            return _mention(part, room)
        case Link(url, text):
            return _link(url, text, room)


def _mention(part: Mention | ChannelMention, room: int) -> str:
    named = part.account if isinstance(part, Mention) else part.place
    sign, id_ = ("@", named.user) if isinstance(named, Account) else ("#", named.channel)
    return f"<{sign}{id_}>" if _is_known(named.platform, id_) else line(str(named), room)


def _link(url: str, text: str, room: int) -> str:
    words = line(text.replace("[", "(").replace("]", ")"), _LONGEST_LABEL)
    if not words or not url.startswith(("https://", "http://")):
        return words
    address = url.translate({ord(char): f"%{ord(char):02X}" for char in "<>() \n\\"})
    written = f"[{words}](<{address}>)"
    return written if units(written) <= room else words


def _text(words: str) -> Json:
    return {"type": _TEXT, "content": words}


def _rows(buttons: Sequence[Button], used: Counter[str]) -> Iterator[Json]:
    for start in range(0, len(buttons), _MOST_IN_A_ROW):
        row = buttons[start : start + _MOST_IN_A_ROW]
        yield {"type": _ROW, "components": [_button(button, used) for button in row]}


def _button(button: Button, used: Counter[str]) -> Json:
    used[button.verb] += 1
    packed = pack(button.verb, button.value, count=used[button.verb])
    drawn: Json = {
        "type": _BUTTON,
        "style": _STYLES[button.style],
        "label": plain(button.label, _LONGEST_LABEL) or "…",
        "custom_id": packed or f"{button.verb}#{used[button.verb]}",
    }
    # What does not fit into an id would come back as something else: nobody can press it.
    return drawn if packed else drawn | {"disabled": True}


def _fitting(parts: list[Json]) -> list[Json]:
    """Keep within the number of components: neighbouring texts become one, then some are left."""
    room = _MOST_COMPONENTS - 1  # the container counts, too
    if _count(parts) > room:
        parts = _together(parts)
    if _count(parts) <= room:
        return parts
    rows = sum(map(_size, (part for part in parts if part["type"] == _ROW)))
    room, kept = room - rows - 1, list[Json]()
    for part in parts:
        if part["type"] == _ROW:
            kept.append(part)
        elif room > 0:
            kept.append(part)
            room -= 1
    kept.append(_text(_SHORTENED))  # once: the last text, which may have said so, is never kept
    while _count(kept) > _MOST_COMPONENTS - 1:
        kept.pop(-2)  # more buttons than any card of ours has
    return kept


def _together(parts: Sequence[Json]) -> list[Json]:
    merged = list[Json]()
    for part in parts:
        if part["type"] == _DIVIDER:
            continue
        if merged and part["type"] == merged[-1]["type"] == _TEXT:
            merged[-1] = _text(f"{merged[-1]['content']}\n{part['content']}")
        else:
            merged.append(part)
    return merged


def _count(parts: Iterable[Json]) -> int:
    return sum(map(_size, parts))


def _size(part: Json) -> int:
    return 1 + len(part.get("components", ()))
