"""A Discord message as the lines that people read, and its buttons."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bot.workspace.discord import seed
from bot.workspace.discord.forms import BUTTON, ROW, walk

Json = Mapping[str, Any]

_CHANNELS: Final = {id_: name for id_, (name, _) in seed.CHANNELS.items()}
_NAMES: Final = {**seed.PEOPLE, seed.BOT: seed.BOT_NAME, **_CHANNELS}
_MARKUP: Final = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)(?P<code>.+?)(?P=ticks)"
    r"|<(?P<sign>@!?|#)(?P<id>\d+)>"
    r"| · <t:\d+:R>"  # the moment beside it says the same
    r"|<t:(?P<moment>\d+)(?::\w)?>"
    r"|\[(?P<label>(?:\\.|[^\]\\])*)\]\(\S+?\)"
    r"|^(?:#{1,3}|-#|>)[ ]|\*\*?|__|~~|\|\|"
    r"|[\u2060\u2066-\u2069]",  # nobody sees these
    re.MULTILINE,
)


def lines(message: Json) -> list[str]:
    """Return what a message says, top to bottom, with its buttons in brackets."""
    parts: Sequence[Json] = [{"content": message["content"]}, *message["components"]]
    text = "\n".join(map(_words, parts))
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
    return _MARKUP.sub(_meant, text)


def _meant(found: re.Match[str]) -> str:
    match found.groupdict():
        case {"moment": str(seconds)}:
            return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d %H:%M} UTC"
        case {"sign": str(sign), "id": str(id_)}:
            return sign[0] + _NAMES.get(id_, id_)
        case {"label": str(label)}:
            return _plain(label)
        case {"code": str(code)}:
            return code.strip()
        case {"escaped": sign}:
            return sign or ""
        case _:
            return ""
