"""A Slack message as the lines that people read, and its buttons."""

import re
from collections.abc import Mapping
from typing import Any, Final

Json = Mapping[str, Any]

_DATE: Final = re.compile(r"<!date\^[^|>]*\|([^>]*)>")


def lines(message: Json) -> list[str]:
    """Return what a message says, top to bottom, with its buttons in brackets."""
    text = "\n".join(map(_words, message.get("blocks") or (message,)))
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def buttons(message: Json) -> dict[str, str]:
    """Return the action of each button, by its label."""
    rows = (block for block in message.get("blocks", ()) if block["type"] == "actions")
    return {one["text"]["text"]: one["action_id"] for row in rows for one in row["elements"]}


def _words(part: Json) -> str:
    match part:
        case {"type": "button", "text": {"text": str(label)}}:
            return f"[ {label} ]"
        case {"fallback": str(text)} | {"text": {"text": str(text)}} | {"text": str(text)}:
            return _DATE.sub(r"\1", text)
        case {"type": str(kind), "elements": [*elements]}:
            return (" " if kind in {"actions", "context"} else "").join(map(_words, elements))
        case _:
            return f"({part['type']})"
