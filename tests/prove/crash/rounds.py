"""Plays all cases, several at a time, and remembers them for as long as no code changes."""

import asyncio
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.architecture.source import PRODUCTION, ROOT, files
from tests.prove.crash.cases import STORIES, Case, case, cases, is_of_chats
from tests.prove.crash.play import Result, play

AT_ONCE: Final = (os.cpu_count() or 1) + 1  # each of them waits more than it works
PROGRESS: Final = ROOT / ".prove"

Say = Callable[[str], None]


def digest() -> str:
    """Return the fingerprint of everything that a case depends on."""
    found = hashlib.sha256()
    for path in files(*PRODUCTION, "tests/prove/crash"):
        found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:16]


@dataclass
class Rounds:
    """The rounds of one run, and those of earlier ones that still count."""

    store: str
    server: str | None
    say: Say
    folder: Path = PROGRESS
    code: str = field(default_factory=digest)
    results: dict[str, Result] = field(default_factory=dict[str, Result])
    passed: set[str] = field(default_factory=set[str])
    _traces: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def __post_init__(self) -> None:
        """Read what was played before with the very same code."""
        if not self._path.exists():
            return
        for line in self._path.read_text().splitlines():
            entry = json.loads(line)
            if entry["code"] == self.code:
                result = Result(**{**entry["result"], "flaws": tuple(entry["result"]["flaws"])})
                self.results[result.case] = result
                self.passed.update(entry["passed"])
                self._traces[result.case] = entry["trace"]

    @property
    def _path(self) -> Path:
        return self.folder / f"crash-{self.store}.jsonl"

    async def run(self) -> list[Result]:
        """Play every story undisturbed, then kill it everywhere."""
        stories = [replace(case(story), store=self.store) for story in STORIES]
        await self._all(stories)
        found = [
            replace(one, store=self.store)
            for story, undisturbed in zip(STORIES, stories, strict=True)
            for one in cases(story, self._traces[str(undisturbed)])
            if not (one.forgets and self.store == "replicas")  # the other one remembers
            if self.store != "discord" or is_of_chats(one)  # all else is the same there
        ]
        found = [*stories, *sorted(dict.fromkeys(found), key=_shuffled)]
        await self._all(found)
        return [self.results[str(one)] for one in found]

    async def _all(self, wanted: Iterable[Case]) -> None:
        wanted = list(wanted)
        left = iter([one for one in wanted if str(one) not in self.results])
        await asyncio.gather(*(self._worker(left, len(wanted)) for _ in range(AT_ONCE)))

    async def _worker(self, left: Iterator[Case], total: int) -> None:
        for one in left:
            trace: list[str] = []
            result = await play(one, server=self.server, trace=trace)
            self._keep(result, [] if one.moments else trace, set(trace))
            reds = sum(bool(each.flaws) for each in self.results.values())
            count = f"{len(self.results)}/{total}, {reds} red"
            self.say(f"{count} · {result.colour} in {result.seconds:.0f} s · {one}")
            for flaw in result.flaws:
                self.say(f"    {flaw}")

    def _keep(self, result: Result, trace: list[str], passed: set[str]) -> None:
        self.results[result.case] = result
        self._traces[result.case] = trace
        self.passed |= passed
        entry = {
            "code": self.code,
            "result": result.image(),
            "trace": trace,
            "passed": sorted(passed),
        }
        self.folder.mkdir(exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def _shuffled(one: Case) -> bytes:
    """Mix the cases, always in the same way: a run that is broken off has tried a bit of all."""
    return hashlib.sha256(str(one).encode()).digest()


def table(results: Iterable[Result], console: Console) -> None:
    """Print how many cases of each story were played, died as planned, and ended well."""
    rows: dict[str, list[Result]] = {}
    for one in results:
        rows.setdefault(one.case.partition(":")[0], []).append(one)
    shown = Table("store and story", "runs", "deaths", "green", "not reached", "red", "ends")
    for name, those in rows.items():
        ends = ", ".join(sorted({one.state for one in those}))
        reds = sum(bool(one.flaws) for one in those)
        missed = sum(not one.is_reached and not one.flaws for one in those)
        deaths = sum(one.deaths for one in those)
        counts = (len(those), deaths, len(those) - reds - missed, missed, reds)
        shown.add_row(name, *map(str, counts), ends)
    console.print(shown)
