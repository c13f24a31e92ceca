"""What a bot in a process of its own sent, as the local workspace wrote it down."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.recorder.payload import Payload, Platform, from_wire
from tests.recorder.recorder import Recorder

_FILES: dict[str, Platform] = {"slack.requests": "slack", "discord.requests": "discord"}


@dataclass(frozen=True)
class Arrived:
    """A request, and what it was answered."""

    platform: Platform
    method: str
    url: str
    type: str
    body: str
    status: int
    answer: str

    @property
    def payload(self) -> Payload:
        """Return what was sent."""
        return from_wire(self.platform, self.method, self.url, self.type, self.body.encode())

    @property
    def made(self) -> Any:
        """Return what came of it."""
        return json.loads(self.answer or "null")


def arrived(folder: Path) -> Iterator[Arrived]:
    """Read everything that the chats of a demo wrote down, in order."""
    for name, platform in _FILES.items():
        file = folder / name
        for line in file.read_text("utf-8").splitlines() if file.exists() else ():
            yield Arrived(platform, **json.loads(line))


def hear(recorder: Recorder, sent: Iterable[Arrived]) -> None:
    """Let the recorder judge all of it."""
    for one in sent:
        recorder.hear_request(one.platform, one.method, one.url, one.type, one.body.encode())
