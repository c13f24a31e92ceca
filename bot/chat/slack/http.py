"""Slack's request URLs: signed HTTP, checked to the last byte before Bolt or the desk sees it."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.chat.slack.blocks import Json
from bot.chat.slack.gateway import Routes, check_token, create_slack_app
from bot.chat.slack.payloads import ELSEWHERE
from bot.chat.slack.reception import Reception
from bot.chat.slack.signature import Forged, Signatures
from bot.chat.slack.team import Team, log
from bot.chat.slack.teams import Teams
from bot.domain.errors import TwokeyError
from bot.invocation import Desk
from bot.ports import ChatRefused

COMMANDS: Final = "/slack/commands"
INTERACTIVITY: Final = "/slack/interactivity"
EVENTS: Final = "/slack/events"

_LARGEST_BODY: Final = 256 * 1024  # bytes
_BODY_SECONDS: Final = 2.0
_MOST_FIELDS: Final = 100
_SETTLE_SECONDS: Final = 3.0
_SAY_AGAIN_SECONDS: Final = 60.0
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"


async def identified(team: Team) -> Team:
    """Check the token of a team, and learn which app Slack has to speak of."""
    bot = (await check_token(team)).get("bot_id")
    match await team.call("bots.info", bot=bot):
        case {"bot": {"app_id": str(app)}}:
            return replace(team, app=app)
        case _:
            raise ChatRefused(
                "Slack does not say which app SLACK_BOT_TOKEN belongs to: set the Bot User OAuth "
                "Token, which starts with xoxb-."
            )


class _Refused(Exception):
    """A request that goes no further; the text is for our log, the status for the sender."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Counter:
    """Where one team is served."""

    team: Team
    reception: Reception
    app: AsyncApp


class SlackRequests:
    """Takes the deliveries of all teams over HTTP; ``now`` is the time in seconds since 1970."""

    def __init__(
        self,
        teams: Teams,
        desk: Desk,
        *,
        secrets: Sequence[str],
        now: Callable[[], float],
        opening: Callable[[], Awaitable[None]] | None = None,
        removed: Callable[[str, int], Awaitable[None]] | None = None,
        patience: float = 1.0,
    ) -> None:
        """Take nothing yet; ``secrets`` are the signing secrets.

        ``opening`` comes before the first one; ``removed`` hears who took the app out, and when.
        """
        self.turned_away: Counter[str] = Counter()
        self._teams = teams
        self._desk = desk
        self._now = now
        self._opening = opening
        self._removed = removed
        self._patience = patience
        self._signatures = Signatures(secrets, now=now)
        self._counters: list[_Counter] = []  # the last one of a team is the one that serves
        self._said_at: dict[str, float] = {}
        self._is_open = False

    def routes(self) -> Routes:
        """Return what answers at which address."""

        async def command(request: web.BaseRequest) -> web.Response:
            return await self._serve(request, kind=_FORM, read=_command)

        async def interaction(request: web.BaseRequest) -> web.Response:
            return await self._serve(request, kind=_FORM, read=_interaction)

        async def event(request: web.BaseRequest) -> web.Response:
            return await self._serve(request, kind=_JSON, read=_object)

        return {
            f"POST {COMMANDS}": command,
            f"POST {INTERACTIVITY}": interaction,
            f"POST {EVENTS}": event,
        }

    async def start(self) -> None:
        """Take deliveries, once what can be checked is good."""
        if self._opening is not None:
            await self._opening()
        self._is_open = True

    async def stop(self) -> None:
        """Take nothing more, and end what was taken."""
        self._is_open = False
        for counter in self._counters:
            await counter.reception.settle(seconds=_SETTLE_SECONDS)
            await counter.reception.close()

    async def is_connected(self) -> bool:
        """Tell whether deliveries are taken."""
        return self._is_open

    async def _serve(
        self, request: web.BaseRequest, *, kind: str, read: Callable[[bytes], Json]
    ) -> web.Response:
        try:
            body, signature = await self._verified(request, kind=kind)
            if self._signatures.is_replay(signature):
                # Slack is content; whoever overheard the request has gained nothing.
                self._count("the request was sent before")
                return web.Response()
            return await self._dispatch(read(body), signature)
        except Forged as error:
            return self._refuse(HTTPStatus.UNAUTHORIZED, str(error))
        except _Refused as error:
            return self._refuse(error.status, str(error))

    async def _verified(self, request: web.BaseRequest, *, kind: str) -> tuple[bytes, str]:
        body = await _body(request, kind=kind)
        signature = self._signatures.check(
            signatures=request.headers.getall("X-Slack-Signature", ()),
            timestamps=request.headers.getall("X-Slack-Request-Timestamp", ()),
            body=body,
        )
        if not self._is_open:
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Twokey is not connected")
        return body, signature

    async def _dispatch(self, body: Json, signature: str) -> web.Response:
        match body:
            case {"type": "url_verification", "challenge": str(challenge)}:
                return web.Response(text=challenge)
            case {"ssl_check": _}:
                return web.Response()
            case {
                "type": "event_callback",
                "team_id": str(team),
                "event_time": int(at),
                "event": {"type": "app_uninstalled"}
                | {"type": "tokens_revoked", "tokens": {"bot": [_, *_]}},
            } if self._removed is not None:
                return await self._remove(team, at, signature)
            case {"team_id": str(team)} | {"team": {"id": str(team)}}:
                counter = self._counter(team)
            case _:
                counter = None
        if counter is None:
            self._count("it is of another team")
            return web.Response(text=ELSEWHERE if "command" in body else "")
        return _translated(await self._through_bolt(counter.app, body))

    def _counter(self, id_: str) -> _Counter | None:
        team = self._teams.team(id_)
        for counter in self._counters:
            if counter.team is team:
                return counter
        if team is None:
            return None
        reception = Reception(team, self._desk, patience=self._patience)
        reception.turned_away = self.turned_away
        self._counters.append(_Counter(team, reception, create_slack_app(team, reception)))
        return self._counters[-1]

    async def _remove(self, team: str, at: int, signature: str) -> web.Response:
        try:
            if self._removed is not None:
                await self._removed(team, at)
        except TwokeyError as error:
            self._signatures.forget(signature)  # Slack may send it again
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
        return web.Response()

    async def _through_bolt(self, app: AsyncApp, body: Json) -> BoltResponse:
        # "socket_mode" is Bolt's word for: verified and parsed already.
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=body)
            return await app.async_dispatch(request)
        except Exception as error:  # Bolt trusts the shape of what arrives
            why = f"Bolt can't read it: {type(error).__name__}"
            raise _Refused(HTTPStatus.BAD_REQUEST, why) from error

    def _refuse(self, status: HTTPStatus, why: str) -> web.Response:
        self._count(why)
        return web.Response(status=status, text=f"{status.phrase}\n")

    def _count(self, why: str) -> None:
        """Count each one, and say so now and then: strangers must not be able to fill the log."""
        self.turned_away[why] += 1
        if self._now() - self._said_at.get(why, float("-inf")) >= _SAY_AGAIN_SECONDS:
            self._said_at[why] = self._now()
            log.warning("A request was turned away: %s (%d so far).", why, self.turned_away[why])


async def _body(request: web.BaseRequest, *, kind: str) -> bytes:
    """Read the body, but no longer than it may take and no more than it may hold."""
    if request.content_type != kind:
        raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the content type is wrong")
    if (request.content_length or 0) > _LARGEST_BODY:
        raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "it is too large")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in request.content.iter_any():
                body += part
                if len(body) > _LARGEST_BODY:
                    raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "it is too large")
    except TimeoutError:
        raise _Refused(HTTPStatus.REQUEST_TIMEOUT, "the body came too slowly") from None
    except (web.RequestPayloadError, ConnectionError):
        raise _Refused(HTTPStatus.BAD_REQUEST, "the body is broken") from None
    return bytes(body)


def _command(body: bytes) -> Json:
    fields = _fields(body)
    if "command" not in fields and "ssl_check" not in fields:
        raise _Refused(HTTPStatus.BAD_REQUEST, "a command has no name")
    return fields


def _interaction(body: bytes) -> Json:
    fields = _fields(body)
    if "ssl_check" in fields:
        return fields
    if fields.keys() != {"payload"}:
        raise _Refused(HTTPStatus.BAD_REQUEST, "an interaction is not one payload")
    return _object(fields["payload"].encode())


def _fields(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise _Refused(HTTPStatus.BAD_REQUEST, "the form can't be read") from None
    fields: dict[str, Any] = dict(pairs)
    if len(fields) != len(pairs):
        raise _Refused(HTTPStatus.BAD_REQUEST, "the form has a field twice")
    return fields


def _object(body: bytes) -> Json:
    try:
        found = json.loads(body.decode())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _Refused(HTTPStatus.BAD_REQUEST, "it is no JSON object")
    return cast("Json", found)


def _translated(answer: BoltResponse) -> web.Response:
    kind = answer.first_headers().get("content-type", "text/plain; charset=utf-8")
    body = (answer.body or "").encode()
    return web.Response(status=answer.status, body=body, headers={"Content-Type": kind})
