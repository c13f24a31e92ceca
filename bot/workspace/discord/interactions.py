"""What an app answers to interactions: the first response, and what follows it."""

from collections.abc import Callable
from typing import Any, Final

from bot.workspace.discord import forms, seed
from bot.workspace.discord.forms import Form
from bot.workspace.discord.handles import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT, Interaction
from bot.workspace.discord.messages import by_bot, flags_of, rewritten, written
from bot.workspace.discord.refusals import DiscordError
from bot.workspace.discord.room import Call, Operation
from bot.workspace.discord.world import EPHEMERAL, LOADING, Channel, World
from bot.workspace.wire import Json

MESSAGE, LATER, LATER_UPDATE, UPDATE, CHOICES, DIALOG = 4, 5, 6, 7, 8, 9
ALLOWED: Final = {
    COMMAND: (MESSAGE, LATER, DIALOG),
    COMPONENT: (MESSAGE, LATER, LATER_UPDATE, UPDATE, DIALOG),
    AUTOCOMPLETE: (CHOICES,),
    SUBMIT: (MESSAGE, LATER, LATER_UPDATE, UPDATE),
}
COMMAND_ANSWER: Final = 20  # the type of a message that answers a command
MOST_CHOICES, LONGEST_CHOICE = 25, 100


def _respond(call: Call) -> Any:  # noqa: ANN401
    """Take the first response."""
    interaction = call.room.interactions.unanswered(call.path["id"], call.path["token"])
    kind: int = call.arguments.get("type") or 0
    form, allowed = Form(), ALLOWED[interaction.kind]
    data = form.object(("data",), call.arguments.get("data")) or {}
    if kind not in allowed or (kind == UPDATE and interaction.origin is None):
        form.wrong(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(allowed)}.")
    form.check()
    told: Json = {"type": kind}
    match kind:
        case 4:
            interaction.original = _post(call.world, interaction, data)
        case 5:
            interaction.original = _thinking(call.world, interaction, data)
        case 6:
            interaction.original = interaction.origin
        case 7:
            interaction.original = interaction.origin
            _edit(call.world, interaction.origin, data)
        case 8:
            told["choices"] = _choices(data)
        case _:
            _open_dialog(call, interaction, data)
    interaction.response = kind
    if not interaction.answered.done():
        interaction.answered.set_result(told)
    return _told(call, interaction) if call.flag("with_response") else None


def _told(call: Call, interaction: Interaction) -> Json:
    about: Json = {"id": interaction.id, "type": interaction.kind}
    message = interaction.original if interaction.response in (MESSAGE, LATER, UPDATE) else None
    if message is None:
        return {"interaction": about}
    about |= {"response_message_id": message["id"]}
    about |= {"response_message_loading": bool(message["flags"] & LOADING)}
    about |= {"response_message_ephemeral": bool(message["flags"] & EPHEMERAL)}
    told: Json = {"interaction": about}
    if interaction.response != LATER:  # a promise is no resource yet
        resource = {"type": interaction.response, "message": call.world.wire(message)}
        told["resource"] = resource
    return told


def _post(world: World, interaction: Interaction, data: Json) -> Json:
    return _show(world, interaction, written(data, more_flags=EPHEMERAL))


def _thinking(world: World, interaction: Interaction, data: Json) -> Json:
    flags = LOADING | (flags_of(data) & EPHEMERAL)
    return _show(world, interaction, {"flags": flags})


def _show(world: World, interaction: Interaction, message: Json) -> Json:
    message |= {"application_id": seed.APP, "webhook_id": seed.APP}
    message |= {"interaction_metadata": interaction.metadata()}
    if interaction.kind == COMMAND:
        about = {"id": interaction.id, "type": COMMAND, "name": interaction.name}
        about |= {"user": interaction.metadata()["user"]}
        message |= {"type": COMMAND_ANSWER, "interaction": about}
    if message["flags"] & EPHEMERAL:
        message["only_for"] = interaction.person
    return world.post(interaction.channel, by_bot(message))


def _edit(world: World, message: Json | None, data: Json) -> None:
    if message is None:
        raise DiscordError(10008)
    changes = rewritten(message, data)
    changes["flags"] &= ~LOADING
    world.edit(_home(world, message), message, changes)


def _home(world: World, message: Json) -> Channel:
    return world.channels[message["channel_id"]]


def _choices(data: Json) -> list[Json]:
    form = Form()
    choices = form.list(("data", "choices"), data.get("choices"), 0, MOST_CHOICES)
    for number, choice in enumerate(choices):
        at = ("data", "choices", number)
        form.text((*at, "name"), choice.get("name"), 1, LONGEST_CHOICE, needed=True)
        if isinstance(choice.get("value"), str):
            form.text((*at, "value"), choice["value"], 1, LONGEST_CHOICE, needed=True)
    form.check()
    return choices


def _open_dialog(call: Call, interaction: Interaction, data: Json) -> None:
    view = forms.dialog(data) | {"id": call.world.snowflake(), "hash": interaction.id}
    call.room.interactions.dialogs[view["id"]] = interaction
    person = interaction.person
    call.world.show_dialogs(person, [*call.world.dialogs[person], view])


def _follow_up(call: Call) -> Json:
    """Post one more message; the first one after a promise is what was promised."""
    interaction, original = _answered(call), _answered(call).original
    if original and original["flags"] & LOADING:
        _edit(call.world, original, call.arguments)
        return call.world.wire(original)
    return call.world.wire(_post(call.world, interaction, call.arguments))


def _get(call: Call) -> Json:
    return call.world.wire(_meant(call))


def _update(call: Call) -> Json:
    message = _meant(call)
    _edit(call.world, message, call.arguments)
    return call.world.wire(message)


def _delete(call: Call) -> None:
    message = _meant(call)
    call.world.remove(_home(call.world, message), message)


def _answered(call: Call) -> Interaction:
    return call.room.interactions.answered(call.path["application"], call.path["token"])


def _meant(call: Call) -> Json:
    """The message in the path, which one with this token may have made."""
    interaction, id_ = _answered(call), call.path.get("message")
    if id_:
        message = interaction.channel.message(id_, seen_by=interaction.person)
        if message.get("interaction_metadata", {}).get("id") != interaction.id:
            raise DiscordError(10008)
        return message
    original = interaction.original
    if original is None or original["id"] not in _home(call.world, original).messages:
        raise DiscordError(10008)
    return original


def _operation(verb: str, path: str, name: str, run: Callable[[Call], Any]) -> Operation:
    status = 204 if verb == "DELETE" else 200
    return Operation(verb, path, name, run, status=status, needs_token=False)


_CALLBACK: Final = "/interactions/{id}/{token}/callback"
_HOOK: Final = "/webhooks/{application}/{token}"
_FIRST, _ONE = f"{_HOOK}/messages/@original", f"{_HOOK}/messages/{{message}}"
OPERATIONS: Final = (
    _operation("POST", _CALLBACK, "create_interaction_response", _respond),
    _operation("POST", _HOOK, "execute_webhook", _follow_up),
    _operation("GET", _FIRST, "get_original_webhook_message", _get),
    _operation("PATCH", _FIRST, "update_original_webhook_message", _update),
    _operation("DELETE", _FIRST, "delete_original_webhook_message", _delete),
    _operation("GET", _ONE, "get_webhook_message", _get),
    _operation("PATCH", _ONE, "update_webhook_message", _update),
    _operation("DELETE", _ONE, "delete_webhook_message", _delete),
)
