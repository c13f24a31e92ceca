"""The Web API on the wire: tokens, arguments in every form that clients send, limits, refusals."""

import json
from dataclasses import dataclass

from aiohttp import web

from bot.workspace.slack import messages, places, views
from bot.workspace.slack.faults import Fault
from bot.workspace.slack.handles import Handle
from bot.workspace.slack.limits import RateLimited
from bot.workspace.slack.room import Call, Room
from bot.workspace.slack.world import SlackError
from bot.workspace.wire import Json

METHODS = {**messages.METHODS, **places.METHODS, **views.METHODS}
CONNECT = "apps.connections.open"
# Forms carry these as JSON in a text.
STRUCTURED = ("blocks", "metadata", "view", "attachments")


@dataclass(frozen=True)
class WebApi:
    """Everything an app can call, and the addresses for its later answers."""

    room: Room

    async def call(self, request: web.Request) -> web.Response:
        """Answer one call of a method."""
        name = request.match_info["method"]
        fault = self.room.mischief.take("http", method=name)
        if fault and not fault.applied:
            return _faulty(fault)
        try:
            answer = {"ok": True} | self._run(name, request, await _arguments(request))
        except RateLimited as refusal:
            return _too_many(refusal.seconds)
        except SlackError as refusal:
            answer = _refused(refusal)
        return _faulty(fault) if fault else web.json_response(answer)

    async def respond(self, request: web.Request) -> web.Response:
        """Take a later answer to an interaction, at the address that the interaction held."""
        if fault := self.room.mischief.take("http", method="response_url"):
            return _faulty(fault)
        try:
            handle = self.room.handles.visit(request.match_info["address"])
            self._respond(handle, await _arguments(request))
        except SlackError as refusal:
            is_over = refusal.code in ("expired_url", "used_url")
            return web.json_response(_refused(refusal), status=404 if is_over else 400)
        return web.Response(text="ok")

    def _run(self, name: str, request: web.Request, arguments: Json) -> Json:
        room = self.room
        if name != CONNECT and name not in METHODS:
            raise SlackError("unknown_method")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = token or str(arguments.get("token") or "")
        if not token:
            raise SlackError("not_authed")
        if token != (room.app_token if name == CONNECT else room.bot_token):
            is_known = token in (room.app_token, room.bot_token)
            raise SlackError("not_allowed_token_type" if is_known else "invalid_auth")
        room.limits.spend(name, channel=str(arguments.get("channel")))
        if name == CONNECT:
            return {"url": f"ws://{request.host}/link?ticket={room.sockets.ticket()}"}
        return METHODS[name](Call(room, arguments))

    def _respond(self, handle: Handle, arguments: Json) -> None:
        world = self.room.world
        channel = world.channel(handle.channel)
        if arguments.get("replace_original") and handle.original:
            original = channel.message(handle.original, seen_by=handle.user)
            world.edit(channel, original, messages.rewritten(arguments))
        else:
            is_public = arguments.get("response_type") == "in_channel"
            only_for = None if is_public else handle.user
            world.post(channel, messages.written(arguments, only_for=only_for))


async def _arguments(request: web.Request) -> Json:
    try:
        if request.content_type == "application/json":
            return dict(json.loads(await request.text() or "{}"))
        arguments: Json = dict(request.query) | dict(await request.post())
        for name in STRUCTURED:
            if isinstance(arguments.get(name), str):
                arguments[name] = json.loads(arguments[name])
    except (ValueError, TypeError):
        raise SlackError("invalid_json") from None
    return arguments


def _refused(refusal: SlackError) -> Json:
    more = {"response_metadata": {"messages": refusal.messages}} if refusal.messages else {}
    return {"ok": False, "error": refusal.code, **more}


def _faulty(fault: Fault) -> web.Response:
    if fault.status == web.HTTPTooManyRequests.status_code:
        return _too_many(fault.retry_after)
    return web.json_response({"ok": False, "error": fault.error}, status=fault.status)


def _too_many(seconds: int) -> web.Response:
    about, headers = {"ok": False, "error": "ratelimited"}, {"Retry-After": str(seconds)}
    return web.json_response(about, status=429, headers=headers)
