"""``check.http``: what production answers, looked at from outside as its users do."""

import asyncio
import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Self
from urllib.parse import urlsplit

import httpx
from pydantic import Field, JsonValue, TypeAdapter, ValidationError, model_validator

from adapters.calls import clean, trouble
from bot.domain.plan import Evidence
from bot.ports import Assertion, Tools

Seconds = Annotated[float, Field(gt=0, le=3600)]

_LOGIN_WALL: Final = "vercel.com/sso-api"
_JSON: Final[TypeAdapter[JsonValue]] = TypeAdapter(JsonValue)


@dataclass(frozen=True, slots=True)
class _Look:
    seen: str
    holds: bool


class HttpCheck(Assertion):
    """A page answers as it should: its status, its words, values in its JSON, its speed."""

    use: ClassVar[str] = "check.http"

    url: str
    status: Annotated[int, Field(ge=100, le=599)] = 200
    expect: Mapping[str, str] = {}  # a path into the JSON answer, and the value it has there
    contains: str = ""
    max_seconds: Seconds | None = None
    timeout: Seconds = 5.0
    consecutive: Annotated[int, Field(ge=1, le=20)] = 3
    interval: Seconds = 2.0
    within: Seconds = 60.0
    allow_plain: bool = False  # http without TLS
    internal: bool = False  # an address that the internet can't reach

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_url(self.url, allow_plain=self.allow_plain, internal=self.internal)
        if (self.consecutive - 1) * self.interval > self.within:
            raise ValueError(
                f"{self.consecutive} looks {self.interval:g} s apart don't fit into "
                f"{self.within:g} s; make `within` longer"
            )
        return self

    async def observe(self, tools: Tools, name: str) -> Evidence:
        """Look once."""
        look = await self._look(tools)
        return self._evidence(tools, name, look, expected=self._expected)

    async def confirm(self, tools: Tools, name: str) -> Evidence:
        """Look until it was right often enough in a row, or the time is over."""
        deadline = tools.now() + timedelta(seconds=self.within)
        in_a_row = 0
        while True:
            look = await self._look(tools)
            in_a_row = in_a_row + 1 if look.holds else 0
            if in_a_row == self.consecutive or tools.now() >= deadline:
                break
            await tools.sleep(self.interval)
        return self._evidence(
            tools,
            name,
            _Look(f"{look.seen}, {in_a_row} in a row", in_a_row == self.consecutive),
            expected=f"{self._expected}, {self.consecutive} in a row",
        )

    @property
    def _expected(self) -> str:
        parts = [str(self.status), *(f"{path}={value}" for path, value in self.expect.items())]
        if self.contains:
            parts.append(f"contains “{self.contains}”")
        if self.max_seconds is not None:
            parts.append(f"under {self.max_seconds:g} s")
        return clean(", ".join(parts))

    def _evidence(self, tools: Tools, name: str, look: _Look, *, expected: str) -> Evidence:
        return Evidence(
            name=name, expected=expected, seen=look.seen, holds=look.holds, at=tools.now()
        )

    async def _look(self, tools: Tools) -> _Look:
        headers = {"Accept": "application/json, */*", "Cache-Control": "no-cache"}
        try:
            async with asyncio.timeout(self.timeout):
                response = await tools.http.get(self.url, headers=headers, timeout=self.timeout)
        except TimeoutError:
            return _Look(f"no answer within {self.timeout:g} s", holds=False)
        except httpx.RequestError as error:
            return _Look(f"no answer: {trouble(error)}", holds=False)
        seen = list(self._compare(response))
        return _Look(clean(", ".join(text for text, _ in seen)), all(holds for _, holds in seen))

    def _compare(self, response: httpx.Response) -> Iterator[tuple[str, bool]]:
        is_as_expected = response.status_code == self.status
        yield str(response.status_code), is_as_expected
        if response.has_redirect_location and not is_as_expected:
            yield _where_to(response), False
            return
        document = _document(response) if self.expect else None
        for path, value in self.expect.items():
            found = _at(document, path)
            yield f"{path}={found}", found == value
        if self.contains:
            is_there = self.contains in response.text
            yield f"{'contains' if is_there else 'lacks'} “{self.contains}”", is_there
        if self.max_seconds is not None:
            took = response.elapsed.total_seconds()
            yield f"{took:.2f} s", took < self.max_seconds


def _check_url(url: str, *, allow_plain: bool, internal: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError("a check needs an address that starts with https://")
    if parts.scheme == "http" and not allow_plain:
        raise ValueError("http:// can be read and changed on its way; say `allow_plain: true`")
    if parts.username or parts.password:
        raise ValueError("an address with a password in it would be shown to everybody")
    if not internal and not _may_be_public(parts.hostname):
        raise ValueError("this address is not on the internet; say `internal: true`")


def _may_be_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:  # a name; where it leads is looked at when it is connected to
        return host != "localhost" and not host.endswith(".localhost")


def _where_to(response: httpx.Response) -> str:
    location = response.headers["Location"]
    if _LOGIN_WALL in location:
        return (
            "a redirect to Vercel's login: Deployment Protection hides this address, so check a "
            "production domain"
        )
    host = urlsplit(location).hostname or location
    return f"a redirect to {host}, which is not followed"


def _document(response: httpx.Response) -> JsonValue:
    try:
        return _JSON.validate_json(response.content)
    except ValidationError:
        return None


def _at(document: JsonValue, path: str) -> str:
    """Return the value at ``services.database`` or ``items.0.name`` as text."""
    value = document
    for key in path.split("."):
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
