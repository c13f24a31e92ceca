"""Messages: posting, editing, reading and deleting them, and threads that hang on them."""

import re
from typing import Final

from bot.workspace.discord import forms, seed
from bot.workspace.discord.forms import Form
from bot.workspace.discord.refusals import DiscordError
from bot.workspace.discord.room import Call, Operation
from bot.workspace.discord.world import TEXT, V2, user
from bot.workspace.wire import Json

SUPPRESS_EMBEDS, SILENT = 1 << 2, 1 << 12
USUAL_PAGE, MOST_MESSAGES = 50, 100
NONCE_SECONDS: Final = 180  # "the past few minutes"
ARCHIVE_MINUTES: Final = (60, 1440, 4320, 10080)
LONGEST_NAME, LONGEST_NONCE = 100, 25
EVERYBODY: Final[Json] = {"parse": ["users", "everyone"]}
NOT_HERE: Final = ("embeds", "attachments", "sticker_ids", "poll")
_MENTION: Final = re.compile(r"<@!?(\d+)>")
_EVERYBODY: Final = re.compile(r"@(?:everyone|here)\b")


def written(arguments: Json, *, more_flags: int = 0) -> Json:
    """A message of the app from what it sent, checked."""
    allowed = SUPPRESS_EMBEDS | SILENT | V2 | more_flags
    return _checked(arguments, flags=flags_of(arguments) & allowed)


def rewritten(message: Json, arguments: Json) -> Json:
    """The changes that an edit makes; what it does not name stays, and so does the new form."""
    both = message["flags"] | (flags_of(arguments) & (V2 | SUPPRESS_EMBEDS))
    kept = {key: message[key] for key in ("content", "components")}
    return _checked(kept | arguments, flags=both)


def flags_of(arguments: Json) -> int:
    """The flags of a body, which are a number."""
    form, given = Form(), arguments.get("flags")
    form.number(("flags",), given, 0, 2**31 - 1)
    form.check()
    return given or 0


def _checked(given: Json, *, flags: int) -> Json:
    form, is_v2 = Form(), bool(flags & V2)
    content = given.get("content")
    text = content.strip() if isinstance(content, str) else ""
    form.text(("content",), text if isinstance(content, str) else content, 0, 2000)
    parts = forms.components(form, given.get("components"), is_v2=is_v2)
    if is_v2 and text:
        code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
        message = "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        form.wrong(("content",), code, message)
    for name in NOT_HERE:
        if given.get(name):
            form.wrong((name,), "NOT_IN_THIS_GUILD", "Only text and components are shown here")
    allowed = form.object(("allowed_mentions",), given.get("allowed_mentions"))
    form.check()
    if not text and not parts:
        raise DiscordError(50006)
    words = "\n".join([text, *(str(one.get("content", "")) for one in forms.walk(parts))])
    said: Json = {"content": text, "components": parts, "flags": flags}
    return said | _mentions(words, EVERYBODY if allowed is None else allowed)


def _mentions(words: str, allowed: Json) -> Json:
    """Whom a message calls: whom it names, as far as it may call them."""
    parse, chosen = (str(allowed.get(name) or "") for name in ("parse", "users"))
    named = dict.fromkeys(_MENTION.findall(words))
    called = [one for one in named if one in seed.PEOPLE and ("users" in parse or one in chosen)]
    is_for_all = "everyone" in parse and bool(_EVERYBODY.search(words))
    return {"mentions": [user(one) for one in called], "mention_everyone": is_for_all}


def by_bot(message: Json) -> Json:
    """A message with its author."""
    return {"author": user(seed.BOT), **message}


def _create(call: Call) -> Json:
    channel = call.channel()
    channel.check(seed.SEND_IN_THREADS if channel.parent else seed.SEND)
    if channel.person in call.world.closed_to_bot:
        raise DiscordError(50007)
    nonce, form = call.arguments.get("nonce"), Form()
    if not isinstance(nonce, int):
        form.text(("nonce",), nonce, 0, LONGEST_NONCE)
    form.check()
    said: Json = {} if nonce is None else {"nonce": nonce}
    if call.arguments.get("enforce_nonce"):
        for before in reversed(channel.public()):
            is_recent = call.world.age(before) < NONCE_SECONDS
            if said and before.get("nonce") == nonce and is_recent:
                return call.world.wire(before) | said
    posted = call.world.post(channel, by_bot(written(call.arguments)) | said)
    return call.world.wire(posted) | said


def _update(call: Call) -> Json:
    channel, message = call.channel(), _readable(call)
    if message["author"]["id"] != seed.BOT:
        raise DiscordError(50005)
    if channel.is_archived:
        raise DiscordError(50083)
    changes = rewritten(message, call.arguments)
    call.room.limits.edit(message["id"], age=call.world.age(message))
    call.world.edit(channel, message, changes)
    return call.world.wire(message)


def _get(call: Call) -> Json:
    return call.world.wire(_readable(call))


def _delete(call: Call) -> None:
    channel, message = call.channel(), _readable(call)
    if message["author"]["id"] != seed.BOT:
        raise DiscordError(50013)
    call.world.remove(channel, message)


def _list(call: Call) -> list[Json]:
    """Messages newest first: those before, after or around an id, or the newest."""
    channel, query = call.channel(seed.HISTORY), call.query
    try:
        limit = int(query.get("limit", USUAL_PAGE))
        before, after, around = (int(query.get(key, 0)) for key in ("before", "after", "around"))
    except ValueError:
        limit = before = after = around = 0
    form = Form()
    form.number(("limit",), limit, 1, MOST_MESSAGES)
    form.check()
    every = channel.public()
    if around:
        earlier = [one for one in every if int(one["id"]) <= around][-(limit // 2 + 1) :]
        every = earlier + [one for one in every if int(one["id"]) > around][: limit // 2]
    elif after:
        every = [one for one in every if int(one["id"]) > after][:limit]
    elif before:
        every = [one for one in every if int(one["id"]) < before]
    return [call.world.wire(one) for one in reversed(every[-limit:])]


def _branch(call: Call) -> Json:
    channel = call.channel(seed.CREATE_THREADS)
    if channel.kind != TEXT:
        raise DiscordError(50024)
    message, form = _readable(call), Form()
    name, minutes = call.arguments.get("name"), call.arguments.get("auto_archive_duration")
    form.text(("name",), name, 1, LONGEST_NAME, needed=True)
    if minutes not in (None, *ARCHIVE_MINUTES):
        message_ = f"Value must be one of {set(ARCHIVE_MINUTES)}."
        form.wrong(("auto_archive_duration",), "BASE_TYPE_CHOICES", message_)
    form.check()
    thread = call.world.branch(channel, message, name=str(name), auto_archive=minutes or 1440)
    return thread.describe()


def _readable(call: Call) -> Json:
    return call.channel(seed.HISTORY).message(call.path["message"])


_ALL, _ONE = "/channels/{channel}/messages", "/channels/{channel}/messages/{message}"
OPERATIONS: Final = (
    Operation("GET", _ALL, "list_messages", _list),
    Operation("POST", _ALL, "create_message", _create),
    Operation("GET", _ONE, "get_message", _get),
    Operation("PATCH", _ONE, "update_message", _update),
    Operation("DELETE", _ONE, "delete_message", _delete, status=204),
    Operation("POST", f"{_ONE}/threads", "create_thread_from_message", _branch, status=201),
)
