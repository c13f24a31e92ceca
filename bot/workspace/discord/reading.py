"""A Discord message as the lines that people read, and its buttons."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.workspace.discord import seed
from bot.workspace.discord.forms import BUTTON, ROW, walk

Json = Mapping[str, Any]

_NAMES: Final = {**seed.PEOPLE, seed.BOT: seed.BOT_NAME}
_MENTION: Final = re.compile(r"<@!?(\d+)>")
_LINK: Final = re.compile(r"\[([^\]]*)\]\(<?[^()\s]*>?\)")
_MARK: Final = re.compile(r"^(?:#{1,3}|-#|>) ", re.MULTILINE)
_STYLE: Final = re.compile(r"(?<!\\)(\*\*|__|~~|\|\||`+|\*)")
_ESCAPED: Final = re.compile(r"\\([^\w\s])")


def lines(message: Json) -> list[str]:
    """Return what a message says, top to bottom, with its buttons in brackets."""
    text = "\n".join([message.get("content", ""), *map(_words, message.get("components", ()))])
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def buttons(message: Json) -> dict[str, str]:
    """Return the custom id of each button that can be pressed, by its label."""
    every = [one for one in walk(message.get("components", [])) if one["type"] == BUTTON]
    return {one.get("label", ""): one["custom_id"] for one in every if "custom_id" in one}


def _words(part: Json) -> str:
    match part:
        case {"type": 2}:
            return f"[ {part.get('label', '')} ]"
        case {"content": str(text)}:
            return _plain(text)
        case {"type": kind, "components": [*inside]}:
            parts: Sequence[Json] = [*inside, *filter(None, [part.get("accessory")])]
            return (" " if kind == ROW else "\n").join(map(_words, parts))
        case _:
            return ""


def _plain(text: str) -> str:
    """The words alone, as Discord shows them without its marks."""
    text = _MENTION.sub(lambda found: f"@{_NAMES.get(found[1], found[1])}", text)
    text = _STYLE.sub("", _MARK.sub("", _LINK.sub(r"\1", text)))
    return _ESCAPED.sub(r"\1", text)
