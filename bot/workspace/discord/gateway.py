"""The gateway on the wire: sessions that survive their sockets, and what the app hears there."""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, cast

from aiohttp import WSMsgType, web

from bot.workspace.discord import seed
from bot.workspace.discord.faults import Fault
from bot.workspace.discord.world import user
from bot.workspace.mischief import Mischief
from bot.workspace.wire import Json

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, MEMBERS, INVALID, HELLO, ACK = 7, 8, 9, 10, 11
GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12
# Members, presences and what people write: this app was granted none of them.
PRIVILEGED: Final = 1 << 1 | 1 << 8 | 1 << 15
KNOWN_INTENTS: Final = (1 << 26) - 1
# Why Discord closes a socket.
UNKNOWN_OP, NOT_JSON, NOT_YET, WRONG_TOKEN = 4001, 4002, 4003, 4004
ALREADY, BAD_SEQUENCE, TOO_FAST, BAD_INTENTS, NOT_GRANTED = 4005, 4007, 4008, 4013, 4014
MOST_FRAMES, FRAME_SECONDS = 120, 60
REMEMBERED: Final = 1000  # deliveries that a session can bring again
HEARTBEAT_SECONDS: Final = 41.25
TRANSPORT: Final = web.ResponseKey("transport", asyncio.Transport)


class NotDelivered(Exception):
    """The app did not answer a delivery; the text is a code."""


class _Closed(Exception):
    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason


@dataclass(eq=False)
class Session:
    """One app that has identified itself, with or without a socket at present."""

    intents: int
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    newest: int = 0
    sent: deque[Json] = field(default_factory=lambda: deque[Json](maxlen=REMEMBERED))
    socket: web.WebSocketResponse | None = None
    is_expected: bool = False  # it lost its socket through us, and will be back

    def dispatch(self, event: str, data: Json) -> Json:
        """Number a delivery and remember it."""
        self.newest += 1
        frame: Json = {"op": DISPATCH, "t": event, "s": self.newest, "d": data}
        self.sent.append(frame)
        return frame


class Gateway:
    """All sessions of the app."""

    def __init__(
        self, mischief: Mischief[Fault], *, token: str, patience: float, identify_seconds: float,
        clock: Callable[[], float], guild: Callable[[], Json],
    ) -> None:  # fmt: skip
        self.token = token
        self.url = ""
        self.starts_left = 1000
        self._mischief = mischief
        self._patience = patience
        self._identify_seconds = identify_seconds
        self._clock = clock
        self._guild = guild
        self._sessions: list[Session] = []
        self._identified_at: float | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one socket open for as long as the app likes."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if request.transport:
            socket[TRANSPORT] = request.transport
        session: Session | None = None
        try:
            beat = round(HEARTBEAT_SECONDS * 1000)
            await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": beat}, **_UNNUMBERED})
            times: deque[float] = deque(maxlen=MOST_FRAMES + 1)
            async for frame in socket:
                self._count(times)
                session = await self._hear(socket, session, _read(frame.type, frame.data))
        except _Closed as closed:
            await socket.close(code=closed.code, message=closed.reason.encode())
        except ConnectionError:
            pass  # the app went away in the middle of a word
        finally:
            self._forget(session, socket)
        return socket

    def tell(self, event: str, data: Json) -> None:
        """Hand news to every session that wants them, without waiting."""
        if event.startswith("MESSAGE_"):
            needed = GUILD_MESSAGES if "guild_id" in data else DIRECT_MESSAGES
        else:
            needed = GUILDS
        for session in self._sessions:
            if session.intents & needed:
                self._send(session, session.dispatch(event, _without_content(data)))

    async def deliver(self, interaction: Json, answered: asyncio.Future[Json]) -> Json:
        """Hand an interaction to the app and wait for its first response."""
        reached = [one for one in self._sessions if one.socket or one.is_expected]
        if not reached:
            raise NotDelivered("no_app")
        task = asyncio.create_task(self._hand_over(reached, interaction))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        try:
            return await asyncio.wait_for(asyncio.shield(answered), self._patience)
        except TimeoutError:
            raise NotDelivered("operation_timeout") from None

    async def disconnect(self) -> None:
        """Ask the app to come back on a new socket and to resume (op 7)."""
        for session in self._sessions:
            if session.socket:
                socket, session.socket, session.is_expected = session.socket, None, True
                with suppress(ConnectionError):
                    await socket.send_json({"op": RECONNECT, "d": None, **_UNNUMBERED})

    async def invalidate(self) -> None:
        """End every session; the app has to begin anew (op 9)."""
        ended, self._sessions = self._sessions, []
        for session in ended:
            if session.socket:
                with suppress(ConnectionError):
                    await session.socket.send_json({"op": INVALID, "d": False, **_UNNUMBERED})

    async def close(self) -> None:
        """Close everything for good."""
        for task in self._sending:
            task.cancel()
        for session in self._sessions:
            if session.socket:
                await session.socket.close(code=1001)

    async def _hand_over(self, reached: list[Session], interaction: Json) -> None:
        fault = self._mischief.take("duplicate", "delay")
        await asyncio.sleep(fault.seconds if fault else 0)
        for _ in range(2 if fault and fault.kind == "duplicate" else 1):
            for session in reached:
                frame = session.dispatch("INTERACTION_CREATE", interaction)
                if session.socket and self._mischief.take("drop"):
                    _drop(session)
                self._send(session, frame)

    def _send(self, session: Session, frame: Json) -> None:
        if session.socket:
            task = asyncio.create_task(_written(session.socket, frame))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def _count(self, times: deque[float]) -> None:
        times.append(self._clock())
        if len(times) > MOST_FRAMES and times[-1] - times[0] < FRAME_SECONDS:
            raise _Closed(TOO_FAST, "You are being rate limited.")

    async def _hear(
        self, socket: web.WebSocketResponse, session: Session | None, frame: Json
    ) -> Session | None:
        op, given = frame.get("op"), frame.get("d")
        data = cast("Json", given) if isinstance(given, dict) else {}
        if op == HEARTBEAT:
            await socket.send_json({"op": ACK, "d": None, **_UNNUMBERED})
        elif op in (IDENTIFY, RESUME):
            if session:
                raise _Closed(ALREADY, "Already authenticated.")
            if data.get("token") != self.token:
                raise _Closed(WRONG_TOKEN, "Authentication failed.")
            return await (self._identify if op == IDENTIFY else self._resume)(socket, data)
        elif session is None:
            raise _Closed(NOT_YET, "Not authenticated.")
        elif op not in (PRESENCE, VOICE, MEMBERS):
            raise _Closed(UNKNOWN_OP, "Unknown opcode.")
        return session

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        now, intents = self._clock(), data.get("intents")
        last, self._identified_at = self._identified_at, now
        if not isinstance(intents, int) or not 0 <= intents <= KNOWN_INTENTS:
            raise _Closed(BAD_INTENTS, "Invalid intent(s).")
        if intents & PRIVILEGED:
            raise _Closed(NOT_GRANTED, "Disallowed intent(s).")
        if self.starts_left <= 0:
            self.token = secrets.token_urlsafe(24)  # Discord resets it, and writes to the owner
            raise _Closed(WRONG_TOKEN, "Authentication failed.")
        self.starts_left -= 1
        if last is not None and now - last < self._identify_seconds:
            await socket.send_json({"op": INVALID, "d": False, **_UNNUMBERED})
            return None
        for other in self._sessions:
            other.is_expected = False  # the app has begun anew instead
        session = Session(intents, socket=socket)
        self._sessions.append(session)
        about: Json = {"v": 10, "user": user(seed.BOT), "session_id": session.id}
        about |= {"guilds": [{"id": seed.GUILD["id"], "unavailable": True}]}
        about |= {"application": {"id": seed.APP, "flags": 0}, "resume_gateway_url": self.url}
        await socket.send_json(session.dispatch("READY", about))
        if intents & GUILDS:
            await socket.send_json(session.dispatch("GUILD_CREATE", self._guild()))
        return session

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        seen, id_ = data.get("seq"), data.get("session_id")
        session = next((one for one in self._sessions if one.id == id_), None)
        if session is None or not isinstance(seen, int) or _is_forgotten(session, seen):
            await socket.send_json({"op": INVALID, "d": False, **_UNNUMBERED})
            return None
        if seen > session.newest:
            raise _Closed(BAD_SEQUENCE, "Invalid seq.")
        while missed := [one for one in session.sent if one["s"] > seen]:
            for frame in missed:
                await socket.send_json(frame)
            seen = missed[-1]["s"]
        session.socket, session.is_expected = socket, False
        await socket.send_json(session.dispatch("RESUMED", {}))
        return session

    def _forget(self, session: Session | None, socket: web.WebSocketResponse) -> None:
        """Let go of a socket; whoever closes it properly ends the session, too."""
        if session not in self._sessions or session.socket not in (socket, None):
            return  # it is over, or goes on elsewhere
        session.socket = None
        if socket.close_code in (1000, 1001):
            self._sessions.remove(session)


_UNNUMBERED: Final[Mapping[str, None]] = {"s": None, "t": None}


def _read(kind: WSMsgType, data: Any) -> Json:  # noqa: ANN401
    try:
        frame = json.loads(data) if kind is WSMsgType.TEXT else None
    except ValueError:
        frame = None
    if not isinstance(frame, dict):
        raise _Closed(NOT_JSON, "Error while decoding payload.")
    return cast("Json", frame)


def _without_content(data: Json) -> Json:
    """A message as it is told: what others write in a channel is not for this app to read."""
    is_own = data.get("author", {}).get("id") == seed.BOT or "guild_id" not in data
    is_called = any(one["id"] == seed.BOT for one in data.get("mentions", ()))
    if "content" not in data or is_own or is_called:
        return data
    return data | {"content": "", "components": [], "embeds": [], "attachments": []}


def _drop(session: Session) -> None:
    """Lose the connection under a session, as networks do."""
    socket, session.socket, session.is_expected = session.socket, None, True
    if socket:
        socket[TRANSPORT].abort()


def _is_forgotten(session: Session, seen: int) -> bool:
    return bool(session.sent) and seen + 1 < session.sent[0]["s"]


async def _written(socket: web.WebSocketResponse, frame: Json) -> None:
    with suppress(ConnectionError):
        await socket.send_json(frame)
