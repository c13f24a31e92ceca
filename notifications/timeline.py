"""What happened, in order, in a few words for each event that people care about."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.event import Event, Happening
from bot.domain.people import People
from bot.domain.rollback import Rollback
from notifications.changes import label, named
from notifications.lines import given_after
from notifications.words import cut, duration

_NOTE: Final = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the timeline."""

    at: datetime
    words: str
    person: str | None = None  # the name of whoever did it
    is_bad: bool = False


def timeline(rollback: Rollback, events: Sequence[Event], people: People) -> tuple[Moment, ...]:
    """Tell what happened, from the making of the versions that were rolled back to the end."""
    told = [*_before(rollback), *_told(rollback, events, people)]
    return tuple(sorted(told, key=lambda moment: moment.at))


def _before(rollback: Rollback) -> Iterator[Moment]:
    if rollback.plan is None:
        return
    for step in rollback.plan.steps:
        was = step.preview.before
        if was.made_at is not None and not step.preview.is_noop:
            words = f"{label(rollback.plan, step)}: {cut(was.label, 40)} was made"
            yield Moment(was.made_at, words)


def _told(rollback: Rollback, events: Sequence[Event], people: People) -> Iterator[Moment]:
    for event in events:
        say = _WORDS.get(event.kind)
        if say is not None:
            person = people.name(event.person) if event.person else None
            by = f" by {person}" if person else ""
            is_bad = event.kind in _BAD or (
                event.kind is Happening.ENDED and rollback.state.keeps_locks
            )
            yield Moment(event.at, f"{say(rollback, event)}{by}", person, is_bad)


def _says(words: str) -> Callable[[Rollback, Event], str]:
    return lambda _rollback, _event: words


def _of_step(became: str) -> Callable[[Rollback, Event], str]:
    def say(rollback: Rollback, event: Event) -> str:
        note = cut(event.details.get("note", ""), _NOTE)
        name = event.details.get("step", "a step")
        return f"{named(rollback, name)} {became}{f' ({note})' if note else ''}"

    return say


def _approved(rollback: Rollback, event: Event) -> str:
    if event.details.get("again"):
        return "the same approval by another account"
    return f"approved {given_after(rollback, event)}/{rollback.policy.approvals}"


def _withdrawn(rollback: Rollback, event: Event) -> str:
    return f"approval taken back, {given_after(rollback, event)}/{rollback.policy.approvals}"


def _done(rollback: Rollback, event: Event) -> str:
    name = event.details.get("step", "a step")
    took = next((run.seconds for run in rollback.steps if run.name == name), None)
    return f"{named(rollback, name)} done{f' ({duration(took)})' if took is not None else ''}"


def _ended(_rollback: Rollback, event: Event) -> str:
    state = event.details.get("state", "ended").replace("_", " ")
    because = cut(event.details.get("because", ""), _NOTE)
    return f"ended: {state}{f' ({because})' if because else ''}"


_BAD: Final = frozenset(
    {
        Happening.DELAYED,
        Happening.VOIDED,
        Happening.STOP_ASKED,
        Happening.STEP_FAILED,
        Happening.STEP_UNVERIFIED,
        Happening.STEP_IN_DOUBT,
    }
)
_WORDS: Final[Mapping[Happening, Callable[[Rollback, Event], str]]] = {
    Happening.REQUESTED: _says("asked"),
    Happening.PLANNED: _says("plan ready"),
    Happening.REASON_GIVEN: _says("reason given"),
    Happening.APPROVED: _approved,
    Happening.WITHDRAWN: _withdrawn,
    Happening.REMINDED: _says("reminded"),
    Happening.VOIDED: _says("not started: approvals count no longer"),
    Happening.DELAYED: _says("not started yet: a member directory does not answer"),
    Happening.CLAIMED: _says("start decided"),
    Happening.STEP_STARTED: _of_step("started"),
    Happening.STEP_DONE: _done,
    Happening.STEP_SKIPPED: _of_step("had nothing to do"),
    Happening.STEP_FAILED: _of_step("not done"),
    Happening.STEP_UNVERIFIED: _of_step("not confirmed"),
    Happening.STEP_IN_DOUBT: _of_step("in doubt"),
    Happening.STEP_SETTLED: _of_step("answered"),
    Happening.STOP_ASKED: _says("stopped"),
    Happening.VERIFYING: _says("all steps done, checks started"),
    Happening.ENDED: _ended,
    Happening.EXPLAINED: _says("reason of the rejection given"),
    Happening.RESOLVED: _says("resolution signed"),
}
