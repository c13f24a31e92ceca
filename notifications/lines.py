"""One sentence for one event that people have to notice, in the thread or as a direct message."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.domain.event import Event, Happening
from bot.domain.people import Account, People
from bot.domain.rollback import Approval, Rollback, State, StepState
from bot.message import Code, Line, Message, Note, When
from notifications.changes import changes, named
from notifications.facts import awaited
from notifications.status import moment, sentence
from notifications.waiting import silence, waited_for, ways_out
from notifications.words import Inlines, counted, cut, duration, ended, listed, plain, where

_WORDS: Final = 300


def line(
    rollback: Rollback, events: Sequence[Event], people: People, *, about: int, in_thread: bool
) -> Message | None:
    """Make the line for one event of the timeline, or nothing if it needs none."""
    event = next((event for event in events if event.sequence == about), None)
    say = _SENTENCES.get(event.kind) if event else None
    parts = say(rollback, event, people) if event and say else None
    if parts is None:
        return None
    note = () if in_thread else (Note((Code(rollback.id),)),)
    return Message(plain(parts, rollback), (Line(parts), *note))


def standing_at(approvals: Sequence[Approval], at: datetime) -> int:
    """Count the approvals that stood at a moment."""
    return sum(
        vote.at <= at and (vote.withdrawn_at is None or vote.withdrawn_at > at)
        for vote in approvals
    )


def given_after(rollback: Rollback, event: Event) -> int:
    """Count the signatures that were in once this vote was, the requester's own included."""
    votes = rollback.approvals
    last = len(votes)
    if event.kind is Happening.APPROVED:  # of two votes in one moment the second counts higher
        mine = [i for i, v in enumerate(votes) if v.person == event.person and v.at <= event.at]
        last = mine[-1] + 1 if mine else last
    counts = standing_at(votes[:last], event.at)
    return counts + (1 if rollback.policy.requester_counts else 0)


def _approved(rollback: Rollback, event: Event, people: People) -> Inlines:
    if event.details.get("again"):
        return _approved_again(rollback, event, people)
    got, needed = given_after(rollback, event), rollback.policy.approvals
    words = f"{where(rollback)}: approved by {_who(event, people)}, {got} of {needed}."
    if got < needed:
        return (words,)
    start = event.at + rollback.policy.start_delay
    return (f"{words} It starts ", When(start), "; Stop is on the card.")


def _approved_again(rollback: Rollback, event: Event, people: People) -> Inlines:
    account = Account.parse(event.account or "")
    how = "with a key" if account.is_key else f"on {account.chat}"
    return (f"{where(rollback)}: {_who(event, people)} approved {how}, too. It is still one vote.",)


def _delayed(rollback: Rollback, event: Event, people: People) -> Inlines:
    unread = waited_for(event)
    said = f"{where(rollback)} is not started yet: {silence(unread, people)}."
    return (f"{said} {ways_out(rollback, unread, people)}",)


def _withdrawn(rollback: Rollback, event: Event, people: People) -> Inlines:
    got = f"{given_after(rollback, event)} of {rollback.policy.approvals}"
    who = _who(event, people)
    return (f"{where(rollback)}: {who} took the approval back, {got} now.",)


def _voided(rollback: Rollback, event: Event, people: People) -> Inlines:
    gone = [people.name(v.person) for v in rollback.approvals if v.withdrawn_at == event.at]
    got = f"{given_after(rollback, event)} of {rollback.policy.approvals} now"
    why = f"the approval of {listed(gone, most=5) or 'somebody'} counts no longer"
    return (f"{where(rollback)} was not started: {why}, {got}.",)


def _reminded(rollback: Rollback, _event: Event, people: People) -> Inlines | None:
    if rollback.state is not State.PENDING:
        return None  # it was decided before anybody could be reminded
    missing = counted(rollback.missing, "more approval")
    until = moment(" by ", rollback.approve_by)
    return (f"{where(rollback)} waits for {missing}", *until, f": {awaited(rollback, people)}.")


def _stop_asked(rollback: Rollback, event: Event, people: People) -> Inlines:
    who = _who(event, people)
    return (f"{where(rollback)}: {who} stopped it; no further step starts, a begun one is ended.",)


def _step_failed(rollback: Rollback, event: Event, _people: People) -> Inlines:
    name, note = _step(rollback, event)
    is_stale = any(
        run.name == event.details.get("step") and run.state is StepState.STALE
        for run in rollback.steps
    )
    became = "was not started" if is_stale else "was not done"
    return (f"{where(rollback)}: {name} {became}{note}",)


def _step_unverified(rollback: Rollback, event: Event, _people: People) -> Inlines:
    name, note = _step(rollback, event)
    told = "was sent, reading it back did not confirm it"
    return (f"{where(rollback)}: {name} {told}{note}",)


def _in_doubt(rollback: Rollback, event: Event, _people: People) -> Inlines:
    name, note = _step(rollback, event)
    sent = f"{where(rollback)}: {name} was sent, the answer was lost{note}"
    if rollback.state is not State.WAITING:
        return (sent,)
    until = moment(" by ", rollback.doubt_until)
    return (f"{sent} Did it happen? Answer on the card", *until, ".")


def _settled(rollback: Rollback, event: Event, people: People) -> Inlines:
    name = event.details.get("step", "a step")
    happened = event.details.get("happened") == "yes"
    said = "happened; it is read back now" if happened else "did not happen; it is not sent again"
    return (f"{where(rollback)}: {_who(event, people)} says {named(rollback, name)} {said}.",)


def _ended(rollback: Rollback, _event: Event, people: People) -> Inlines | None:
    if not rollback.state.is_terminal:
        return None
    outcome, plan = rollback.outcome, rollback.plan
    if rollback.state is not State.SUCCEEDED or outcome is None or plan is None:
        return sentence(rollback, people)
    was_broken = any(not check.holds for check in plan.baseline)
    is_healthy = bool(rollback.checks) and all(check.holds for check in rollback.checks)
    again = "is healthy again" if was_broken else "is healthy"
    how = again if is_healthy else "is rolled back"
    took = f"{duration(outcome.at - rollback.asked_at)} after the request"
    return (f"{where(rollback)} {how}, {took}: {listed(changes(plan), most=3)}.",)


def _explained(rollback: Rollback, event: Event, people: People) -> Inlines | None:
    if rollback.outcome is None or not rollback.outcome.because:
        return None
    because = cut(rollback.outcome.because, _WORDS)
    return (f"{where(rollback)}: {_who(event, people)} says why: “{because}”.",)


def _reason_given(rollback: Rollback, event: Event, people: People) -> Inlines:
    because = cut(rollback.reason, _WORDS)
    said = f"{_who(event, people)} says what it is for: “{because}”."
    return (f"{where(rollback)}: {said} Whoever approved before can still withdraw.",)


def _resolved(rollback: Rollback, event: Event, people: People) -> Inlines | None:
    resolution = rollback.resolution
    if resolution is None:
        return None
    who = _who(event, people)
    if event.person == resolution.by:
        because = cut(resolution.because, _WORDS)
        said = f"{who} looked after it: “{because}”. Another person confirms on the card."
        return (f"{where(rollback)}: {said}",)
    return (f"{where(rollback)}: {who} confirmed that it is resolved; nothing is locked.",)


def _who(event: Event, people: People) -> str:
    return people.name(event.person) if event.person else "somebody"


def _step(rollback: Rollback, event: Event) -> tuple[str, str]:
    """Return the step's name and the system's words, ready to end a sentence."""
    note = cut(event.details.get("note", ""), _WORDS)
    name = named(rollback, event.details.get("step", "a step"))
    return name, f": {ended(note)}" if note else "."


_SENTENCES: Final[Mapping[Happening, Callable[[Rollback, Event, People], Inlines | None]]] = {
    Happening.APPROVED: _approved,
    Happening.REASON_GIVEN: _reason_given,
    Happening.WITHDRAWN: _withdrawn,
    Happening.VOIDED: _voided,
    Happening.DELAYED: _delayed,
    Happening.REMINDED: _reminded,
    Happening.STOP_ASKED: _stop_asked,
    Happening.STEP_FAILED: _step_failed,
    Happening.STEP_UNVERIFIED: _step_unverified,
    Happening.STEP_IN_DOUBT: _in_doubt,
    Happening.STEP_SETTLED: _settled,
    Happening.ENDED: _ended,
    Happening.EXPLAINED: _explained,
    Happening.RESOLVED: _resolved,
}
