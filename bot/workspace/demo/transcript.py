"""The conversation as people read it, written down while it happens."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Self

import httpx
from rich.console import Console

from bot.workspace.demo.sides import Side
from bot.workspace.wire import Json


class Transcript:
    """Who did what, and every message and edit that came of it; nothing is said twice."""

    def __init__(self, console: Console, *, is_alone: bool = True) -> None:
        """Write to the console, with the seconds since now; ``is_alone``: there is one chat."""
        self._console = console
        self._is_alone = is_alone
        self._began = time.monotonic()
        self._shown: dict[tuple[str, str], list[str]] = {}  # by the chat and the message's id
        self._channels: dict[tuple[str, str], Json] = {}
        self._said: set[str] = set()

    @classmethod
    @asynccontextmanager
    async def of(
        cls, pages: Mapping[str, Side], console: Console, *, is_alone: bool
    ) -> AsyncGenerator[Self]:
        """Follow the news of these chats, by the addresses of their pages."""
        transcript = cls(console, is_alone=is_alone)
        async with AsyncExitStack() as stack:
            for page, side in pages.items():
                await stack.enter_async_context(transcript.following(side, page))
            yield transcript

    @asynccontextmanager
    async def following(self, side: Side, page: str) -> AsyncGenerator[None]:
        """Follow the news of one more chat as long as the block lasts."""
        following = asyncio.create_task(self._follow(side, page))
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    @property
    def seconds(self) -> float:
        """Return how long it has lasted."""
        return time.monotonic() - self._began

    def write(self, headline: str, *block: str) -> None:
        """Write down what happened, and when."""
        for line in (f"{self.seconds:6.1f}  {headline}", *(f"{'':10}{line}" for line in block)):
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def hear(self, headline: str, *block: str) -> None:
        """Write down what somebody was told, of which what is new is said."""
        new = [line for line in block if line not in self._said]
        self._said.update(block)
        self.write(headline, *new)

    def has_all(self, side: Side, state: Json) -> bool:
        """Tell whether everything that the page of a chat shows was written down."""
        return all(
            self._shown.get((side.name, side.id_of(message))) == side.lines(message)
            for _, message in side.everything(state)
        )

    def has_said(self, beginning: str) -> bool:
        """Tell whether anybody was shown a line that begins like this."""
        return any(line.startswith(beginning) for line in self._said)

    def unread(self, parts: Iterable[str]) -> list[str]:
        """Return those of these parts that stood in no line that anybody was shown."""
        return [part for part in parts if not any(part in line for line in self._said)]

    async def _follow(self, side: Side, page: str) -> None:
        forever = httpx.Timeout(5, read=None)
        async with (
            httpx.AsyncClient(base_url=page, timeout=forever, trust_env=False) as http,
            http.stream("GET", "/page/events") as news,
        ):
            async for line in news.aiter_lines():
                self._learn(side, json.loads(line.removeprefix("data: ") or "{}"))

    def _learn(self, side: Side, event: Mapping[str, Any]) -> None:
        match event:
            case {"kind": "state", "channels": [*channels]}:
                self._channels |= {(side.name, one["id"]): one for one in channels}
                for channel, message in side.everything(dict(event)):
                    self.listen(side, channel, message)
            case {"kind": "channel", "channel": {"id": str(id_)} as channel}:
                self._channels[side.name, id_] = dict(channel)
            case {"kind": "message", "channel": str(channel), "message": message}:
                self.listen(side, channel, message)
            case _:
                pass

    def listen(self, side: Side, channel: str, message: Json) -> None:
        """Write down a message, or what became of it."""
        key = side.name, side.id_of(message)
        before, now = self._shown.get(key), side.lines(message)
        self._shown[key] = now
        if before == now:
            return  # a reply below it was counted
        is_known = all(line in self._said for line in now)
        gone = [line for line in before or () if line.startswith("[") and line not in now]
        less = f" no more {' '.join(gone)}" if gone else " as above"
        deed = "says" if before is None else "changes it"
        headline = (
            f"{side.name_of(side.author(message))} {deed} {self._where(side, channel, message)}:"
        )
        self.hear(headline + less if is_known else headline, *now)

    def _where(self, side: Side, channel: str, message: Json) -> str:
        elsewhere = "" if self._is_alone else f" on {side.title}"
        if reader := message.get("only_for"):
            return f"to {side.name_of(str(reader))} privately{elsewhere}"
        channels = [one for (name, _), one in self._channels.items() if name == side.name]
        return side.where({"channels": channels}, channel, message) + elsewhere
