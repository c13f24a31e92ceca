"""The durable log of what took effect: a provider's whole memory, and every story's evidence."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One change that a provider accepted, written down before the answer was sent."""

    at: float
    use: str
    target: str
    value: str | None = None
    request: str | None = None
    has_failed: bool = False

    def stage(
        self, *, now: float, job_seconds: float
    ) -> Literal["queued", "working", "failed", "done"]:
        """How far the provider is with it."""
        elapsed = now - self.at
        if elapsed < job_seconds:
            return "queued" if elapsed < job_seconds / 3 else "working"
        return "failed" if self.has_failed else "done"


class EffectLog:
    """JSON lines on disk: first when the provider began, then one effect a line."""

    def __init__(self, path: Path, *, now: float) -> None:
        self._path = path
        lines = _whole_lines(path)
        if path.exists():
            # What a kill cut off in mid-write was never answered, so it never happened.
            os.truncate(path, sum(map(len, lines)))
        if not lines:
            self._write({"began": now})
            lines = _whole_lines(path)
        self.began: float = json.loads(lines[0])["began"]
        self.effects = _parse(lines)

    def append(self, effect: Effect) -> None:
        """Makes the effect durable, then lets it count."""
        self._write(asdict(effect))
        self.effects = (*self.effects, effect)

    def _write(self, line: dict[str, object]) -> None:
        # The event loop waits for the disk on purpose: nothing may be answered in between.
        with self._path.open("ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def read_effects(path: Path) -> tuple[Effect, ...]:
    """Every effect in a log, also while its provider is running or after it was killed."""
    return _parse(_whole_lines(path))


def count_by_use(effects: Iterable[Effect]) -> dict[str, int]:
    """How often each thing took effect; a job that failed later counts, for it was accepted."""
    return dict(Counter(effect.use for effect in effects))


def _whole_lines(path: Path) -> list[bytes]:
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [line for line in lines if line.endswith(b"\n")]


def _parse(lines: list[bytes]) -> tuple[Effect, ...]:
    return tuple(Effect(**json.loads(line)) for line in lines[1:])
