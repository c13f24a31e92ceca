"""A mirror in front of a local provider: shows every request, bends answers when told to."""

import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiohttp import web

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # none is spoken here; loading roots takes time
HOP_BY_HOP = {"content-length", "transfer-encoding", "connection", "host", "date", "server"}


@dataclass(frozen=True)
class Seen:
    """One request, as it came over the wire."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """One answer, which a test may change before it is passed on."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return what it says."""
        return httpx.Response(200, content=self.body).json()


Bend = Callable[[Seen, Any], web.Response | Any]


@dataclass
class Mirror:
    """Passes everything on to a provider, except what a test bends; keeps what was said."""

    provider: httpx.AsyncClient
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    heard: list[tuple[Seen, bytes]] = field(default_factory=list)
    bends: list[tuple[re.Pattern[str], Bend]] = field(default_factory=list)

    def bend(self, requests: str, how: Bend) -> None:
        """Change what is answered to the requests whose method, path or body match.

        ``how`` gets the request and the provider's JSON, and returns other JSON or a whole answer.
        """
        self.bends.append((re.compile(requests), how))

    def sent(self, requests: str) -> list[Seen]:
        """Return the requests whose method, path or body match."""
        return [seen for seen in self.seen if re.search(requests, _gist(seen))]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass one request on."""
        seen = Seen(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers=dict(request.headers),
            body=await request.read(),
        )
        self.seen.append(seen)
        headers = {k: v for k, v in seen.headers.items() if k.lower() not in HOP_BY_HOP}
        try:
            answer = await self.provider.request(
                seen.method, request.path_qs, headers=headers, content=seen.body
            )
        except httpx.RemoteProtocolError:  # the provider lost the answer, so does the mirror
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        self.heard.append((seen, answer.content))
        for pattern, how in self.bends:
            if pattern.search(_gist(seen)):
                bent = how(seen, answer.json() if answer.content else None)
                return bent if isinstance(bent, web.Response) else web.json_response(bent)
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP}
        return web.Response(status=answer.status_code, headers=kept, body=answer.content)


def _gist(seen: Seen) -> str:
    query = "&".join(f"{key}={value}" for key, value in seen.query.items())
    return f"{seen.method} {seen.path}?{query} {seen.body.decode(errors='replace')}"


@asynccontextmanager
async def mirrored(target: str) -> AsyncIterator[Mirror]:
    """Put a mirror in front of a server as long as the block lasts."""
    async with httpx.AsyncClient(base_url=target, verify=NO_TLS) as provider:
        mirror = Mirror(provider)
        async with serving(mirror.handle) as mirror.url:
            yield mirror


@asynccontextmanager
async def serving(handle: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    """Serve every path with one handler on the loopback interface."""
    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", handle)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
