"""conversations.*, users.info and auth.test: who and what is where."""

import math
from collections.abc import Mapping

from bot.workspace.slack import seed
from bot.workspace.slack.room import Call, Method
from bot.workspace.slack.world import Channel, SlackError
from bot.workspace.wire import Json

MOST_MESSAGES, USUAL_PAGE = 999, 100


def _auth_test(call: Call) -> Json:
    team = {"url": call.room.url + "/", "team": seed.TEAM["name"], "team_id": seed.TEAM["id"]}
    bot = {"user": seed.BOT_NAME.lower(), "user_id": seed.BOT, "bot_id": seed.BOT_ID}
    return team | bot | {"is_enterprise_install": False}


def _open(call: Call) -> Json:
    user = call.text("users")
    if user not in call.world.people:
        raise SlackError("users_not_found" if user else "users_list_not_supplied")
    return {"channel": call.world.direct(user).describe()}


def _history(call: Call) -> Json:
    """The messages outside threads, newest first."""
    newest_first = _readable(call).public()[::-1]
    return _page(
        call, [one for one in newest_first if one.get("thread_ts", one["ts"]) == one["ts"]]
    )


def _replies(call: Call) -> Json:
    """A message and its thread, oldest first; every page starts with the message itself."""
    channel = _readable(call)
    if (wanted := channel.messages.get(call.text("ts"))) is None:
        raise SlackError("thread_not_found")
    parent = channel.messages[str(wanted.get("thread_ts", wanted["ts"]))]
    return _page(call, channel.replies(parent["ts"]), first=[parent])


def _user(call: Call) -> Json:
    if person := call.world.people.get(call.text("user")):
        return {"user": person}
    raise SlackError("user_not_found")


def _readable(call: Call) -> Channel:
    channel = call.world.channel(call.text("channel"))
    if seed.BOT not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _page(call: Call, messages: list[Json], *, first: list[Json] | None = None) -> Json:
    """The messages between oldest and latest; the cursor is the number of messages before."""
    oldest, latest = _number(call, "oldest", 0), _number(call, "latest", math.inf)
    bounds = {oldest, latest} if call.flag("inclusive") else set[float]()
    within = [
        message
        for message in messages
        if oldest < float(message["ts"]) < latest or float(message["ts"]) in bounds
    ]
    start = int(_number(call, "cursor", 0))
    end = start + int(min(_number(call, "limit", USUAL_PAGE), MOST_MESSAGES))
    hidden = () if call.flag("include_all_metadata") else ("metadata",)
    shown = [
        {key: value for key, value in message.items() if key not in hidden}
        for message in [*(first or []), *within[start:end]]
    ]
    has_more = end < len(within)
    cursor = {"next_cursor": str(end) if has_more else ""}
    return {"messages": shown, "has_more": has_more, "response_metadata": cursor}


def _number(call: Call, name: str, default: float) -> float:
    try:
        return float(call.text(name) or default)
    except ValueError:
        raise SlackError("invalid_arguments", messages=[f"{name} must be a number"]) from None


def _bot(call: Call) -> Json:
    if call.text("bot") != seed.BOT_ID:
        raise SlackError("bot_not_found")
    return {"bot": {"id": seed.BOT_ID, "app_id": seed.APP, "user_id": seed.BOT}}


METHODS: Mapping[str, Method] = {
    "auth.test": _auth_test,
    "bots.info": _bot,
    "conversations.history": _history,
    "conversations.open": _open,
    "conversations.replies": _replies,
    "users.info": _user,
}
