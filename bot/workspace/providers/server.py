"""What both local providers share: two addresses, the effect log, bad days on demand."""

import asyncio
import hmac
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar, Literal

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.workspace.listening import listening
from bot.workspace.providers import seed
from bot.workspace.providers.effects import Effect, EffectLog

TOOK_EFFECT = web.RequestKey("took_effect", bool)
FAILURES = {
    "rate_limit": (429, "Rate limit exceeded"),
    "server_error": (500, "Internal Server Error"),
    "refuse": (403, "Not Authorized"),
    "plan_limit": (402, "To roll back further, upgrade to the Pro plan."),
}


class Misbehaviour(BaseModel):
    """A bad day for the next requests; kept in memory only, so a restart ends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal[
        "rate_limit", "server_error", "refuse", "plan_limit",  # answered before any effect
        "lie", "fail_job",  # accepted, but nothing changes · accepted, but the job fails
        "lose_answer", "hold",  # took effect, but the answer is lost · comes `seconds` later
        "none",  # the bad days are over
    ]  # fmt: skip
    times: int = 1
    seconds: int = 1
    on: Literal["write", "any", "after"] = "write"  # after: any, once something took effect


class Refused(Exception):
    """A request that the provider turns down; the message is what the client reads."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where a started provider listens: its interface, and the part of the shop that it hosts."""

    api: str
    site: str


class Provider(ABC):
    """One hosting provider: an interface for clients, and a site for the shop's visitors."""

    part: ClassVar[str]
    health_path: ClassVar[str]
    health: ClassVar[dict[str, object]] = {}

    def __init__(
        self, log: EffectLog, *, token: str, job_seconds: float, clock: Callable[[], float]
    ) -> None:
        self.log = log
        self.clock = clock
        self.job_seconds = job_seconds
        self._token = token
        self._misbehaviours: list[Misbehaviour] = []

    @property
    @abstractmethod
    def serving(self) -> seed.Release:
        """What the shop's visitors get now."""

    @abstractmethod
    def routes(self) -> Sequence[web.RouteDef]:
        """The provider's interface."""

    @abstractmethod
    def authorize(self, request: web.Request) -> None:
        """Refuses strangers."""

    @abstractmethod
    async def is_write(self, request: web.Request) -> bool:
        """Whether the request wants to change something."""

    @abstractmethod
    def failure(self, status: int, message: str) -> web.Response:
        """An error in the provider's own form."""

    def check_token(self, token: str, *, status: int, message: str) -> None:
        """Refuses every token but the provider's."""
        # A header may hold bytes that are no text.
        shown = token.encode(errors="surrogateescape")
        if not hmac.compare_digest(shown, self._token.encode()):
            raise Refused(status, message)

    def record(
        self, request: web.Request, *, use: str, target: str, value: str | None = None
    ) -> None:
        """Lets a change take effect, unless the provider is to lie about it."""
        if self._next("lie", is_write=True):
            return
        has_failed = self._next("fail_job", is_write=True) is not None
        key = request.headers.get("Idempotency-Key")
        self.log.append(
            Effect(
                at=self.clock(), use=use, target=target, value=value, request=key,
                has_failed=has_failed,
            )
        )  # fmt: skip
        request[TOOK_EFFECT] = True

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[Addresses]:
        """Listens as long as the block lasts."""
        api, site = web.Application(middlewares=[self._behave]), web.Application()
        api.add_routes([*self.routes(), web.post("/_local/misbehave", self._misbehave)])
        site.add_routes([web.get("/", self._page), web.get(self.health_path, self._health)])
        async with listening(api) as api_url, listening(site) as site_url:
            yield Addresses(api=api_url, site=site_url)

    @web.middleware
    async def _behave(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path == "/_local/misbehave":
                self.check_token(bearer(request), status=401, message="Show the provider's token.")
                return await handler(request)
            self.authorize(request)
            failure = self._failure(is_write=await self.is_write(request))
            answer = failure or await handler(request)
        except Refused as refused:
            return self.failure(refused.status, str(refused))
        except web.HTTPException as error:
            return self.failure(error.status, error.reason)
        if TOOK_EFFECT in request:
            if hold := self._next("hold", is_write=True):
                await asyncio.sleep(hold.seconds)
            if self._next("lose_answer", is_write=True) and request.transport:
                request.transport.abort()
        return answer

    def _failure(self, *, is_write: bool) -> web.Response | None:
        for kind, (status, message) in FAILURES.items():
            if bad := self._next(kind, is_write=is_write):
                failure = self.failure(status, message)
                if kind == "rate_limit":
                    failure.headers["Retry-After"] = str(bad.seconds)
                return failure
        return None

    def _next(self, kind: str, *, is_write: bool) -> Misbehaviour | None:
        for index, bad in enumerate(self._misbehaviours):
            is_hit = is_write if bad.on == "write" else bad.on == "any" or self.log.effects
            if bad.kind == kind and is_hit:
                left = bad.model_copy(update={"times": bad.times - 1})
                self._misbehaviours[index : index + 1] = [left] if left.times > 0 else []
                return bad
        return None

    async def _misbehave(self, request: web.Request) -> web.Response:
        try:
            bad = Misbehaviour.model_validate_json(await request.read())
        except ValidationError as error:
            raise Refused(400, str(error)) from error
        self._misbehaviours = [] if bad.kind == "none" else [*self._misbehaviours, bad]
        return web.json_response({"misbehaving": [bad.model_dump() for bad in self._misbehaviours]})

    async def _page(self, request: web.Request) -> web.Response:
        release = self.serving
        goods = "<h1>The Little Shop</h1><p>Tea, honey and warm socks. Delivered tomorrow.</p>"
        html = (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>The Little Shop: {self.part} {release.version}</title>"
            '<body style="font:16px system-ui;margin:2rem">'
            f"{goods if release.works else ''}<small>{self.part} {release.version}</small>"
        )
        status = 200 if release.works else 500
        return web.Response(text=html, content_type="text/html", status=status)

    async def _health(self, request: web.Request) -> web.Response:
        release = self.serving
        status = "healthy" if release.works else "unhealthy"
        health = {"status": status, "version": release.version} | self.health
        return web.json_response(health, status=200 if release.works else 500)


def bearer(request: web.Request) -> str:
    """The token of the Authorization header; empty without one."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ")
