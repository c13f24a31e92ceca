"""What people do: commands, clicks, dialogs, talk, each handed to the app as Discord does."""

import time
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, ConfigDict

from bot.workspace.discord import forms, seed, typed
from bot.workspace.discord.gateway import NotDelivered
from bot.workspace.discord.handles import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    SUBMIT,
    Interaction,
)
from bot.workspace.discord.refusals import CannotDo
from bot.workspace.discord.room import Room
from bot.workspace.discord.world import DEFAULTS, DIRECT, EPHEMERAL, Channel, user
from bot.workspace.wire import Json

SILENCE = "The application did not respond"
NOT_SENT = {
    "unknown_command": "There is no such command here.",
    "unknown_option": "The command takes less than that.",
    "missing_option": "The command needs one option more.",
    "unknown_choice": "That is none of the choices.",
    "wrong_length": "That is too short or too long.",
    "wrong_kind": "That is not a number.",
}


class Act(BaseModel):
    """Somebody does something."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    user: str


class Talk(Act):
    """Somebody writes something in a channel or a thread, perhaps a command."""

    channel: str
    text: str


class Ask(Talk):
    """Somebody has typed a part of a command, and looks what could be typed in an option."""

    option: str


class Click(Act):
    """Somebody presses a button."""

    channel: str
    message: str
    custom_id: str


class Close(Act):
    """Somebody closes a dialog."""

    view_id: str


class Submit(Close):
    """Somebody sends a dialog off, with a text for each input's custom id."""

    values: dict[str, str] = {}


class Become(Act):
    """Something about a member changes; or they let the app write to them no more."""

    member: dict[str, Any] = {}
    takes_direct_messages: bool = True
    is_gone: bool = False


class Archive(Act):
    """Somebody puts a thread away, or takes it out again."""

    thread: str
    archived: bool = True
    locked: bool = False


@dataclass(frozen=True)
class People:
    """The hands of everybody in the guild."""

    room: Room

    async def command(self, act: Talk) -> Json:
        """Run a slash command; show in private how it failed, if it did."""
        channel = self._entered(act)
        try:
            usable = self.room.commands.usable(channel, act.user)
            command, options = typed.read(act.text, usable)
        except CannotDo as no:
            name, _, _ = act.text.partition(" ")
            return self._failed(act.user, channel, str(no), f"{name}: {NOT_SENT[str(no)]}")
        data = _called(command, options)
        outcome = await self._interact(COMMAND, act.user, channel, data)
        if not outcome["ok"]:
            return self._failed(act.user, channel, outcome["error"], SILENCE)
        return outcome

    async def suggest(self, act: Ask) -> Json:
        """Ask the app what could be typed in an option."""
        channel = self._entered(act)
        usable = self.room.commands.usable(channel, act.user)
        command, options = typed.read(act.text, usable, is_partial=True)
        inner = options[0]["options"] if options and "options" in options[0] else options
        for one in [one for one in inner if one["name"] == act.option]:
            one["focused"] = True
        if not any("focused" in one for one in inner):
            inner.append({"name": act.option, "type": 3, "value": "", "focused": True})
        outcome = await self._interact(AUTOCOMPLETE, act.user, channel, _called(command, options))
        return outcome | ({"choices": outcome["ack"]["choices"]} if outcome["ok"] else {})

    async def click(self, act: Click) -> Json:
        """Press a button in a message."""
        channel = self._entered(act)
        message = channel.message(act.message, seen_by=act.user)
        button = _button(message, act.custom_id)
        data = {"custom_id": act.custom_id, "component_type": forms.BUTTON, "id": button["id"]}
        outcome = await self._interact(COMPONENT, act.user, channel, data, origin=message)
        if not outcome["ok"]:
            return self._failed(act.user, channel, outcome["error"], SILENCE)
        return outcome

    async def submit(self, act: Submit) -> Json:
        """Send a dialog off; it closes as soon as the app answers."""
        view = self._on_screen(act)
        if errors := _mistakes(view, act.values):
            return {"ok": False, "error": "invalid_input", "errors": errors}
        opened_by = self.room.interactions.dialogs[view["id"]]
        data = {"custom_id": view["custom_id"], "components": _filled(view, act.values)}
        outcome = await self._interact(
            SUBMIT, act.user, opened_by.channel, data, origin=opened_by.origin, opened_by=opened_by
        )
        if outcome["ok"]:
            self._drop(act.user, view)
        return outcome

    async def close(self, act: Close) -> Json:
        """Close a dialog without sending it."""
        self._drop(act.user, self._on_screen(act))
        return {"ok": True}

    async def talk(self, act: Talk) -> Json:
        """Write a message; the app hears of it, but reads it only where it is meant."""
        channel = self._entered(act)
        calls = [user(seed.BOT)] if f"<@{seed.BOT}>" in act.text else []
        said = self.room.world.post(
            channel, {"author": user(act.user), "content": act.text, "mentions": calls}
        )
        return {"ok": True, "id": said["id"]}

    async def become(self, act: Become) -> Json:
        """Change what the guild says about a member."""
        world = self.room.world
        if act.is_gone:
            del world.members[act.user]
        else:
            world.members[act.user] = world.members[act.user] | act.member
        closed = world.closed_to_bot - {act.user}
        world.closed_to_bot = closed if act.takes_direct_messages else closed | {act.user}
        return {"ok": True}

    async def archive(self, act: Archive) -> Json:
        """Put a thread away, or take it out again."""
        thread = self.room.world.channel(act.thread)
        self.room.world.archive(thread, archived=act.archived, locked=act.locked)
        return {"ok": True}

    def _entered(self, act: Talk | Click) -> Channel:
        channel = self.room.world.channel(act.channel)
        is_inside = act.user == channel.person or act.user in self.room.world.members
        if act.user not in seed.PEOPLE or not is_inside or channel.person not in ("", act.user):
            raise CannotDo("not_in_channel")
        return channel

    def _on_screen(self, act: Close) -> Json:
        for view in self.room.world.dialogs.get(act.user, ()):
            if view["id"] == act.view_id:
                return view
        raise CannotDo("not_found")

    def _drop(self, person: str, view: Json) -> None:
        left = [one for one in self.room.world.dialogs[person] if one is not view]
        self.room.world.show_dialogs(person, left)

    async def _interact(
        self, kind: int, person: str, channel: Channel, data: Json, *,
        origin: Json | None = None, opened_by: Interaction | None = None,
    ) -> Json:  # fmt: skip
        """Hand an interaction to the app, and say how long its first response took."""
        interaction = self.room.interactions.open(
            kind, person, channel, id_=self.room.world.snowflake(), name=data.get("name", ""),
            origin=origin, opened_by=opened_by,
        )  # fmt: skip
        start = time.perf_counter()
        try:
            payload = self._payload(interaction, data)
            answer = await self.room.gateway.deliver(payload, interaction.answered)
        except NotDelivered as error:
            interaction.is_late = True
            return {"ok": False, "error": str(error)}
        spent = round((time.perf_counter() - start) * 1000, 1)
        return {"ok": True, "ack_ms": spent, "ack": answer}

    def _payload(self, interaction: Interaction, data: Json) -> Json:
        channel, world = interaction.channel, self.room.world
        is_direct = channel.kind == DIRECT
        bot_can = str((channel.parent or channel).bot_can)
        about: Json = {"id": interaction.id, "type": interaction.kind, "token": interaction.token}
        about |= {"application_id": seed.APP, "data": data, "app_permissions": bot_can}
        about |= {"channel_id": channel.id, "context": 1 if is_direct else 0}
        about["channel"] = channel.describe() | {"permissions": str(seed.EVERYBODY_CAN)}
        about["authorizing_integration_owners"] = {"0": seed.GUILD["id"]}
        if interaction.origin:
            about["message"] = world.wire(interaction.origin)
        if is_direct:
            return DEFAULTS["interaction"] | about | {"user": user(interaction.person)}
        person_can = {"permissions": str(seed.EVERYBODY_CAN)}
        about |= {"guild_id": seed.GUILD["id"], "guild_locale": "en-US"}
        about["guild"] = {"id": seed.GUILD["id"], "locale": "en-US", "features": []}
        about["member"] = world.members[interaction.person] | person_can
        return DEFAULTS["interaction"] | about

    def _failed(self, person: str, channel: Channel, code: str, sentence: str) -> Json:
        notice: Json = {"author": user(seed.BOT), "content": sentence, "flags": EPHEMERAL}
        self.room.world.post(channel, notice | {"only_for": person, "failed": True})
        return {"ok": False, "error": code}


def _called(command: Json, options: list[Json]) -> Json:
    about = {key: command[key] for key in ("id", "name", "type", "guild_id") if key in command}
    return about | ({"options": options} if options else {})


def _button(message: Json, custom_id: str) -> Json:
    for part in forms.walk(message["components"]):
        if part["type"] == forms.BUTTON and part.get("custom_id") == custom_id:
            if part.get("disabled"):
                raise CannotDo("is_disabled")
            return part
    raise CannotDo("action_not_found")


def _inputs(view: Json) -> list[Json]:
    return [one for one in forms.walk(view["components"]) if one["type"] == forms.INPUT]


def _mistakes(view: Json, values: dict[str, str]) -> dict[str, str]:
    """What Discord's own program says about what was typed, before the app hears of it."""
    errors: dict[str, str] = {}
    for part in _inputs(view):
        name, value = part["custom_id"], values.get(part["custom_id"], "")
        if not value and part.get("required", True):
            errors[name] = "Please fill this in."
        elif value and len(value) < part.get("min_length", 0):
            errors[name] = f"At least {part['min_length']} characters."
        elif len(value) > part.get("max_length", 4000):
            errors[name] = f"At most {part.get('max_length', 4000)} characters."
    return errors


def _filled(view: Json, values: dict[str, str]) -> list[Json]:
    """The components of a dialog as they come back, with what was typed."""

    def filled(part: Json) -> Json:
        about: Json = {"type": part["type"], "id": part["id"]}
        if part["type"] == forms.INPUT:
            name = part["custom_id"]
            return about | {"custom_id": name, "value": values.get(name, "")}
        if "component" in part:
            return about | {"component": filled(part["component"])}
        inside = cast("list[Json]", part.get("components", []))
        return about | ({"components": [filled(one) for one in inside]} if inside else {})

    return [filled(part) for part in view["components"]]
