"""Where calls may go and what comes back: named hosts, judged addresses, bounded clean answers."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, cast

import httpcore
import httpx

from bot.domain.target import Target
from bot.faultpoints import FaultPoint, reached

Origin = tuple[str, str, int]  # scheme, host, port
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# httpx gets slower with every call that queues inside its pool, so calls queue in front of it.
# Fewer at once would be faster still, but a few hanging checks must not hold up a rollback.
CALLS_AT_ONCE: Final = 16
LONGEST_QUEUE: Final = 10.0  # seconds
LONGEST_CALL: Final = 45.0
LARGEST_ANSWER: Final = 4 * 1024 * 1024  # bytes

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_GIVEN_OUT: Final = ipaddress.ip_network("2000::/3")
_DOCUMENTATION: Final = ipaddress.ip_network("3fff::/20")
_RELAYS: Final = ipaddress.ip_network("192.88.99.0/24")


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


class Guard(httpx.AsyncHTTPTransport):
    """Lets a call out if it goes where the configuration points, and cleans what comes back."""

    def __init__(
        self, origins: Mapping[Origin, bool], *, scrub: Callable[[str], str], resolve: Resolve
    ) -> None:
        tls = httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=tls, trust_env=False)
        self._origins = origins
        self._scrub = scrub
        self._slots = asyncio.Semaphore(CALLS_AT_ONCE)
        internal = frozenset((host, port) for (_, host, port), may in origins.items() if may)
        # httpx offers no way to hand over a network backend. Writing the address into the URL
        # instead would let hosts behind one address share connections, and with them TLS names.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=CALLS_AT_ONCE,
            keepalive_expiry=30.0,
            network_backend=_Network(internal, resolve),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and return its whole answer."""
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
        reached(FaultPoint.CALL_SENDING)
        response = await super().handle_async_request(request)
        reached(FaultPoint.CALL_SENT)
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
        cleaned = httpx.ByteStream(text.encode("utf-8", "surrogateescape"))
        return httpx.Response(response.status_code, headers=headers, stream=cleaned)

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
        # httpcore declares it a second time, as nothing, for where anyio is not installed.
        self._backend = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

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


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return every address of a host, as the system knows them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else ip.ipv4_mapped
        # The library calls global whatever it does not know; only this much was ever given out.
        if carried is None and (ip not in _GIVEN_OUT or ip in _DOCUMENTATION):
            return False
        ip = carried or ip.sixtofour or ip
    if ip in _RELAYS:
        return False
    return ip.is_global and not ip.is_multicast


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
