"""The only door for HTTP: a few paths, nothing to learn for strangers, no patience with the slow.

aiohttp serves it. What it would do by itself and must not: wait an hour for the rest of a request,
repeat a malformed one in its answer, and unpack bodies whose bytes were signed as they are.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from bot.domain.errors import TwokeyError

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

log = logging.getLogger("twokey.listener")

_FIRST_REQUEST_SECONDS: Final = 3.0  # from the connection to the end of the headers
_IDLE_SECONDS: Final = 75.0  # longer than proxies keep a connection that they may use again
_LINGER_SECONDS: Final = 0.5  # for what a refused sender still sends; else it misses the answer
_STOP_SECONDS: Final = 3.0
_MOST_CONNECTIONS: Final = 500
_MOST_HEADERS: Final = 64
_ALWAYS: Final = {"Cache-Control": "no-store", "Server": "Twokey"}  # not which aiohttp it is
_REFUSED: Final = HTTPStatus.BAD_REQUEST


class Listener:
    """Serves fixed paths at one address; a key of ``routes`` is such as ``POST /slack/events``."""

    def __init__(self, routes: Mapping[str, Handler], *, host: str, port: int) -> None:
        """Listen to nobody yet."""
        self._routes = dict(routes)
        self._paths = {route.partition(" ")[2] for route in routes}
        self._host, self._port = host, port
        self._runner: web.ServerRunner | None = None
        self.address = ""

    async def start(self) -> None:
        """Begin to answer; ``address`` then says where."""
        server = _Server(
            self._answer,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=_IDLE_SECONDS,
            lingering_time=_LINGER_SECONDS,
            max_headers=_MOST_HEADERS,
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=_STOP_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self.stop()
            raise TwokeyError(
                f"Nothing can listen at {self._host}:{self._port}: {error.strerror}. Nothing was "
                "started. Choose another port under listen: in twokey.yaml, or free this one."
            ) from error
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Take no more requests, and end those that were taken."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await self._found(request)
        response.headers.update(_ALWAYS)
        if response.status >= _REFUSED or request.method != "POST":
            response.force_close()  # only Slack may stay: strangers could take every connection
        return response

    async def _found(self, request: web.BaseRequest) -> web.StreamResponse:
        if "Host" not in request.headers:
            return refusal(HTTPStatus.BAD_REQUEST)
        if request.path not in self._paths:
            return refusal(HTTPStatus.NOT_FOUND)
        handler = self._routes.get(f"{request.method} {request.path}")
        return await handler(request) if handler else refusal(HTTPStatus.METHOD_NOT_ALLOWED)


def refusal(status: HTTPStatus) -> web.Response:
    """Return an answer that says no more than its status does."""
    return web.Response(status=status, text=f"{status.phrase}\n", headers=_ALWAYS)


class _Server(web.Server):
    """aiohttp's, with a connection of ours."""

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    """aiohttp's, which also hangs up on whoever does not get to the point, and repeats nobody."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, unless there are too many; its first request has to come soon."""
        super().connection_made(transport)
        if self._manager is not None and len(self._manager.connections) > _MOST_CONNECTIONS:
            self.force_close()
        self._loop.call_later(_FIRST_REQUEST_SECONDS, self._hang_up_on_the_slow)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, or what broke, with the bare status."""
        if isinstance(exc, LineTooLong):
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        level = logging.ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.DEBUG
        log.log(level, "a request ended with %d: %s", status, type(exc).__name__)
        response = refusal(HTTPStatus(status))
        response.force_close()
        return response

    def _hang_up_on_the_slow(self) -> None:
        if self._request_count == 0:
            self.force_close()
