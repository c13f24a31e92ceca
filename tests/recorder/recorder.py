"""Keeps count of what goes out, has each of it judged once, and remembers what was wrong."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from tests.recorder.discord_judge import DiscordJudge
from tests.recorder.payload import Payload, Platform, Unreadable, from_wire
from tests.recorder.slack_judge import SlackJudge
from tests.recorder.specification import Specification

SLACK_DOCUMENT = "slack-web-openapi2.no-examples.json"
DISCORD_DOCUMENT = "discord-openapi.json"


class Judge(Protocol):
    """Knows what one platform refuses."""

    def flaws(self, payload: Payload) -> Iterator[str]:
        """Yield everything that is wrong with it, a sentence for each."""
        ...


@cache
def judges(specs: Path | None) -> Mapping[Platform, Judge]:
    """Return the judges of both platforms; without a folder they know the limits alone."""
    if specs is None:
        return {"slack": SlackJudge(None), "discord": DiscordJudge(None)}
    slack = json.loads((specs / SLACK_DOCUMENT).read_text("utf-8"))
    discord = json.loads((specs / DISCORD_DOCUMENT).read_text("utf-8"))
    return {"slack": SlackJudge(slack), "discord": DiscordJudge(Specification(discord))}


@dataclass
class Tally:
    """What was heard in the whole session."""

    counts: Counter[tuple[str, Platform]] = field(default_factory=Counter[tuple[str, Platform]])
    distinct: int = 0
    unjudged: int = 0  # said by tests themselves, through the bot's door
    seconds: float = 0.0

    def add(self, other: "Tally") -> None:
        """Add what another process heard."""
        self.counts += other.counts
        self.distinct += other.distinct
        self.unjudged += other.unjudged
        self.seconds += other.seconds

    def __str__(self) -> str:
        """Say in one line how much was judged, and how long that took."""
        total, files = self.counts.total(), {place for place, _ in self.counts}
        each = 1_000 * self.seconds / total if total else 0.0
        sums: Counter[Platform] = Counter()
        for (_, platform), count in self.counts.items():
            sums[platform] += count
        return (
            f"{sums['slack']} payloads to Slack and {sums['discord']} to Discord were judged, from "
            f"{len(files)} files: {self.distinct} different ones, {each:.2f} ms each. "
            f"Tests said {self.unjudged} more themselves."
        )


@dataclass
class Recorder:
    """Hears everything that goes out, has it judged, and remembers what was wrong."""

    judges: Mapping[Platform, Judge]
    tally: Tally = field(default_factory=Tally)
    place: str = ""  # the file of the test that runs
    _judged: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    _complaints: list[str] = field(default_factory=list[str])

    def aside(self, place: str) -> "Recorder":
        """Return one that counts together with this one, and remembers for itself what is wrong."""
        return Recorder(self.judges, self.tally, place, self._judged)

    def hear_request(
        self, platform: Platform, method: str, url: str, kind: str, body: bytes
    ) -> None:
        """Take a request as it left."""
        try:
            payload = from_wire(platform, method, url, kind, body)
        except Unreadable as error:
            self.tally.counts[self.place, platform] += 1
            self.complain(f"To {platform} went {method} {url}, but {error}:\n{body[:1_000]!r}")
        else:
            self.hear(payload)

    def hear(self, payload: Payload) -> None:
        """Take what went out."""
        began, judged = time.process_time(), self._judged
        self.tally.counts[self.place, payload.platform] += 1
        key = json.dumps([payload.platform, payload.call, payload.body, dict(payload.query)])
        if key not in judged:
            self.tally.distinct += 1
            judged[key] = tuple(self.judges[payload.platform].flaws(payload))
        if flaws := judged[key]:
            why = "\n- ".join([f"{payload.platform.capitalize()} does not take this:", *flaws])
            self.complain(f"{why}\n{payload}")
        self.tally.seconds += time.process_time() - began

    def complain(self, complaint: str) -> None:
        """Remember what is wrong until somebody takes it."""
        self._complaints.append(complaint)

    def taken_complaints(self) -> str:
        """Return everything that was wrong since this was asked last."""
        complaints, self._complaints = self._complaints, []
        return "\n\n".join(complaints)


@cache
def the_recorder(specs: Path | None) -> Recorder:
    """Return the one recorder of this session."""
    return Recorder(judges(specs))
