"""A Slack message as the lines that people read, without any formatting."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

Json = Mapping[str, Any]

_DATE: Final = re.compile(r"<!date\^[^|>]*\|([^>]*)>")


def lines(message: Json) -> list[str]:
    """Return what the message says, top to bottom, with its buttons in brackets."""
    blocks = message.get("blocks") or ({"type": "section", "text": {"text": message["text"]}},)
    text = "\n".join(part for block in blocks for part in _parts(block))
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def buttons(message: Json) -> dict[str, str]:
    """Return the action of each button, by its label."""
    return {
        element["text"]["text"]: element["action_id"]
        for block in message.get("blocks", ())
        for element in block.get("elements", ())
        if block["type"] == "actions"
    }


def _parts(block: Json) -> Iterator[str]:
    match block["type"]:
        case "rich_text":
            yield "\n".join(_spans(element) for element in block["elements"])
        case "context":
            yield " ".join(_plain(element) for element in block["elements"])
        case "actions":
            yield "  ".join(f"[ {element['text']['text']} ]" for element in block["elements"])
        case "header" | "section":
            yield _plain(block["text"])
        case other:
            yield f"({other})"


def _spans(element: Json) -> str:
    inner = "".join(_spans(part) for part in element.get("elements", ()))
    match element["type"]:
        case "rich_text_quote":
            return f"> {inner}"
        case "date":
            return str(element["fallback"])
        case "user":
            return f"@{element['user_id']}"
        case _:
            return inner or str(element.get("text") or element.get("url") or "")


def _plain(part: Json) -> str:
    return _DATE.sub(r"\1", str(part["text"]))
