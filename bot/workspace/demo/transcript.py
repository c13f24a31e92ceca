"""The conversation as people see it: kept current, and written down while it happens."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Self, TypeVar

import httpx
from rich.console import Console

from bot.domain.errors import TwokeyError
from bot.workspace.demo.reading import buttons, lines
from bot.workspace.slack import seed

Json = Mapping[str, Any]
Seen = TypeVar("Seen")

_PATIENCE: Final = 20.0
_NAMES: Final = {**seed.PEOPLE, seed.BOT: seed.BOT_NAME, "USLACKBOT": "Slackbot"}


class Transcript:
    """Every message as its last edit left it; whoever waits for something is told of news."""

    def __init__(self, console: Console) -> None:
        """Write to the console, with the seconds since now."""
        self.dialogs: dict[str, list[Json]] = {}
        self._console = console
        self._began = time.monotonic()
        self._messages: dict[tuple[str, str], Json] = {}
        self._said: set[str] = set()
        self._news = asyncio.Event()

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

    async def until(self, seen: Callable[[], Seen | None], *, what: str) -> Seen:
        """Return what ``seen`` finds, as soon as it finds something."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not (found := seen()):
                    await self._news.wait()
                return found
        except TimeoutError as error:
            raise TwokeyError(f"Nobody saw {what} within {_PATIENCE:g} s.") from error

    def with_button(self, label: str, *, user: str) -> tuple[str, str, str] | None:
        """Find the newest such button that a person sees: its channel, message and action."""
        for (channel, ts), message in reversed(self._messages.items()):
            is_theirs = channel in {*seed.CHANNELS, _direct(user)}
            if message.get("only_for", user) == user and is_theirs and label in buttons(message):
                return channel, ts, buttons(message)[label]
        return None

    def has_all(self, shown: Mapping[str, Sequence[Json]]) -> bool:
        """Tell whether everything that stands in these channels was written down."""
        return all(
            self._messages.get((channel, message["ts"])) == message
            for channel, messages in shown.items()
            for message in messages
        )

    async def _follow(self, page: str) -> None:
        forever = httpx.Timeout(5, read=None)
        async with (
            httpx.AsyncClient(base_url=page, timeout=forever, trust_env=False) as http,
            http.stream("GET", "/page/events") as news,
        ):
            async for line in news.aiter_lines():
                if line:
                    self._hear(json.loads(line.removeprefix("data: ")))
                    self._news.set()  # wakes all who wait now
                    self._news.clear()

    def _hear(self, event: Json) -> None:
        match event:
            case {"kind": "message", "channel": channel, "message": message}:
                before = self._messages.get((channel, message["ts"]))
                self._messages[channel, message["ts"]] = message
                self._tell(channel, message, before)
            case {"kind": "dialogs", "user": user, "dialogs": dialogs}:
                self.dialogs[user] = dialogs
            case _:
                pass  # the rest is for the page

    def _tell(self, channel: str, message: Json, before: Json | None) -> None:
        shown = lines(message)
        if before and lines(before) == shown:
            return  # a reply below it was counted
        new = [line for line in shown if line not in self._said]
        self._said.update(shown)
        gone = buttons(before).keys() - buttons(message).keys() if before else ()
        less = f" no more [ {' ] [ '.join(sorted(gone))} ]" if gone else " as above"
        deed = "changes it" if before else "says"
        headline = f"{_NAMES[message['user']]} {deed} {_where(channel, message)}"
        self.write(headline if new else headline + less, *new)


def _direct(user: str) -> str:
    return f"D{user.removeprefix('U')}"


def _where(channel: str, message: Json) -> str:
    if reader := message.get("only_for"):
        return f"to {_NAMES[reader]} privately:"
    for user, name in seed.PEOPLE.items():
        if channel == _direct(user):
            return f"to {name} directly:"
    name = seed.CHANNELS[channel][0]
    is_reply = message.get("thread_ts", message["ts"]) != message["ts"]
    return f"in the thread in #{name}:" if is_reply else f"in #{name}:"
