"""views.open: dialogs that the app opens in front of one person."""

import secrets
from collections.abc import Mapping

from bot.workspace.slack import seed
from bot.workspace.slack.blocks import accepted_view
from bot.workspace.slack.room import Call, Method
from bot.workspace.wire import Json

DEFAULTS: Json = {
    **dict.fromkeys(("private_metadata", "callback_id", "external_id"), ""),
    **dict.fromkeys(("submit", "close", "previous_view_id")),
    **dict.fromkeys(("clear_on_close", "notify_on_close"), False),
}


def _open(call: Call) -> Json:
    owner = {"team_id": seed.TEAM["id"], "app_id": seed.APP, "bot_id": seed.BOT_ID}
    id_ = "V" + secrets.token_hex(5).upper()
    fresh: Json = {"id": id_, "hash": secrets.token_hex(8), "state": {"values": {}}}
    view = DEFAULTS | accepted_view(call.arguments.get("view")) | owner | fresh
    user = call.room.handles.pull(call.text("trigger_id"))
    call.world.show_dialogs(user, [*call.world.dialogs[user], view | {"root_view_id": id_}])
    return {"view": view}


METHODS: Mapping[str, Method] = {"views.open": _open}
