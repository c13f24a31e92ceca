"""views.*: dialogs that the app opens in front of one person."""

import secrets
from collections.abc import Mapping

from bot.workspace.slack import seed
from bot.workspace.slack.blocks import accepted_view
from bot.workspace.slack.room import Call, Method
from bot.workspace.slack.world import Json, SlackError, World

DEFAULTS: Json = {
    **dict.fromkeys(("private_metadata", "callback_id", "external_id"), ""),
    **dict.fromkeys(("submit", "close", "previous_view_id")),
    **dict.fromkeys(("clear_on_close", "notify_on_close"), False),
}


def find(world: World, id_: str) -> tuple[str, Json]:
    """The person who sees a dialog, and the dialog."""
    for user, dialogs in world.dialogs.items():
        for view in dialogs:
            if id_ and id_ in (view["id"], view["external_id"]):
                return user, view
    raise SlackError("not_found")


def replace(world: World, user: str, old: Json, view: object) -> Json:
    """Put a new dialog in the place of an old one, under the same id."""
    new = _complete(view, id_=old["id"])
    world.show_dialogs(user, [new if one is old else one for one in world.dialogs[user]])
    return new


def _open(call: Call) -> Json:
    view = _complete(call.arguments.get("view"), id_="V" + secrets.token_hex(5).upper())
    user = call.room.handles.pull(call.text("trigger_id"))
    call.world.show_dialogs(user, [*call.world.dialogs[user], view])
    return {"view": view}


def _update(call: Call) -> Json:
    user, old = find(call.world, call.text("view_id") or call.text("external_id"))
    if call.text("hash") not in ("", old["hash"]):
        raise SlackError("hash_conflict")
    return {"view": replace(call.world, user, old, call.arguments.get("view"))}


def _complete(view: object, *, id_: str) -> Json:
    """A dialog with all that Slack adds to it."""
    owner = {"team_id": seed.TEAM["id"], "app_id": seed.APP, "bot_id": seed.BOT_ID}
    fresh: Json = {"hash": secrets.token_hex(8), "state": {"values": {}}}
    return DEFAULTS | accepted_view(view) | owner | fresh | {"id": id_, "root_view_id": id_}


METHODS: Mapping[str, Method] = {"views.open": _open, "views.update": _update}
