"""The conversation as people read it, written down while it happens."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import chain
from typing import Any, Final, Self

import httpx
from rich.console import Console

from bot.workspace.demo.reading import lines
from bot.workspace.slack import seed

Json = Mapping[str, Any]

_NAMES: Final = {**seed.PEOPLE, seed.BOT: seed.BOT_NAME, "USLACKBOT": "Slackbot"}


class Transcript:
    """Who did what, and every message and edit that came of it; nothing is said twice."""

    def __init__(self, console: Console) -> None:
        """Write to the console, with the seconds since now."""
        self._console = console
        self._began = time.monotonic()
        self._shown: dict[str, list[str]] = {}  # by the message's timestamp
        self._said: set[str] = set()

    @classmethod
    @asynccontextmanager
    async def of(cls, page: str, console: Console) -> AsyncGenerator[Self]:
        """Follow the news of a workspace as long as the block lasts."""
        transcript = cls(console)
        following = asyncio.create_task(transcript._follow(page))
        try:
            yield transcript
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

    def has_all(self, state: Json) -> bool:
        """Tell whether everything that the page shows was written down."""
        shown = chain(*state["messages"].values(), *state["ephemerals"].values())
        return all(self._shown.get(message["ts"]) == lines(message) for message in shown)

    def unread(self, parts: Iterable[str]) -> list[str]:
        """Return those of these parts that stood in no line that anybody was shown."""
        return [part for part in parts if not any(part in line for line in self._said)]

    async def _follow(self, page: str) -> None:
        forever = httpx.Timeout(5, read=None)
        async with (
            httpx.AsyncClient(base_url=page, timeout=forever, trust_env=False) as http,
            http.stream("GET", "/page/events") as news,
        ):
            async for line in news.aiter_lines():
                event = json.loads(line.removeprefix("data: ") or "{}")
                if event.get("kind") == "message":
                    self._hear(event["channel"], event["message"])

    def _hear(self, channel: str, message: Json) -> None:
        before, now = self._shown.get(message["ts"]), lines(message)
        self._shown[message["ts"]] = now
        if before == now:
            return  # a reply below it was counted
        new = [line for line in now if line not in self._said]
        self._said.update(now)
        gone = [line for line in before or () if line.startswith("[") and line not in now]
        less = f" no more {' '.join(gone)}" if gone else " as above"
        deed = "says" if before is None else "changes it"
        headline = f"{_NAMES[message['user']]} {deed} {_where(channel, message)}"
        self.write(headline if new else headline + less, *new)


def _where(channel: str, message: Json) -> str:
    if reader := message.get("only_for"):
        return f"to {_NAMES[reader]} privately:"
    if channel not in seed.CHANNELS:
        return f"to {_NAMES[f'U{channel[1:]}']} directly:"
    name = seed.CHANNELS[channel][0]
    is_reply = message.get("thread_ts", message["ts"]) != message["ts"]
    return f"in the thread in #{name}:" if is_reply else f"in #{name}:"
