"""Socket Mode: one delivery goes to one of the app's open sockets, which has three seconds."""

import asyncio
import secrets
from contextlib import suppress

from aiohttp import WSMsgType, web

from bot.workspace.mischief import Mischief
from bot.workspace.slack import seed
from bot.workspace.slack.faults import Fault
from bot.workspace.wire import Json

MOST_SOCKETS = 10


class NotDelivered(Exception):
    """The app did not take a delivery; the text is a code."""


class Sockets:
    """The app's open connections and what they still owe an answer to."""

    def __init__(self, mischief: Mischief[Fault], *, patience: float) -> None:
        self._mischief = mischief
        self._patience = patience
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._owed: dict[str, asyncio.Future[Json]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def ticket(self) -> str:
        """The right to open one socket."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one socket open for as long as the app likes."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden(text="The ticket is unknown or was used before.")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._open) >= MOST_SOCKETS:
            await _dismiss(socket, "too_many_websockets")
            await socket.close()
            return socket
        self._open.append(socket)
        try:
            about: Json = {"type": "hello", "num_connections": len(self._open)}
            await socket.send_json(about | {"connection_info": {"app_id": seed.APP}})
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._settle(frame.json())
        finally:
            self._forget(socket)
        return socket

    def send(self, kind: str, payload: Json, *, answerable: bool = False) -> str:
        """Hand a payload to the app without waiting, and say in which envelope."""
        id_ = secrets.token_hex(16)
        envelope: Json = {"envelope_id": id_, "type": kind, "payload": payload}
        task = asyncio.create_task(self._send(envelope | {"accepts_response_payload": answerable}))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return id_

    async def deliver(self, kind: str, payload: Json, *, answerable: bool = False) -> Json:
        """Hand a payload to the app and wait for its acknowledgement, which may hold an answer."""
        if not self._is_reachable():
            raise NotDelivered("no_app")
        id_ = self.send(kind, payload, answerable=answerable)
        owed = self._owed[id_] = asyncio.get_running_loop().create_future()
        try:
            return await asyncio.wait_for(owed, self._patience)
        except TimeoutError:
            raise NotDelivered("operation_timeout") from None
        finally:
            del self._owed[id_]

    async def disconnect(self) -> None:
        """Ask the app to come back on new sockets; it closes the old ones itself."""
        for socket in tuple(self._open):
            self._forget(socket)
            await _dismiss(socket, "refresh_requested")

    async def close(self) -> None:
        """Close everything for good."""
        for task in self._sending:
            task.cancel()
        for socket in tuple(self._open):
            await socket.close()

    def _is_reachable(self) -> bool:
        return bool(self._open)

    async def _send(self, envelope: Json) -> None:
        fault = self._mischief.take("duplicate", "delay")
        await asyncio.sleep(fault.seconds if fault else 0)
        for _ in range(2 if fault and fault.kind == "duplicate" else 1):
            await self._hand_over(envelope)

    async def _hand_over(self, envelope: Json) -> None:
        if self._open:  # else it times out, as when an app goes away in mid-delivery
            self._open.append(self._open.pop(0))
            with suppress(ConnectionError):  # the same
                await self._open[-1].send_json(envelope)

    def _settle(self, acknowledgement: Json) -> None:
        owed = self._owed.get(acknowledgement.get("envelope_id", ""))
        if owed and not owed.done():
            owed.set_result(acknowledgement.get("payload") or {})

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._open:
            self._open.remove(socket)


async def _dismiss(socket: web.WebSocketResponse, reason: str) -> None:
    with suppress(ConnectionError):  # it left by itself: nothing to say
        await socket.send_json({"type": "disconnect", "reason": reason})
