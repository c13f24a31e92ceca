"""The workspace as its people see it, kept current as it happens."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

import httpx

from bot.domain.errors import TwokeyError
from bot.workspace.demo.reading import buttons

Json = dict[str, Any]
Seen = TypeVar("Seen")

_PATIENCE: Final = 20.0


class Listener(Protocol):
    """Told about every message and every edit."""

    def __call__(self, channel: str, message: Json, *, before: Json | None) -> None:
        """Take a new message, or an edited one with what it was ``before``."""
        ...


class Conversation:
    """Every message in every channel, as its last edit left it."""

    def __init__(self, listener: Listener) -> None:
        """Begin with an empty workspace."""
        self.dialogs: dict[str, list[Json]] = {}
        self._messages: dict[tuple[str, str], Json] = {}
        self._listener = listener
        self._news = asyncio.Event()

    async def follow(self, url: str) -> None:
        """Listen to the workspace's live news until cancelled."""
        async with (
            httpx.AsyncClient(base_url=url, timeout=None, trust_env=False) as http,  # noqa: S113 - quiet is fine
            http.stream("GET", "/page/events") as news,
        ):
            async for line in news.aiter_lines():
                if line:
                    self._hear(json.loads(line.removeprefix("data: ")))
                    self._news.set()  # wakes all who wait now
                    self._news.clear()

    async def until(self, seen: Callable[[], Seen | None], *, what: str) -> Seen:
        """Return what ``seen`` finds, as soon as it finds something."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not (found := seen()):
                    await self._news.wait()
                return found
        except TimeoutError as error:
            raise TwokeyError(f"Nobody saw {what} within {_PATIENCE:g} s.") from error

    def posted(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Find the bot's messages of one kind, newest first, each with its channel."""
        for (channel, _), message in reversed(self._messages.items()):
            if _key(message)[1:2] == [kind]:
                yield channel, message

    def with_button(self, label: str, *, seen_by: str) -> tuple[str, str, str] | None:
        """Find the newest button in front of a person: its channel, message and action."""
        for (channel, ts), message in reversed(self._messages.items()):
            is_theirs = channel.startswith("C") or channel == f"D{seen_by.removeprefix('U')}"
            if is_theirs and label in buttons(message):
                return channel, ts, buttons(message)[label]
        return None

    def contains(self, shown: Mapping[str, Sequence[Json]]) -> bool:
        """Tell whether everything that is shown in these channels has been heard."""
        return all(
            self._messages.get((channel, message["ts"])) == message
            for channel, messages in shown.items()
            for message in messages
        )

    def has_button(self, label: str) -> bool:
        """Tell whether anybody still sees such a button anywhere."""
        return any(label in buttons(message) for message in self._messages.values())

    def _hear(self, event: Json) -> None:
        match event["kind"]:
            case "message":
                channel, message = event["channel"], event["message"]
                before = self._messages.get((channel, message["ts"]))
                self._messages[channel, message["ts"]] = message
                self._listener(channel, message, before=before)
            case "gone":
                self._messages.pop((event["channel"], event["ts"]), None)
            case "dialogs":
                self.dialogs[event["user"]] = event["dialogs"]
            case _:
                pass  # the rest is for the page


def _key(message: Json) -> list[str]:
    payload = message.get("metadata", {}).get("event_payload", {})
    return str(payload.get("key", "")).split(":")
