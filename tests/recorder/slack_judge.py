"""What Slack refuses: by the SDK's models, by the old specification, and by what both leave out."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, cast

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.basic_objects import JsonObject
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.recorder.payload import ACK, RESPONSE, Json, Payload

# Newer than the specification, which Slack no longer keeps.
NEWER: Final[Mapping[str, frozenset[str]]] = {
    "chat.postMessage": frozenset({"metadata"}),
    "chat.update": frozenset({"metadata"}),
    "conversations.history": frozenset({"include_all_metadata"}),
    "conversations.replies": frozenset({"include_all_metadata"}),
}
UNSPECIFIED: Final = frozenset({"apps.connections.open"})  # the same
POSTED: Final = ("chat.postMessage", "chat.postEphemeral", "chat.update")
ANSWERED: Final = (ACK, RESPONSE)

_MOST_BLOCKS, _MOST_IN_VIEW, _MOST_FIELD = 50, 100, 2_000
_MOST_TEXT, _MOST_EDITED, _MOST_NAME = 40_000, 4_000, 255
_MOST_IN_BLOCKS: Final = 12_000  # msg_blocks_too_long; how Slack counts, it tells nobody
_IN_ANSWERS: Final = frozenset(
    {"text", "blocks", "response_type", "replace_original", "delete_original", "thread_ts"}
)
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "channel": re.compile(r"[CDGU][A-Z0-9]{2,}"),
    "users": re.compile(r"[UW][A-Z0-9]{2,}(,[UW][A-Z0-9]{2,})*"),
    "user": re.compile(r"[UW][A-Z0-9]{2,}"),
    "ts": re.compile(r"[0-9]{1,10}\.[0-9]{6}"),
    "thread_ts": re.compile(r"[0-9]{1,10}\.[0-9]{6}"),
    "message_ts": re.compile(r"[0-9]{1,10}\.[0-9]{6}"),
    "trigger_id": re.compile(r"[0-9]+(\.[0-9]+)?\.[0-9a-f]{8,}"),
    "parse": re.compile(r"none|full"),
    "response_type": re.compile(r"ephemeral|in_channel"),
}
_KINDS: Final[Mapping[str, Callable[[str], object]]] = {
    "boolean": {"true": True, "false": False, "1": True, "0": False}.__getitem__,
    "integer": int,
    "number": float,
    "string": str,
}


class SlackJudge:
    """Finds what Slack would refuse, or drop without a word."""

    def __init__(self, document: Json | None) -> None:
        """Judge the names of arguments only if there is a document."""
        self._methods: dict[str, Json] | None = None
        if document is not None:
            self._methods = {
                path.removeprefix("/"): {
                    one["name"]: one
                    for operation in item.values()
                    for one in operation.get("parameters", ())
                }
                for path, item in document["paths"].items()
            }

    def flaws(self, payload: Payload) -> Iterator[str]:
        """Yield everything that is wrong with it, a sentence for each."""
        body = cast("Json", payload.body)
        try:
            if payload.call in ANSWERED:
                yield from (f"an answer has no {one}" for one in sorted(body.keys() - _IN_ANSWERS))
            elif self._methods is not None:
                yield from self._of_arguments(payload.call, body | dict(payload.query))
            yield from _of_forms(body)
            if payload.call in POSTED + ANSWERED and not body.get("delete_original"):
                is_edit = payload.call == "chat.update"
                yield from _of_message(body, _MOST_EDITED if is_edit else _MOST_TEXT)
            if payload.call == "views.open":
                yield from _of_view(body["view"])
        except (TypeError, AttributeError, LookupError) as error:
            yield f"it can't be read: {error!r}"

    def _of_arguments(self, method: str, given: Json) -> Iterator[str]:
        known = (self._methods or {}).get(method)
        if known is None:
            if method not in UNSPECIFIED:
                yield "Slack has no such method"
            return
        for name, value in given.items():
            if name in NEWER.get(method, ()):
                continue
            if name not in known:
                yield f"{method} has no argument {name}"
            elif isinstance(value, str):
                yield from _of_kind(name, value, known[name].get("type", "string"))
        needed = {name for name, one in known.items() if one.get("required")} - {"token"}
        yield from (f"{method} needs {name}" for name in sorted(needed - given.keys()))


def _of_kind(name: str, value: str, kind: str) -> Iterator[str]:
    try:
        _KINDS[kind](value)
    except (ValueError, LookupError):
        yield f"{name} must be of the type {kind}, and {value!r} is not"


def _of_forms(body: Json) -> Iterator[str]:
    for name, form in _FORMS.items():
        if name in body and not form.fullmatch(str(body[name])):
            yield f"{name} can't be {body[name]!r}"


def _of_message(message: Json, most: int) -> Iterator[str]:
    text, blocks = message.get("text", ""), message.get("blocks") or []
    if not text:
        yield "a message needs a text: phones show it"
    if _units(text) > most:
        yield f"text has {_units(text)} characters, and {most} at most"
    if len(blocks) > _MOST_BLOCKS:
        yield f"{len(blocks)} blocks, and {_MOST_BLOCKS} at most"
    texts = (part["text"] for part in _walk(blocks) if isinstance(part.get("text"), str))
    if sum(map(_units, texts)) > _MOST_IN_BLOCKS:
        yield f"the texts have more than {_MOST_IN_BLOCKS} characters together"
    yield from _of_blocks(blocks)
    match message.get("metadata"):
        case None:
            pass
        case {"event_type": str(name), "event_payload": dict(), **rest} if not rest:
            if not 1 <= len(name) <= _MOST_NAME:
                yield "metadata needs a type of 255 characters at most"
        case _:
            yield "metadata is an event_type and an event_payload"


def _of_view(view: Json) -> Iterator[str]:
    blocks = view["blocks"]
    if view["type"] != "modal" or "title" not in view:
        yield "a dialog is a modal with a title"
    if "submit" not in view and any(block["type"] == "input" for block in blocks):
        yield "a dialog with inputs needs submit"
    if not 1 <= len(blocks) <= _MOST_IN_VIEW:
        yield f"{len(blocks)} blocks, and 1 to {_MOST_IN_VIEW} in a dialog"
    yield from _of_model(lambda: View(**view), view)
    yield from _of_blocks(blocks)


def _of_blocks(blocks: list[Json]) -> Iterator[str]:
    for block in blocks:
        yield from _of_block(json.dumps(block))
    for name in ("block_id", "action_id"):
        ids = Counter(part[name] for part in _walk(blocks) if name in part)
        yield from (f"{name} {one} is there {n} times" for one, n in ids.items() if n > 1)


@lru_cache(maxsize=20_000)
def _of_block(text: str) -> tuple[str, ...]:
    """Judge a block, once for all that look the same."""
    block = json.loads(text)
    return (*_of_model(lambda: Block.parse(block), block), *_left_out(block))


def _of_model(read: Callable[[], JsonObject | None], given: Json) -> Iterator[str]:
    """Yield what the SDK refuses, and what it would drop because it does not know it."""
    try:
        model = read()
        if model is None:
            yield f"there is no block {given.get('type')}"
            return
        for part in _models(model):
            part.validate_json()
        yield from _dropped(given, model.to_dict(), str(given.get("type")))
    except SlackObjectFormationError as error:
        yield str(error)


def _models(whole: object) -> Iterator[JsonObject]:
    if isinstance(whole, JsonObject):
        yield whole
        for part in vars(whole).values():
            yield from _models(part)
    elif isinstance(whole, list | tuple):
        for part in whole:
            yield from _models(part)


def _dropped(given: Any, kept: Any, at: str) -> Iterator[str]:
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            if key in kept:
                yield from _dropped(value, kept[key], f"{at}.{key}")
            else:
                yield f"{at} has no {key}"
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for number, pair in enumerate(zip(given, kept, strict=True)):
            yield from _dropped(*pair, f"{at}[{number}]")
    elif given != kept:
        yield f"{at} can't be {given!r}"


def _left_out(block: Json) -> Iterator[str]:
    """Yield what the models don't check."""
    for part in _walk(block):
        kind, elements = part.get("type"), part.get("elements")
        if kind in ("plain_text", "mrkdwn", "text") and not part.get("text"):
            yield f"a {kind} needs at least one character"
        if elements is not None and not elements and kind in ("actions", "context", "rich_text"):
            yield f"{kind} needs at least one element"
        if any(_units(field["text"]) > _MOST_FIELD for field in part.get("fields") or ()):
            yield f"a field takes {_MOST_FIELD} characters"
        if kind in ("header", "button") and part["text"]["type"] != "plain_text":
            yield f"the text of a {kind} is plain_text"
        if (
            len(part.get("block_id", "")) > _MOST_NAME
            or len(part.get("action_id", "")) > _MOST_NAME
        ):
            yield f"an id takes {_MOST_NAME} characters"


def _walk(whole: object) -> Iterator[Json]:
    if isinstance(whole, dict):
        yield cast("Json", whole)
    inner = whole.values() if isinstance(whole, dict) else whole if isinstance(whole, list) else ()
    for part in inner:
        yield from _walk(part)


def _units(text: str) -> int:
    """Count as JavaScript does, which never counts fewer than anybody else."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
