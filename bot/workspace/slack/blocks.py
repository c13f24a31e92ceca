"""What Slack refuses in blocks and dialogs: the SDK's own checks, and those that it leaves out."""

import copy
import secrets
from collections.abc import Iterator
from typing import Any, cast

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.workspace.slack.world import SlackError
from bot.workspace.wire import Json

MOST_IN_MESSAGE, LONGEST_FIELD = 50, 2000
PLAIN = ("title", "label", "hint", "placeholder", "confirm", "deny", "submit", "close")


def accepted(blocks: object) -> list[Json]:
    """The blocks of a message as Slack keeps them, every block and action with an id."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    given = cast("list[Json]", blocks)
    _refuse("invalid_blocks", _of_message(given))
    return _with_ids(given)


def accepted_view(view: object) -> Json:
    """A dialog as Slack keeps it, every block and action with an id."""
    given = cast("Json", view) if isinstance(view, dict) else {}
    _refuse("invalid_arguments", _of_view(given))
    return {**given, "blocks": _with_ids(given["blocks"])}


def elements(block: Json) -> list[Json]:
    """The parts of a block that people can act on."""
    parts = [block.get("accessory"), block.get("element")]
    parts += block["elements"] if block.get("type") == "actions" else []
    return [part for part in parts if part and part.get("type") != "image"]


def _refuse(code: str, problems: Iterator[str]) -> None:
    try:
        messages = [f"[ERROR] {problem}" for problem in problems]
    except (TypeError, AttributeError, LookupError) as error:
        messages = [f"[ERROR] cannot be read: {error}"]
    if messages:
        raise SlackError(code, messages=messages)


def _of_message(blocks: list[Json]) -> Iterator[str]:
    yield from _of_blocks(blocks)
    if len(blocks) > MOST_IN_MESSAGE:
        yield "no more than 50 items allowed [json-pointer:/blocks]"


def _of_view(view: Json) -> Iterator[str]:
    yield from _of_blocks(view.get("blocks") or [])
    if view.get("type") != "modal" or not view.get("title"):
        yield "must be a modal with a title [json-pointer:/view]"
    elif not view.get("submit") and any(block["type"] == "input" for block in view["blocks"]):
        yield "a modal with inputs must have a submit [json-pointer:/view]"
    else:
        yield from _misread(View, view, at="/view")


def _of_blocks(blocks: list[Json]) -> Iterator[str]:
    names: set[str] = set()
    for number, block in enumerate(blocks):
        at = f"/blocks/{number}"
        if problems := [*_misread(Block, block, at=at)] or [*_unfit(block, at=at)]:
            yield from problems
            continue
        actions = [part["action_id"] for part in elements(block) if "action_id" in part]
        if len(actions) != len(set(actions)):
            yield f"action_id already exists [json-pointer:{at}]"
        if (name := block.get("block_id")) in names:
            yield f"block_id already exists [json-pointer:{at}/block_id]"
        names.update([name] if name else [])


def _misread(model: type[Block | View], given: Any, *, at: str) -> Iterator[str]:  # noqa: ANN401
    """What the SDK's own model refuses, or does not know and so drops."""
    try:
        read: Any = View(**given) if model is View else cast("Any", Block).parse(given)
        if read is None:
            yield f"unsupported type: {given.get('type')} [json-pointer:{at}]"
        else:
            yield from _dropped(given, read.to_dict(), at=at)
    except SlackObjectFormationError as error:
        yield f"{error} [json-pointer:{at}]"


def _dropped(given: Any, read: Any, *, at: str) -> Iterator[str]:  # noqa: ANN401
    for key, value in _children(given):
        if isinstance(read, dict) and key not in read:
            if value not in (None, "", [], {}):
                yield f"invalid additional property: {key} [json-pointer:{at}]"
        elif isinstance(value, dict | list):
            yield from _dropped(value, cast("Any", read)[key], at=f"{at}/{key}")


def _unfit(part: Json, *, at: str, field: str | int = "") -> Iterator[str]:
    """The rules that the SDK's models leave out."""
    kind, text = part.get("type"), cast("Any", part.get("text"))
    rules = {
        "must be more than 0 characters": kind in ("plain_text", "mrkdwn") and not text,
        "no fewer than 1 items allowed": kind in ("actions", "context")
        and not part.get("elements"),
        "must be plain_text": (kind == "mrkdwn" and field in PLAIN)
        or (kind in ("header", "button") and text["type"] != "plain_text"),
        "must be less than 2001 characters": any(
            len(one["text"]) > LONGEST_FIELD for one in part.get("fields") or ()
        ),
    }
    yield from (f"{rule} [json-pointer:{at}]" for rule, is_broken in rules.items() if is_broken)
    for key, value in _children(part):
        for name, child in [(key, value), *_children(value if isinstance(value, list) else [])]:
            if isinstance(child, dict):
                yield from _unfit(cast("Json", child), at=f"{at}/{name}", field=name)


def _children(whole: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401
    return [*(cast("Json", whole).items() if isinstance(whole, dict) else enumerate(whole))]


def _with_ids(blocks: list[Json]) -> list[Json]:
    kept = copy.deepcopy(blocks)
    for block in kept:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for part in elements(block):
            part.setdefault("action_id", secrets.token_urlsafe(4))
    return kept
