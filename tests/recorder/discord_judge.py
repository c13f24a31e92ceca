"""What Discord refuses: by its own document, and by the limits of its guide that it leaves out."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from tests.recorder.payload import Json, Payload
from tests.recorder.specification import Specification

IS_COMPONENTS: Final = 1 << 15
IS_PRIVATE: Final = 1 << 6

_MESSAGE, _LATER, _UPDATE, _FORM = 4, 5, 7, 9  # first answers to an interaction
_ROW, _BUTTON, _TEXT, _LINK = 1, 2, 10, 5
_OLD_KINDS: Final = range(1, 9)
_MOST_CONTENT: Final = 2_000
_MOST_TEXT: Final = 4_000
_MOST_COMPONENTS: Final = 40
_MOST_BUTTONS: Final = 5
_MOST_INPUTS: Final = 5

_CREATE: Final = re.compile(r"POST /channels/\d+/messages")
_CALLBACK: Final = re.compile(r"POST /interactions/\d+/[^/]+/callback")
_MESSAGES: Final = re.compile(
    r"PATCH /channels/\d+/messages/\d+"
    r"|POST /webhooks/\d+/[^/]+"
    r"|PATCH /webhooks/\d+/[^/]+/messages/(?:@original|\d+)"
)


class DiscordJudge:
    """Finds what Discord would refuse of a request, and what the project never sends."""

    def __init__(self, specification: Specification | None) -> None:
        """Judge by the limits alone if there is no document."""
        self._specification = specification

    def flaws(self, payload: Payload) -> Iterator[str]:
        """Yield everything that is wrong with it, a sentence for each."""
        if self._specification is not None:
            operation = self._specification.operation(payload.call)
            if operation is None:
                yield "Discord's specification has no such call"
            else:
                yield from operation.flaws(payload.body, payload.query)
        try:
            yield from _beyond(payload.call, payload.body or {})
        except (TypeError, AttributeError, LookupError) as error:
            yield f"it can't be read: {error!r}"


def _beyond(call: str, body: Any) -> Iterator[str]:
    """Yield what the document does not say."""
    if _CREATE.fullmatch(call):
        yield from _of_message(body)
        yield from _of_notification(body)
    elif _MESSAGES.fullmatch(call):
        yield from _of_message(body)
    elif _CALLBACK.fullmatch(call):
        data = body.get("data") or {}
        match body.get("type"):
            case 4 | 7:
                yield from _of_message(data)
            case 5 if data.keys() - {"flags"} or data.get("flags", 0) & ~IS_PRIVATE:
                yield "a deferred answer takes no more than the flag that it is private"
            case 9:
                yield from _of_form(data)
            case _:
                pass


def _of_message(message: Json) -> Iterator[str]:
    parts = list(_parts(message.get("components") or []))
    flags, content = message.get("flags") or 0, message.get("content") or ""
    others = [message.get(one) for one in ("embeds", "poll", "sticker_ids", "attachments")]
    if message.get("allowed_mentions", {}).get("parse") != []:
        yield "allowed_mentions has to be there, with an empty parse: else a text can call people"
    if _units(content) > _MOST_CONTENT:
        yield f"content has {_units(content)} characters, and {_MOST_CONTENT} at most"
    if not (content.strip() or parts or any(others)):
        yield "an empty message is refused"
    if flags & IS_COMPONENTS and (content or any(others[:3])):
        yield "a message of components has nothing beside them"
    if not flags & IS_COMPONENTS and any(part["type"] not in _OLD_KINDS for part in parts):
        yield "these components need the flag of a message that is made of components"
    yield from _of_parts(parts)


def _of_parts(parts: list[Json]) -> Iterator[str]:
    texts = sum(_units(part["content"]) for part in parts if part["type"] == _TEXT)
    if len(parts) > _MOST_COMPONENTS:
        yield f"{len(parts)} components, and {_MOST_COMPONENTS} at most, also those within others"
    if texts > _MOST_TEXT:
        yield f"the texts have {texts} characters together, and {_MOST_TEXT} at most"
    for part in parts:
        inner = part.get("components") or []
        if part["type"] == _ROW and sum(one["type"] == _BUTTON for one in inner) > _MOST_BUTTONS:
            yield f"a row takes {_MOST_BUTTONS} buttons"
        if part["type"] == _BUTTON:
            yield from _of_button(part)
    ids = Counter(part["custom_id"] for part in parts if "custom_id" in part)
    yield from (
        f"custom_id {one} is there {count} times" for one, count in ids.items() if count > 1
    )


def _of_button(button: Json) -> Iterator[str]:
    if not (button.get("label") or button.get("emoji")):
        yield "a button needs a label or an emoji"
    if bool(button.get("url")) != (button["style"] == _LINK):
        yield "a button has an address if it is a link, and only then"
    if bool(button.get("custom_id")) == (button["style"] == _LINK):
        yield "a button has a custom_id unless it is a link"


def _of_notification(message: Json) -> Iterator[str]:
    """Yield what a phone would not show, or Discord post twice; docs/adr/0020."""
    if message.get("components"):
        yield "what is posted goes out as plain content, for phones; it becomes a card afterwards"
    if not (message.get("nonce") and message.get("enforce_nonce")):
        yield "what is posted needs a nonce that Discord enforces, or a retry posts it twice"


def _of_form(form: Json) -> Iterator[str]:
    parts = list(_parts(form["components"]))
    if not 1 <= len(form["components"]) <= _MOST_INPUTS:
        yield f"a form has 1 to {_MOST_INPUTS} inputs"
    yield from _of_parts(parts)


def _parts(components: list[Json]) -> Iterator[Json]:
    """Yield all components, also those within others."""
    for one in components:
        yield one
        yield from _parts(one.get("components") or [])
        yield from _parts([one[name] for name in ("accessory", "component") if one.get(name)])


def _units(text: str) -> int:
    """Count as JavaScript does, which never counts fewer than anybody else."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
