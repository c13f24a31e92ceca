"""Where the recorder listens: at every connection in this process, as bytes leave it.

Whether it is the bot that asks, the stack says at that moment: the nearest of our own modules asks,
through whichever library. What tests ask, to send nonsense to the local workspace, and what the
workspace asks, is not the bot's. What a test says itself through the bot's door is counted, and
not judged.
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, cast

import aiohttp
import pytest
from aiohttp import web
from simcord.http import FakeHTTPClient
from yarl import URL

from bot.chat.slack.http import COMMANDS, SlackRequests
from bot.workspace.demo.processes import Processes
from tests.recorder import arrived
from tests.recorder.payload import ACK, Payload, Platform
from tests.recorder.recorder import Recorder

_OURS: Final = ("bot", "commands", "adapters", "notifications", "tests")
_TESTS: Final = "tests."
_FAKES: Final = ("bot.workspace.", _TESTS)
_LOOP: Final = "asyncio.events"  # beyond it is not who began a task, but who started the loop
_PLATFORMS: Final[Mapping[str, Platform]] = {
    "bot.chat.slack.": "slack",
    "bot.chat.discord.": "discord",
}
# Everything that is asked passes one of these.
_DOORS: Final = ("bot.chat.slack.team", "bot.chat.discord.guild")


@contextmanager
def listening(recorder: Recorder) -> Generator[None]:
    """Tell the recorder of everything that bots send from this process and those it starts."""
    with pytest.MonkeyPatch.context() as patch:
        session = aiohttp.ClientSession
        patch.setattr(session, "__init__", _heard(session.__init__, recorder))
        patch.setattr(FakeHTTPClient, "request", _simulated(FakeHTTPClient.request, recorder))
        patch.setattr(SlackRequests, "routes", _answering(SlackRequests.routes, recorder))
        patch.setattr(Processes, "end", _ending(Processes.end, recorder))
        yield


def _stack() -> Iterator[str]:
    """Yield our own modules up the stack, the nearest first."""
    frame = inspect.currentframe()
    while frame is not None and (module := str(frame.f_globals.get("__name__"))) != _LOOP:
        if module != __name__ and module.partition(".")[0] in _OURS:
            yield module
        frame = frame.f_back


def _asked(recorder: Recorder, opener: str) -> Platform | None:
    """Return whom the bot asks right now, if it is the bot; a library asks for its opener."""
    stack = list(_stack()) or [opener]
    if not stack[0] or stack[0].startswith(_FAKES):
        return None
    if next((module for module in stack if module not in _DOORS), "").startswith(_TESTS):
        recorder.tally.unjudged += 1
        return None
    platform = next((_PLATFORMS[one] for one in _PLATFORMS if stack[0].startswith(one)), None)
    if platform is None:
        recorder.complain(f"{stack[0]} sends something, and there is no judge for it.")
    return platform


def _heard(opened: Callable[..., None], recorder: Recorder) -> Callable[..., None]:
    """Return how a session is opened so that the recorder hears what leaves it."""

    @wraps(opened)
    def open_(self: aiohttp.ClientSession, *given: Any, **options: Any) -> None:
        opener = next(_stack(), "")
        traces = options.get("trace_configs") or []
        options["trace_configs"] = [*traces, _trace(recorder, opener)]
        options.setdefault("ws_response_class", _socket(recorder, opener))
        opened(self, *given, **options)

    return open_


def _trace(recorder: Recorder, opener: str) -> aiohttp.TraceConfig:
    """Return what aiohttp tells of each request: its headers, and each chunk of its body."""

    async def begin(_: Any, request: Any, begun: aiohttp.TraceRequestHeadersSentParams) -> None:
        request.headers, request.body = begun.headers, b""
        is_socket = "Upgrade" in begun.headers
        request.platform = None if is_socket else _asked(recorder, opener)

    async def add(_: Any, request: Any, sent: aiohttp.TraceRequestChunkSentParams) -> None:
        request.body += sent.chunk

    async def end(
        _: Any,
        request: Any,
        ended: aiohttp.TraceRequestEndParams | aiohttp.TraceRequestExceptionParams,
    ) -> None:
        if (platform := getattr(request, "platform", None)) is not None:
            kind = request.headers.get("Content-Type", "")
            recorder.hear_request(platform, ended.method, str(ended.url), kind, request.body)

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(begin)
    trace.on_request_chunk_sent.append(add)
    trace.on_request_end.append(end)
    trace.on_request_exception.append(end)
    return trace


def _socket(recorder: Recorder, opener: str) -> type[aiohttp.ClientWebSocketResponse]:
    """Return a socket that tells the recorder of answers within acknowledgements."""

    class Socket(aiohttp.ClientWebSocketResponse):
        async def send_str(self, data: str, compress: int | None = None) -> None:
            match json.loads(data) if _asked(recorder, opener) == "slack" else None:
                case {"envelope_id": _, "payload": dict(payload)} if payload:
                    recorder.hear(Payload("slack", ACK, payload))
                case _:
                    pass
            await super().send_str(data, compress)

    return Socket


def _simulated(
    request: Callable[..., Awaitable[Any]], recorder: Recorder
) -> Callable[..., Awaitable[Any]]:
    """Return how a Discord in the same process is called so that the recorder hears it."""

    @wraps(request)
    async def called(self: Any, route: Any, **options: Any) -> Any:
        body = options.get("json")
        sent = b"" if body is None else json.dumps(body).encode()
        url = str(URL(route.url).extend_query(options.get("params") or {}))
        if _asked(recorder, "") == "discord":
            recorder.hear_request("discord", route.method, url, "application/json", sent)
        return await request(self, route, **options)

    return called


def _answering(
    routes: Callable[[SlackRequests], Mapping[str, Any]], recorder: Recorder
) -> Callable[[SlackRequests], Mapping[str, Any]]:
    """Return Slack's request URLs so that the recorder hears what a command is answered with."""

    def heard(self: SlackRequests) -> Mapping[str, Any]:
        found = dict(routes(self))
        handle = found[f"POST {COMMANDS}"]

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            response = cast("web.Response", await handle(request))
            if response.content_type == "application/json":
                recorder.hear(Payload("slack", ACK, json.loads(response.text or "")))
            elif response.status == 200 and response.text:
                recorder.hear(Payload("slack", ACK, {"text": response.text}))
            return response

        return found | {f"POST {COMMANDS}": answer}

    return heard


def _ending(
    end: Callable[[Processes], Awaitable[None]], recorder: Recorder
) -> Callable[[Processes], Awaitable[None]]:
    """Return how a demo ends so that the recorder hears what its chats wrote down."""

    @wraps(end)
    async def ended(self: Processes) -> None:
        await end(self)
        arrived.hear(recorder, arrived.arrived(self.folder))

    return ended
