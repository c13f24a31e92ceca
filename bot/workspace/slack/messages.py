"""chat.*: posting, editing, private messages."""

from collections.abc import Mapping
from typing import cast

from bot.workspace.slack import seed
from bot.workspace.slack.blocks import accepted
from bot.workspace.slack.room import Call, Method
from bot.workspace.slack.world import Channel, SlackError
from bot.workspace.wire import Json

LONGEST_POST, LONGEST_EDIT = 40_000, 4_000
METADATA_KEYS = {"event_type", "event_payload"}


def written(arguments: Json, *, only_for: str | None = None) -> Json:
    """A message of the app from what it sent, checked."""
    if arguments.get("attachments") or arguments.get("markdown_text"):
        raise SlackError("invalid_arguments", messages=["only text and blocks are shown here"])
    text, blocks = str(arguments.get("text") or ""), arguments.get("blocks")
    if not text and not blocks:
        raise SlackError("no_text")
    message: Json = {"user": seed.BOT, "bot_id": seed.BOT_ID, "app_id": seed.APP, "text": text}
    message |= {"blocks": accepted(blocks)} if blocks else {}
    message |= {"only_for": only_for, "is_ephemeral": True} if only_for else {}
    return message | ({"thread_ts": arguments["thread_ts"]} if arguments.get("thread_ts") else {})


def rewritten(arguments: Json) -> Json:
    """The changes that an edit makes; without new blocks, the old ones go away."""
    message = written(arguments)
    return {"text": message["text"], "blocks": message.get("blocks")}


def _post(call: Call) -> Json:
    channel = _channel(call)
    message = written(call.arguments) | _metadata(call)
    # Slack cuts what is too long here, and refuses it in an edit.
    message["text"] = message["text"][:LONGEST_POST]
    posted = call.world.post(channel, message)
    return {"channel": channel.id, "ts": posted["ts"], "message": posted}


def _update(call: Call) -> Json:
    channel = _channel(call)
    message = channel.message(call.text("ts"), seen_by=seed.BOT)
    if message["user"] != seed.BOT:
        raise SlackError("cant_update_message")
    changes = rewritten(call.arguments) | _metadata(call)
    if len(changes["text"]) > LONGEST_EDIT:
        raise SlackError("msg_too_long")
    changes["edited"] = {"user": seed.BOT, "ts": call.world.stamp()}
    call.world.edit(channel, message, changes)
    answer = {"channel": channel.id, "ts": message["ts"], "text": message["text"]}
    return answer | {"message": message}


def _post_ephemeral(call: Call) -> Json:
    channel, user = _channel(call), call.text("user")
    if user not in call.world.people:
        raise SlackError("user_not_found")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    told = call.world.post(channel, written(call.arguments, only_for=user))
    return {"message_ts": told["ts"]}


def _permalink(call: Call) -> Json:
    channel = call.world.channel(call.text("channel"))
    ts = channel.message(call.text("message_ts"), seen_by=seed.BOT)["ts"]
    link = f"{call.room.url}/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def _channel(call: Call) -> Channel:
    """The place to speak in: a channel with the app in it, or somebody's direct messages."""
    target = call.text("channel")
    world = call.world
    channel = world.direct(target) if target in world.people else world.channel(target)
    if seed.BOT not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _metadata(call: Call) -> Json:
    if "metadata" not in call.arguments:
        return {}
    given: object = call.arguments["metadata"] or {}
    if not isinstance(given, dict) or (given and not set(cast("Json", given)) >= METADATA_KEYS):
        raise SlackError("invalid_metadata_format")
    return {"metadata": cast("Json", given) or None}


METHODS: Mapping[str, Method] = {
    "chat.getPermalink": _permalink,
    "chat.postEphemeral": _post_ephemeral,
    "chat.postMessage": _post,
    "chat.update": _update,
}
