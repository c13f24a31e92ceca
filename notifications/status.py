"""Where a rollback is: the line under the title, and the sentence that a phone shows."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from bot.domain.people import People
from bot.domain.rollback import Rollback, State, StepState
from bot.message import Strong, When
from notifications.changes import goal, named
from notifications.endings import ending
from notifications.waiting import silence
from notifications.words import Inlines, capitalised, duration, listed, where


def status(rollback: Rollback, people: People) -> Inlines:
    """Say in one line where it is; the state's words first."""
    if rollback.state.is_terminal:
        return capitalised(ending(rollback, people))
    return _LINES[rollback.state](rollback, people)


def sentence(rollback: Rollback, people: People) -> Inlines:
    """Say where it is as one whole sentence."""
    if rollback.state.is_terminal:
        end = _ENDS.get(rollback.state, "is not rolled back")
        return (f"{where(rollback)} {end}: ", *ending(rollback, people))
    return (f"{where(rollback)} ", *_SENTENCES[rollback.state](rollback, people), ".")


def count(rollback: Rollback) -> str:
    """Say how many approvals are in, and whether the requester is one of them."""
    return f"{given(rollback)}, {counting(rollback)}"


def given(rollback: Rollback) -> str:
    """Say how many approvals are in."""
    return f"{rollback.given} of {rollback.policy.approvals}"


def counting(rollback: Rollback) -> str:
    """Say whether asking counts as one of the approvals."""
    if rollback.policy.requester_counts:
        return f"{rollback.policy.others_needed + 1} people in total incl. requester"
    return "requester not counted"


def towards(rollback: Rollback) -> str:
    """Name what is rolled back and where to, as far as it is known."""
    if rollback.plan is None:
        return where(rollback)
    return f"{where(rollback)} → {goal(rollback.plan)}"


def step_position(rollback: Rollback) -> str:
    """Say at which step of how many it is."""
    total = len(rollback.steps)
    over = sum(run.ended_at is not None for run in rollback.steps)
    return f"step {min(total, over + 1)} of {total}"


def doubtful(rollback: Rollback) -> str:
    """Name the steps that may have happened."""
    doubts = [run.name for run in rollback.steps if run.state is StepState.IN_DOUBT]
    return listed([named(rollback, name) for name in doubts], most=3) or "a step"


def moment(before: str, at: datetime | None, *, relative: bool = False) -> Inlines:
    """Write a moment behind its words, or nothing if it is not known."""
    return (before, When(at, relative=relative)) if at else ()


def _planning(_rollback: Rollback, _people: People) -> Inlines:
    return (Strong("Preparing the plan"), " · nothing happens before others approve it")


def _pending(rollback: Rollback, _people: People) -> Inlines:
    got = Strong(f"Awaiting approval {rollback.given}/{rollback.policy.approvals}")
    total = f" · {counting(rollback)}" if rollback.policy.requester_counts else ""
    return (got, total, *moment(" · expires ", rollback.approve_by))


def _quorum(rollback: Rollback, people: People) -> Inlines:
    got = Strong(f"Approved {rollback.given}/{rollback.policy.approvals}")
    if rollback.unread:
        return (got, f" · not started yet: {silence(rollback.unread, people)}")
    delay = duration(rollback.policy.start_delay)
    return (got, f" · starts in {delay}", *moment(", ", rollback.start_at))


def _running(rollback: Rollback, people: People) -> Inlines:
    if rollback.abort_by is not None:
        asked = f" · {people.name(rollback.abort_by)} asked for it: no further step starts"
        return (Strong("Stopping"), asked)
    budget = f" · budget {duration(rollback.policy.budget)}"
    return (
        Strong("In progress"),
        f" · {step_position(rollback)}",
        *_since(rollback.claimed_at),
        budget,
    )


def _waiting(rollback: Rollback, _people: People) -> Inlines:
    asked = f" · {doubtful(rollback)} was sent, the answer was lost"
    return (Strong("In doubt"), asked, *moment(" · answer by ", rollback.doubt_until))


def _verifying(rollback: Rollback, _people: People) -> Inlines:
    looking = " · all steps done, looking at production"
    return (Strong("In progress"), looking, *_since(rollback.verifying_at))


def _since(at: datetime | None) -> Inlines:
    return moment(" · since ", at, relative=True)


_LINES: Final[Mapping[State, Callable[[Rollback, People], Inlines]]] = {
    State.PLANNING: _planning,
    State.PENDING: _pending,
    State.QUORUM: _quorum,
    State.CLAIMED: _running,
    State.RUNNING: _running,
    State.WAITING: _waiting,
    State.VERIFYING: _verifying,
}


def _asked(rollback: Rollback, people: People) -> Inlines:
    who = people.name(rollback.requester)
    return (f"is to be rolled back, asked by {who}: the plan is being prepared",)


def _awaited(rollback: Rollback, people: People) -> Inlines:
    who = people.name(rollback.requester)
    to = f" to {goal(rollback.plan)}" if rollback.plan else ""
    return (f"is to be rolled back{to}, asked by {who}: {count(rollback)}",)


def _approved(rollback: Rollback, people: People) -> Inlines:
    if rollback.unread:
        waits = f"and not started yet: {silence(rollback.unread, people)}"
        return (f"is approved, {given(rollback)}, {waits}",)
    got = f"is approved, {given(rollback)}, and starts"
    return (got, *moment(" ", rollback.start_at))


def _started(rollback: Rollback, _people: People) -> Inlines:
    if rollback.abort_by is not None:
        return ("is being stopped: no further step starts",)
    return (f"is being rolled back, {step_position(rollback)}",)


def _in_doubt(rollback: Rollback, _people: People) -> Inlines:
    return (f"needs an answer: {doubtful(rollback)} was sent, the answer was lost",)


def _verified(_rollback: Rollback, _people: People) -> Inlines:
    return ("is being verified: all steps are done",)


_ENDS: Final[Mapping[State, str]] = {
    State.SUCCEEDED: "is rolled back",
    State.UNVERIFIED: "is not confirmed",
    State.PARTIAL: "is rolled back in part",
    State.FAILED: "could not be rolled back",
    State.ABORTED: "is not rolled back as a whole",
    State.NEEDS_HUMAN: "needs a person",
}
_SENTENCES: Final[Mapping[State, Callable[[Rollback, People], Inlines]]] = {
    State.PLANNING: _asked,
    State.PENDING: _awaited,
    State.QUORUM: _approved,
    State.CLAIMED: _started,
    State.RUNNING: _started,
    State.WAITING: _in_doubt,
    State.VERIFYING: _verified,
}
