"""The notice: one message in the channel, edited in place from the request to the end."""

from collections.abc import Callable, Mapping
from typing import Final

from bot.domain.people import People
from bot.domain.rollback import Rollback, State, StepState
from bot.message import (
    Block,
    Button,
    Buttons,
    Code,
    Fact,
    Facts,
    Line,
    Message,
    Note,
    Ticket,
    Title,
    When,
)
from notifications.changes import affected, changes, named, warnings
from notifications.endings import aftermath
from notifications.facts import awaited, eta, issue
from notifications.progress import actions_taken
from notifications.status import moment, sentence, status
from notifications.waiting import ways_out
from notifications.words import Inlines, counted, cut, headline, listed, plain

_REASON: Final = 300
_SHOWN: Final = 3  # changes in one fact; the ticks name them all
_MOST_PINS: Final = 5
_ASK_AGAIN: Final = frozenset(
    {State.EXPIRED, State.STALE, State.REFUSED, State.REJECTED, State.CANCELLED}
)


def notice(rollback: Rollback, people: People) -> Message:
    """Make the notice of any state: the same facts in the same order."""
    blocks: tuple[Block, ...] = (
        Title(headline(rollback)),
        Line(status(rollback, people)),
        Facts(
            (
                Fact("Issue", (issue(rollback),)),
                Fact("Affected", (rollback.affected,)),
                Fact("Started", _started(rollback, people)),
                Fact("ETA", eta(rollback)),
                Fact("Plan", (_plan(rollback),)),
            )
        ),
        actions_taken(rollback),
        *_pins(rollback),
        Facts((Fact("Next", following(rollback, people)),)),
        *_buttons(rollback),
        Note((Code(rollback.id),)),
    )
    return Message(plain(sentence(rollback, people), rollback), blocks)


def following(rollback: Rollback, people: People) -> Inlines:
    """Say what comes next, and who is waited for."""
    if rollback.state.keeps_locks:
        return aftermath(rollback, people)
    return _NEXT.get(rollback.state, _again)(rollback, people)


def _started(rollback: Rollback, people: People) -> Inlines:
    return (When(rollback.asked_at, relative=True), f" · by {people.name(rollback.requester)}")


def _plan(rollback: Rollback) -> str:
    if rollback.plan is None:
        return "none was made" if rollback.state.is_terminal else "not known yet"
    asked_for = f" ({cut(rollback.wanted, 40)} was asked for)" if rollback.wanted else ""
    return f"{listed(changes(rollback.plan), most=_SHOWN)}{asked_for}"


def _pins(rollback: Rollback) -> tuple[Line, ...]:
    """Say what stays different after the end, in the words of the steps that had an effect."""
    if not rollback.state.is_terminal:
        return ()
    pins = warnings(affected(rollback))
    return tuple(Line(("📌 ", cut(pin, _REASON))) for pin in pins[:_MOST_PINS])


def _buttons(rollback: Rollback) -> tuple[Buttons, ...]:
    digest = rollback.plan.digest if rollback.plan else ""
    value = str(Ticket(rollback.id, digest))
    if rollback.state.is_undecided and not rollback.reason:
        return (Buttons((Button("Add reason", "reason", value),)),)
    if rollback.state in _ASK_AGAIN:
        return (Buttons((Button("Ask again", "again", value),)),)
    return ()


def _prepared(rollback: Rollback, people: People) -> Inlines:
    others = counted(rollback.policy.others_needed, "approval")
    return (f"the plan, then {others}: {awaited(rollback, people)}",)


def _decided(rollback: Rollback, people: People) -> Inlines:
    where = _in_the_thread(rollback)
    return (f"{counted(rollback.missing, 'more approval')}{where}: {awaited(rollback, people)}",)


def _starting(rollback: Rollback, people: People) -> Inlines:
    if rollback.unread:
        return (ways_out(rollback, rollback.unread, people),)
    until = f"until then Stop{_in_the_thread(rollback)} stops all of it"
    return (f"it starts by itself; {until}",)


def _stepping(rollback: Rollback, people: People) -> Inlines:
    if rollback.abort_by is not None:
        return ("what has started is finished first, then it ends",)
    coming = [run.name for run in rollback.steps if run.state is StepState.NOT_STARTED]
    if coming:
        more = f" and {counted(len(coming) - 1, 'more step')}" if len(coming) > 1 else ""
        return (f"{named(rollback, coming[0])}{more}",)
    return ("reading back, then ", *_checking(rollback, people))


def _answered(rollback: Rollback, _people: People) -> Inlines:
    until = moment(" by ", rollback.doubt_until)
    return (f"the requester or an approver answers{_in_the_thread(rollback)}", *until)


def _checking(rollback: Rollback, _people: People) -> Inlines:
    names = [check.name for check in rollback.plan.checks] if rollback.plan else []
    if not names:
        return ("the end: no check of production is configured",)
    return (f"production has to pass {listed(names, most=5)}",)


def _closed(rollback: Rollback, _people: People) -> Inlines:
    summary = f"twokey summary {rollback.id} writes the summary"
    if rollback.places:
        summary = "the summary is in the thread"
    return (f"nothing is left to do; {summary}",)


def _again(_rollback: Rollback, _people: People) -> Inlines:
    return ("nothing is left to do; Ask again makes a new plan, approvals start at zero",)


_NEXT: Final[Mapping[State, Callable[[Rollback, People], Inlines]]] = {
    State.PLANNING: _prepared,
    State.PENDING: _decided,
    State.QUORUM: _starting,
    State.CLAIMED: _stepping,
    State.RUNNING: _stepping,
    State.WAITING: _answered,
    State.VERIFYING: _checking,
    State.SUCCEEDED: _closed,
}


def _in_the_thread(rollback: Rollback) -> str:
    """Say where, unless no chat shows it and the command line is the only place."""
    return " in the thread" if rollback.places else ""
