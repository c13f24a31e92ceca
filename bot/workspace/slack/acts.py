"""What people do: commands, clicks, dialogs, talk, each handed to the app as Slack does."""

import secrets
import time
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel, ConfigDict

from bot.workspace.slack import seed
from bot.workspace.slack.blocks import elements
from bot.workspace.slack.messages import written
from bot.workspace.slack.room import Room
from bot.workspace.slack.sockets import NotDelivered
from bot.workspace.slack.world import Channel, SlackError
from bot.workspace.wire import Json

NO_INPUTS: Json = {"values": {}}


class Act(BaseModel):
    """Somebody does something."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    user: str


class Talk(Act):
    """Somebody writes something, perhaps a command."""

    channel: str
    text: str
    thread_ts: str | None = None


class Click(Act):
    """Somebody presses a button."""

    channel: str
    ts: str
    action_id: str
    block_id: str | None = None


class Close(Act):
    """Somebody closes a dialog."""

    view_id: str


class Submit(Close):
    """Somebody sends a dialog off, with a text for each input's action."""

    values: dict[str, str] = {}


@dataclass(frozen=True)
class People:
    """The hands of everybody in the workspace."""

    room: Room

    async def command(self, act: Talk) -> Json:
        """Run a slash command, and show in the channel what the app answers or how it failed."""
        channel = self._entered(act)
        command, _, text = act.text.strip().partition(" ")
        if act.thread_ts:
            return self._failed(act, "in_thread", f"{command} is not supported in threads.")
        if command == "/invite":
            self.room.world.admit(channel)
            return {"ok": True}
        if command not in seed.COMMANDS:
            return self._failed(act, "unknown_command", f"{command} is not a valid command.")
        name = "directmessage" if channel.is_direct else channel.name
        payload: Json = (
            {"team_id": seed.TEAM["id"], "team_domain": seed.TEAM["domain"]}
            | {"channel_id": channel.id, "channel_name": name}
            | {"user_id": act.user, "user_name": self.room.world.people[act.user]["name"]}
            | {"command": command, "text": text.strip(), "api_app_id": seed.APP}
            | {"is_enterprise_install": "false"}
            | self._handles(act.user, channel)
        )
        outcome = await self._deliver("slash_commands", payload, answerable=True)
        if not outcome["ok"]:
            code = outcome["error"].replace("no_app", "dispatch_failed")
            return self._failed(act, outcome["error"], f'{command} failed with the error "{code}"')
        if answer := outcome["ack"]:
            is_public = answer.get("response_type") == "in_channel"
            message = written(answer, only_for=None if is_public else act.user)
            self.room.world.post(channel, message)
        return outcome

    async def click(self, act: Click) -> Json:
        """Press a button in a message."""
        channel = self._entered(act)
        message = channel.message(act.ts, seen_by=act.user)
        is_private = "only_for" in message
        container = {"type": "message", "message_ts": act.ts, "channel_id": channel.id}
        thread = {key: message[key] for key in ("thread_ts",) if key in message}
        action = _button(message, act) | {"action_ts": self.room.world.stamp()}
        payload: Json = (
            self._interaction("block_actions", act.user)
            | {"container": container | thread | {"is_ephemeral": is_private}}
            | {"channel": {"id": channel.id, "name": channel.name}}
            | ({} if is_private else {"message": message})
            | {"actions": [action], "state": NO_INPUTS}
            | self._handles(act.user, channel, original=act.ts)
        )
        return await self._deliver("interactive", payload)

    async def submit(self, act: Submit) -> Json:
        """Send a dialog off; it closes unless the app says otherwise."""
        view = self._on_screen(act)
        if errors := _fill_in(view, act.values):
            return {"ok": False, "error": "invalid_input", "errors": errors}
        payload = self._interaction("view_submission", act.user) | self._trigger(act.user)
        payload |= {"view": view, "response_urls": []}
        outcome = await self._deliver("interactive", payload, answerable=True)
        if not outcome["ok"]:
            return outcome
        match outcome["ack"].get("response_action"):
            case None:
                self._drop(act.user, view)
            case "errors":
                outcome["errors"] = outcome["ack"]["errors"]
            case _:
                raise SlackError("unknown_response_action")
        return outcome

    async def close(self, act: Close) -> Json:
        """Close a dialog without sending it."""
        self._drop(act.user, self._on_screen(act))
        return {"ok": True}

    async def talk(self, act: Talk) -> Json:
        """Write a message; the app hears of it where it is a member."""
        channel = self._entered(act)
        message: Json = {"user": act.user, "text": act.text, "thread_ts": act.thread_ts}
        said = self.room.world.post(channel, message)
        if seed.BOT in channel.members:
            kind = "im" if channel.is_direct else "channel"
            event = {**said, "channel": channel.id, "channel_type": kind, "event_ts": said["ts"]}
            self._announce(event)
        return {"ok": True, "ts": said["ts"]}

    def _entered(self, act: Talk | Click) -> Channel:
        channel = self.room.world.channel(act.channel)
        if act.user not in channel.members or act.user == seed.BOT:
            raise SlackError("not_in_channel")
        return channel

    def _on_screen(self, act: Close) -> Json:
        for view in self.room.world.dialogs.get(act.user, ()):
            if view["id"] == act.view_id:
                return view
        raise SlackError("not_found")

    def _drop(self, user: str, view: Json) -> None:
        left = [one for one in self.room.world.dialogs[user] if one is not view]
        self.room.world.show_dialogs(user, left)

    def _interaction(self, kind: str, user: str) -> Json:
        name = self.room.world.people[user]["name"]
        team = {"id": seed.TEAM["id"], "domain": seed.TEAM["domain"]}
        person = {"id": user, "username": name, "name": name, "team_id": seed.TEAM["id"]}
        app = {"api_app_id": seed.APP, "enterprise": None, "is_enterprise_install": False}
        return {"type": kind, "user": person, "team": team, **app}

    def _trigger(self, user: str) -> Json:
        return {"trigger_id": self.room.handles.trigger(user)}

    def _handles(self, user: str, channel: Channel, *, original: str | None = None) -> Json:
        address = self.room.handles.address(user, channel.id, original=original)
        return {"response_url": f"{self.room.url}/hooks/{address}"} | self._trigger(user)

    def _failed(self, act: Talk, code: str, sentence: str) -> Json:
        notice: Json = {"user": "USLACKBOT", "text": sentence, "thread_ts": act.thread_ts}
        private = {"only_for": act.user, "is_ephemeral": True}
        self.room.world.post(self.room.world.channel(act.channel), notice | private)
        return {"ok": False, "error": code}

    async def _deliver(self, kind: str, payload: Json, *, answerable: bool = False) -> Json:
        start = time.perf_counter()
        try:
            answer = await self.room.sockets.deliver(kind, payload, answerable=answerable)
        except NotDelivered as error:
            return {"ok": False, "error": str(error)}
        spent = round((time.perf_counter() - start) * 1000, 1)
        return {"ok": True, "ack_ms": spent, "ack": answer}

    def _announce(self, event: Json) -> None:
        bot = {"team_id": seed.TEAM["id"], "user_id": seed.BOT, "is_bot": True}
        about: Json = {"type": "event_callback", "event_id": "Ev" + secrets.token_hex(5).upper()}
        about |= {"team_id": seed.TEAM["id"], "api_app_id": seed.APP, "authorizations": [bot]}
        payload = about | {"event": event, "event_time": int(float(event["ts"]))}
        self.room.sockets.send("events_api", payload)


def _button(message: Json, act: Click) -> Json:
    for block in message.get("blocks", ()):
        for part in elements(block):
            if part["action_id"] == act.action_id and act.block_id in (None, block["block_id"]):
                said = {key: value for key, value in part.items() if key != "confirm"}
                return said | {"block_id": block["block_id"]}
    raise SlackError("action_not_found")


def _fill_in(view: Json, values: dict[str, str]) -> dict[str, str]:
    """Write what was typed into the dialog's state, and say what is wrong with it."""
    errors: dict[str, str] = {}
    for block in cast("list[Json]", view["blocks"]):
        if block["type"] == "input":
            part, name = block["element"], block["block_id"]
            value = values.get(part["action_id"], "")
            if not value and not block.get("optional"):
                errors[name] = "Please fill this in."
            if len(value) > part.get("max_length", len(value)):
                errors[name] = f"At most {part['max_length']} characters."
            typed = {"type": part["type"], "value": value or None}
            view["state"]["values"][name] = {part["action_id"]: typed}
    return errors
