"""The HTTP API on the wire: tokens, bodies, limits, refusals."""

import json
import time
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from bot.workspace.discord import interactions, messages, places, registration
from bot.workspace.discord.faults import Fault
from bot.workspace.discord.limits import RateLimited
from bot.workspace.discord.refusals import TEXTS, DiscordError
from bot.workspace.discord.room import Call, Operation, Room

OPERATIONS: Final = (
    *places.OPERATIONS,
    *messages.OPERATIONS,
    *registration.OPERATIONS,
    *interactions.OPERATIONS,
)
# Each of these in a path has an allowance of its own.
MAJOR: Final = ("channel", "guild", "application", "token")
JSON: Final = "application/json"


@dataclass(frozen=True)
class RestApi:
    """Everything that an app can call."""

    room: Room

    def routes(self) -> list[web.RouteDef]:
        """All operations, and a refusal for whatever is none."""
        known = [web.route(one.verb, f"/api/v10{one.path}", self._of(one)) for one in OPERATIONS]
        return [*known, web.route("*", "/api/{rest:.*}", self._unknown)]

    def _of(self, operation: Operation) -> Any:  # noqa: ANN401
        async def call(request: web.Request) -> web.Response:
            fault = self.room.mischief.take("http", method=operation.name)
            if fault and not fault.applied:
                return _faulty(fault)
            answer = await self._run(operation, request)
            return _faulty(fault) if fault else answer

        return call

    async def _run(self, operation: Operation, request: web.Request) -> web.Response:
        headers: dict[str, str] = {}
        try:
            if operation.needs_token:
                self._authorize(request)
            place = "/".join(request.match_info.get(name, "") for name in MAJOR)
            headers = self.room.limits.spend(operation.name, place=place)
            body = await _body(request)
            answer = operation.run(Call(self.room, request.match_info, request.query, body))
        except RateLimited as refusal:
            return _too_many(refusal.seconds, code=refusal.code, is_global=refusal.is_global)
        except DiscordError as refusal:
            return _answer(refusal.document(), refusal.status, headers)
        return _answer(answer, 204 if answer is None else operation.status, headers)

    def _authorize(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self.room.bot_token}":
            raise DiscordError(0, status=401)

    async def _unknown(self, request: web.Request) -> web.Response:
        refusal = DiscordError(0, status=404)
        return _answer(refusal.document(), refusal.status, {})


async def _body(request: web.Request) -> Any:  # noqa: ANN401
    """The body, which is JSON: files are not for this guild."""
    text = await request.text()
    if not text:
        return {}
    try:
        if request.content_type != JSON:
            raise DiscordError(50109)
        return json.loads(text)
    except ValueError:
        raise DiscordError(50109) from None


def _answer(document: Any, status: int, headers: dict[str, str]) -> web.Response:  # noqa: ANN401
    """JSON as Discord sends it: the media type stands alone, without a charset."""
    if "X-RateLimit-Reset-After" in headers:
        reset = time.time() + float(headers["X-RateLimit-Reset-After"])
        headers = headers | {"X-RateLimit-Reset": f"{reset:.3f}"}
    if document is None:
        return web.Response(status=status, headers=headers)
    body = json.dumps(document).encode()
    return web.Response(body=body, status=status, content_type=JSON, headers=headers)


def _faulty(fault: Fault) -> web.Response:
    if fault.status == web.HTTPTooManyRequests.status_code:
        return _too_many(fault.retry_after, code=fault.code, is_global=fault.is_global)
    _, message = TEXTS.get(fault.code, (0, f"{fault.status}: A fault that was asked for"))
    return _answer({"message": message, "code": fault.code}, fault.status, {})


def _too_many(seconds: float, *, code: int, is_global: bool) -> web.Response:
    """The refusal of a call too many; without `Via`, clients would take it for Cloudflare's."""
    _, message = TEXTS.get(code, (0, "You are being rate limited."))
    about = {"message": message, "code": code, "retry_after": seconds, "global": is_global}
    headers = {"Via": "1.1 google", "Retry-After": str(max(1, round(seconds)))}
    headers |= {"X-RateLimit-Global": "true"} if is_global else {}
    headers |= {"X-RateLimit-Scope": "global" if is_global else "user"}
    return _answer(about, 429, headers)
