"""What actions and checks get to reach the world: one guarded client, and the secrets they named.

The guard is where the rules hold, so that no adapter can forget one: only hosts that the
configuration names, at addresses of the right kind, nothing followed, everything bounded, and no
secret in anything that comes back.
"""

import asyncio
import base64
import ipaddress
import json
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, quote_plus

import httpcore
import httpx

from bot.domain.errors import NotApplied
from bot.domain.target import Target
from bot.ports import Clock, Tools

Origin = tuple[str, str, int]  # scheme, host, port
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Measured: httpx slows down eightfold when a thousand calls queue inside its pool, so they queue
# in front of it. Fewer would be faster still, but a few hanging checks must not hold up a rollback.
CALLS_AT_ONCE: Final = 16
LONGEST_QUEUE: Final = 10.0  # seconds
LONGEST_CALL: Final = 45.0
LARGEST_ANSWER: Final = 4 * 1024 * 1024  # bytes
TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
LONGEST_TEXT: Final = 300
HIDDEN: Final = "[secret]"

_SHORTEST_SECRET: Final = 4  # what is shorter would tear holes into ordinary words
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Scrubber:
    """Takes secrets out of texts, also where they stand encoded."""

    def __init__(self, values: Iterable[str]) -> None:
        """Prepare one pattern for all of them."""
        forms = {form for value in values for form in _forms(value)}
        usable = sorted((f for f in forms if len(f) >= _SHORTEST_SECRET), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, usable)) or r"(?!)", re.IGNORECASE)

    def __call__(self, text: str) -> str:
        """Return the text without any secret."""
        return self._pattern.sub(HIDDEN, text)


def reachable(endpoints: Mapping[str, str], targets: Iterable[Target]) -> dict[Origin, bool]:
    """Return every origin that the configuration names, and whether it may be an internal one.

    Endpoints may be: they are the operator's setting and get a token only over verified TLS.
    """
    origins = {_origin(httpx.URL(url)): True for url in endpoints.values()}
    for target in targets:
        for spec in (*target.steps, *target.checks):
            for value in spec.params.values():
                if isinstance(value, str) and value.startswith(("http://", "https://")):
                    origin = _origin(httpx.URL(value))
                    is_internal = spec.params.get("internal") is True
                    origins[origin] = origins.get(origin, False) or is_internal
    return origins


class ToolBox:
    """Makes the tools for one step; owns the one client that all of them share."""

    def __init__(
        self,
        *,
        clock: Clock,
        secrets: Mapping[str, str],
        endpoints: Mapping[str, str],
        origins: Mapping[Origin, bool],
        scrub: Callable[[str], str],
        resolve: Resolve | None = None,
    ) -> None:
        """Build the client; nothing is connected before the first call."""
        self._clock = clock
        self._secrets = secrets
        self._endpoints = endpoints
        self._scrub = scrub
        self._http = httpx.AsyncClient(
            transport=_Guard(origins, scrub=scrub, resolve=resolve or _resolve),
            timeout=TIMEOUT,
            headers={"User-Agent": "Twokey", "Accept-Encoding": "identity"},
            trust_env=False,
        )

    def for_step(self, *, key: str, secrets: Sequence[str]) -> Tools:
        """Return tools that carry the step's key and open just these secrets."""
        return _StepTools(
            key=key,
            http=self._http,
            _clock=self._clock,
            _secrets={name: self._secrets.get(name, "") for name in secrets},
            _endpoints=self._endpoints,
        )

    def scrub(self, text: str) -> str:
        """Return the text without any secret, short enough for people."""
        scrubbed = self._scrub(text)
        if len(scrubbed) <= LONGEST_TEXT:
            return scrubbed
        return f"{scrubbed[: LONGEST_TEXT - 1]}…"

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class _StepTools:
    key: str
    http: httpx.AsyncClient
    _clock: Clock
    _secrets: Mapping[str, str]
    _endpoints: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<tools of {self.key}>"

    def now(self) -> datetime:
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def secret(self, name: str) -> str:
        value = self._secrets.get(name)
        if value is None:
            raise NotApplied(f"This action did not declare the secret {name}; it gets none.")
        if not value:
            raise NotApplied(
                f"The secret {name} is not set. Name it under secrets: in twokey.yaml. Nothing was "
                "changed."
            )
        if _TOKEN.fullmatch(value) is None:  # an HTTP library would show it in its error
            raise NotApplied(
                f"The secret {name} holds a blank, a line break or a character that no token has. "
                "Write it again. Nothing was changed."
            )
        return value

    def base_url(self, system: str) -> str:
        if system not in self._endpoints:
            raise NotApplied(
                f"No address is known for {system}. Name it under endpoints: in twokey.yaml. "
                "Nothing was changed."
            )
        return self._endpoints[system].rstrip("/")


class _Guard(httpx.AsyncHTTPTransport):
    """Lets a call out if it goes where the configuration points, and cleans what comes back."""

    def __init__(
        self, origins: Mapping[Origin, bool], *, scrub: Callable[[str], str], resolve: Resolve
    ) -> None:
        super().__init__(trust_env=False)
        self._origins = origins
        self._scrub = scrub
        self._slots = asyncio.Semaphore(CALLS_AT_ONCE)
        internal = frozenset((host, port) for (_, host, port), may in origins.items() if may)
        # httpx offers no way to hand over a network backend. Writing the address into the URL
        # instead would let hosts behind one address share connections, and with them TLS names.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=CALLS_AT_ONCE,
            keepalive_expiry=30.0,
            network_backend=_Network(internal, resolve),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if _origin(request.url) not in self._origins:
            raise httpx.ConnectError(f"{request.url.host} is not named in the configuration")
        try:
            async with asyncio.timeout(LONGEST_QUEUE):
                await self._slots.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("too many calls are waiting") from None
        try:
            async with asyncio.timeout(LONGEST_CALL):
                return await self._exchange(request)
        except TimeoutError:
            raise httpx.ReadTimeout("the answer took too long") from None
        except httpx.TransportError as error:
            raise type(error)(self._scrub(str(error))) from None
        finally:
            self._slots.release()

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        try:
            body = await self._read(response)
        finally:
            await response.aclose()
        text = self._scrub(body.decode("utf-8", "surrogateescape"))
        headers = [
            (name, self._scrub(value))
            for name, value in response.headers.multi_items()
            if name not in {"content-length", "transfer-encoding", "set-cookie"}
        ]
        return httpx.Response(
            response.status_code,
            headers=headers,
            content=text.encode("utf-8", "surrogateescape"),
        )

    async def _read(self, response: httpx.Response) -> bytes:
        # Nothing packed was asked for; a small packed answer could unpack to any size.
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise httpx.ReadError("the answer is packed, which was not asked for")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise httpx.ReadError("the answer is too long")
        return bytes(body)


class _Network(httpcore.AsyncNetworkBackend):
    """Looks a name up once, judges its addresses, and connects to exactly those."""

    def __init__(self, internal: frozenset[tuple[str, int]], resolve: Resolve) -> None:
        self._internal = internal
        self._resolve = resolve
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        problem = httpcore.ConnectError(f"{host} has no address")
        for address in await self._addresses(host, port, timeout):
            try:
                return await self._backend.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError as error:
                problem = error
        raise problem

    async def _addresses(self, host: str, port: int, seconds: float | None) -> Sequence[str]:
        try:
            async with asyncio.timeout(seconds):
                addresses = await self._resolve(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"looking up {host} took too long") from None
        except OSError as error:
            raise httpcore.ConnectError(f"{host} can't be looked up: {error.strerror}") from None
        hidden = [address for address in addresses if not _is_public(address)]
        if hidden and (host, port) not in self._internal:
            raise httpcore.ConnectError(
                f"{host} is at an internal address; if that is meant, say `internal: true`"
            )
        return addresses


async def _resolve(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        ip = inner or ip
    return ip.is_global and not ip.is_multicast


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme, 0)


def _forms(value: str) -> Iterator[str]:
    """Write a secret in every way that texts are known to repeat it."""
    raw = value.encode()
    yield from (value, value[::-1], quote(value, safe=""), quote_plus(value), raw.hex())
    yield from (repr(value)[1:-1], json.dumps(value)[1:-1])
    for shift in range(3):  # inside a longer text, base64 falls three ways
        encoded = base64.b64encode(bytes(shift) + raw).decode()
        inside = encoded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        yield from (inside, inside.translate(str.maketrans("+/", "-_")))
