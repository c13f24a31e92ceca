"""The summary as a message for the thread and documents, its first paragraph for the channel."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from bot.domain.people import People
from bot.domain.plan import Evidence
from bot.domain.rollback import Rollback, StepState
from bot.message import (
    Block,
    Checklist,
    Code,
    Fact,
    Facts,
    Inline,
    Line,
    Mark,
    Message,
    Note,
    Quote,
    Strong,
    Tick,
    Title,
    When,
)
from notifications.endings import aftermath, found, observed
from notifications.paragraph import paragraph
from notifications.summary import StepSummary, Summary, Times
from notifications.words import cut, duration, headline, listed

MOST_LINES: Final = 10
_REASON: Final = 500
_NOTE: Final = 200
_MARKS: Final = {
    StepState.DONE: Mark.DONE,
    StepState.SKIPPED: Mark.SKIPPED,
    StepState.NOT_STARTED: Mark.SKIPPED,
    StepState.IN_DOUBT: Mark.DOUBT,
    StepState.RUNNING: Mark.DOUBT,
}


def report(told: Summary, *, most: int = MOST_LINES) -> Message:
    """Make the whole summary; lists longer than ``most`` say how much they leave out."""
    title = f"Summary · {told.target} · {told.environment} · {told.id}"
    blocks: tuple[Block, ...] = (
        Title(title),
        Line((told.paragraph,)),
        *((Quote(cut(told.reason, _REASON)),) if told.reason else ()),
        Facts(tuple(_people(told))),
        Checklist("Timeline", tuple(_timeline(told, most))),
        *((Checklist("Steps", tuple(_steps(told, most))),) if told.steps else ()),
        Facts(tuple(_facts(told, most))),
        Note(tuple(_last_line(told))),
    )
    return Message(f"{title}: {told.paragraph}", blocks)


def ending_note(rollback: Rollback, people: People) -> Message:
    """Make the first paragraph for the channel, so that the end is noticed there."""
    text = paragraph(rollback, people)
    locked = (Line(aftermath(rollback, people)),) if rollback.state.keeps_locks else ()
    return Message(
        f"{headline(rollback)}: {text}",
        (Line((Strong(headline(rollback)),)), Line((text,)), *locked, Note((Code(rollback.id),))),
    )


def _people(told: Summary) -> Iterator[Fact]:
    yield Fact("Asked by", (f"{told.requester}, ", When(told.asked_at)))
    approved: list[Inline] = []
    for signature in told.signatures:
        back = " (taken back)" if signature.withdrawn_at else ""
        approved += [", ", f"{signature.name}{back} ", When(signature.at)]
    yield Fact("Approved by", tuple(approved[1:]) or ("nobody",))
    if told.ended_by:
        yield Fact("Ended by", (told.ended_by,))
    if told.refused:
        codes = [f"{code.replace('_', ' ')} {count}×" for code, count in told.refused.items()]
        yield Fact("Refused clicks", (listed(codes),))


def _timeline(told: Summary, most: int) -> Iterator[Tick]:
    """Show the beginning and the end; what is left out lies between them."""
    ticks = [
        Tick(Mark.FAILED if moment.is_bad else Mark.DONE, (When(moment.at), f" · {moment.words}"))
        for moment in told.timeline
    ]
    if len(ticks) <= most:
        yield from ticks
        return
    head = most // 2
    yield from ticks[:head]
    yield Tick(Mark.SKIPPED, (f"{len(ticks) - most} more between these",))
    yield from ticks[len(ticks) - most + head :]


def _steps(told: Summary, most: int) -> Iterator[Tick]:
    for step in told.steps[:most]:
        yield Tick(_MARKS.get(StepState(step.state), Mark.FAILED), (_step(step),))
    if len(told.steps) > most:
        yield Tick(Mark.OPEN, (f"and {len(told.steps) - most} more",))


def _step(step: StepSummary) -> str:
    took = f" · {duration(step.seconds)}" if step.seconds is not None else ""
    became = "" if step.state == StepState.DONE else f" · {step.state.replace('_', ' ')}"
    note = f" · {cut(step.note, _NOTE)}" if step.note else ""
    seen = listed([found(one) for one in step.evidence], most=3, separator="; ")
    evidence = f" · {seen}" if seen else ""
    return f"{step.subject} {step.change}{became}{took}{note}{evidence}"


def _facts(told: Summary, most: int) -> Iterator[Fact]:
    yield Fact("Checks before", (_checks(told.checks_before, most),))
    yield Fact("Checks after", (_checks(told.checks_after, most),))
    yield Fact("Times", (_times(told.times),))
    if told.data:
        yield Fact("Data", (told.data,))
    yield Fact("Not verified", (listed(told.not_verified, most=most, separator="; "),))
    if told.afterwards:
        kept = listed([cut(one, _NOTE) for one in told.afterwards], most=most, separator=" ")
        yield Fact("Afterwards", (kept,))


def _checks(seen: tuple[Evidence, ...], most: int) -> str:
    return observed(seen, most=most) or "nobody looked"


def _times(times: Times) -> str:
    parts = {
        "from the bad version to the request": times.decide,
        "to approve": times.approve,
        "to restore": times.restore,
        "to verify": times.verify,
    }
    return " · ".join(f"{words} {_span(span)}" for words, span in parts.items())


def _span(span: timedelta | None) -> str:
    return duration(span) if span is not None else "not known"


def _last_line(told: Summary) -> Iterator[Inline]:
    yield Code(told.id)
    if told.digest:
        yield " · plan "
        yield Code(told.digest[:8])
