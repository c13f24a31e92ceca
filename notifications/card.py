"""The approval card, in the thread and as a direct message: decided in ten seconds."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.domain.people import People
from bot.domain.plan import Plan
from bot.domain.rollback import Rollback, State, StepState
from bot.domain.target import Risk
from bot.message import (
    Block,
    Button,
    Buttons,
    Code,
    Fact,
    Facts,
    Inline,
    Line,
    Message,
    Note,
    Quote,
    Strong,
    Style,
    Ticket,
    Title,
    When,
)
from notifications.changes import changes, comes_back, label, stays_lost, undo
from notifications.endings import aftermath
from notifications.facts import awaited, issue
from notifications.status import count, given, moment, sentence, status, towards
from notifications.waiting import ways_out
from notifications.words import Inlines, cut, headline, plain

_FIRST_LOOK: Final = 380  # whoever reads no further has to know what it does
_LABELS: Final = 90  # of which this much is labels and the count
_NOW: Final = 60
_FULL_ROOM: Final = 220
_ROOM: Final = 160
_REASON: Final = 300
_MOST_DOUBTS: Final = 8


def card(rollback: Rollback, people: People, *, reader: str | None) -> Message | None:
    """Make the card of any state, or nothing while there is no plan to decide on.

    In somebody's direct messages ``reader`` is that person's key; in the thread it is None.
    """
    plan = rollback.plan
    if plan is None:
        return None
    blocks: tuple[Block, ...] = (
        Title(_title(rollback)),
        *_headings(rollback, people),
        Facts((*_vital_facts(rollback, plan), *_other_facts(rollback, plan, people))),
        _reason(rollback),
        *_actions(rollback, plan, reader),
        Note(_last_line(rollback, plan, people)),
    )
    return Message(_text(rollback, people), blocks)


def _reason(rollback: Rollback) -> Block:
    if rollback.reason:
        return Quote(cut(rollback.reason, _REASON))
    return Line((f"The reason is {issue(rollback)}.",))


def _title(rollback: Rollback) -> str:
    return _question(rollback) if rollback.state is State.PENDING else headline(rollback)


def _question(rollback: Rollback) -> str:
    return f"Roll back {rollback.target} in {rollback.environment}?"


def _text(rollback: Rollback, people: People) -> str:
    if rollback.state is State.PENDING:
        who = people.name(rollback.requester)
        return f"Approve? {towards(rollback)}, asked by {who}, {given(rollback)}."
    return plain(sentence(rollback, people), rollback)


def _headings(rollback: Rollback, people: People) -> Iterator[Line]:
    """Say where it is; while people decide, the question in the title says it."""
    if rollback.state is not State.PENDING:
        yield Line(status(rollback, people))
    if rollback.state is State.QUORUM and rollback.unread:
        yield Line((ways_out(rollback, rollback.unread, people),))
    if rollback.state.keeps_locks:
        yield Line(aftermath(rollback, people))


def _vital_facts(rollback: Rollback, plan: Plan) -> Iterator[Fact]:
    room = _room(rollback)
    if rollback.state.is_undecided:
        yield Fact("Checks", (_now(plan),))
    yield Fact("Changes", (_fitting(changes(plan), room),))
    yield Fact("Does NOT come back", (_fitting(stays_lost(plan), room) or "nothing is named",))
    yield Fact("Undo", (_fitting(undo(plan), room) or "nothing to undo",))
    yield Fact("Approvals", (count(rollback),))


def _room(rollback: Rollback) -> int:
    """Return how long each of the first three facts may be to be seen at the first look."""
    now = len(_now(rollback.plan)) if rollback.plan else 0
    return (_FIRST_LOOK - _LABELS - len(_question(rollback)) - now) // 3


def _now(plan: Plan) -> str:
    """Say whether it is broken at all, by the checks that were made with the plan."""
    broken = [f"{one.name} fails" for one in plan.baseline if not one.holds]
    if broken:
        return _fitting(broken, _NOW)
    return "⚠ all pass: is it still broken?" if plan.baseline else "none is configured"


def _other_facts(rollback: Rollback, plan: Plan, people: People) -> Iterator[Fact]:
    approved: list[Inline] = []
    for vote in rollback.standing:
        approved += [", ", f"{people.name(vote.person)} ", When(vote.at)]
    if approved:
        yield Fact("Approved by", tuple(approved[1:]))
    yield from _in_full(rollback, plan)
    ages = tuple(_ages(plan))
    if ages:
        yield Fact("Deployed", ages[1:])
    back = comes_back(plan)
    if back:
        yield Fact("Comes back", (_fitting(back, _ROOM),))
    is_destructive = plan.risk is Risk.DESTRUCTIVE
    risk = "DESTRUCTIVE: something is lost for good" if is_destructive else "reversible"
    yield Fact("Risk", (f"{risk} · asked by {people.name(rollback.requester)}",))


def _ages(plan: Plan) -> Iterator[Inline]:
    """Say when the two versions were made, where there are only two; each after a separator."""
    single = plan.steps if len(plan.steps) == 1 else ()
    for point in (p for step in single for p in (step.preview.before, step.preview.after)):
        if point.made_at is not None:
            yield ", "
            yield f"{cut(point.label, 40)} "
            yield When(point.made_at, relative=True)


def _in_full(rollback: Rollback, plan: Plan) -> Iterator[Fact]:
    """Repeat with more room what did not fit into the first look."""
    room = _room(rollback)
    for words, items in (
        ("All changes", changes(plan)),
        ("All that is lost", stays_lost(plan)),
        ("All ways back", undo(plan)),
    ):
        if len("; ".join(items)) > room:
            yield Fact(words, (_fitting(items, _FULL_ROOM),))


def _actions(rollback: Rollback, plan: Plan, reader: str | None) -> Iterator[Block]:
    ticket = str(Ticket(rollback.id, plan.digest))
    stop = Button("Stop", "stop", ticket, Style.DANGER)
    details = Button("Details", "details", ticket)
    withdraw = Button("Withdraw", "withdraw", ticket)
    approve = Button("Approve", "approve", ticket, Style.PRIMARY)
    has_voted = any(vote.person == reader for vote in rollback.standing)
    if rollback.state is State.PENDING:
        reject = Button("Reject…", "reject", ticket, Style.DANGER)
        cancel = (Button("Cancel", "cancel", ticket),) if reader is None else ()
        yield Buttons((withdraw if has_voted else approve, reject, details, *cancel))
    elif rollback.state is State.QUORUM:
        # Who stands already approves once more, by the account that can be looked up.
        waited = {one.person for one in rollback.unread} - {rollback.requester}
        again = (approve,) if waited & ({reader} if reader else waited) else ()
        yield Buttons((*again, stop, details, *((withdraw,) if has_voted else ())))
    elif rollback.state is State.WAITING:
        yield from _questions(rollback, plan)
    if _can_stop(rollback):
        yield Buttons((stop,))
    if rollback.state.keeps_locks:
        yield from _resolving(rollback, ticket)


def _can_stop(rollback: Rollback) -> bool:
    """Tell whether there is still a step that a Stop would keep from starting."""
    may = rollback.state in {State.CLAIMED, State.RUNNING, State.WAITING}
    left = any(run.state is StepState.NOT_STARTED for run in rollback.steps)
    return may and left and rollback.abort_by is None


def _questions(rollback: Rollback, plan: Plan) -> Iterator[Block]:
    """Ask about each step in doubt, and say where the answer can be seen."""
    doubts = {run.name for run in rollback.steps if run.state is StepState.IN_DOUBT}
    for step in [step for step in plan.steps if step.name in doubts][:_MOST_DOUBTS]:
        ticket = str(Ticket(rollback.id, plan.digest, about=step.name))
        sent = f"{label(plan, step)} was sent, the answer was lost. Did it happen?"
        look = f"Look whether it is at {cut(step.preview.after.label, 40)}."
        yield Line((Strong("In doubt"), f" · {sent} {look}"))
        yield Buttons(
            (Button("It happened", "settle_yes", ticket), Button("It did not", "settle_no", ticket))
        )
    if len(doubts) > _MOST_DOUBTS:
        yield Line((f"{len(doubts) - _MOST_DOUBTS} more in doubt; they are asked after these.",))


def _resolving(rollback: Rollback, ticket: str) -> Iterator[Block]:
    if rollback.resolution is None:
        yield Buttons((Button("Resolve…", "resolve", ticket),))
    elif rollback.resolution.confirmed_by is None:
        yield Buttons((Button("Confirm it is resolved", "resolve_confirm", ticket),))


def _last_line(rollback: Rollback, plan: Plan, people: People) -> Inlines:
    parts: Inlines = ("Plan ", Code(plan.digest[:8]), " · ", Code(rollback.id))
    if rollback.state is State.PENDING:
        needed = f" · needs {rollback.missing} of {awaited(rollback, people)}"
        parts = (*parts, *moment(" · until ", rollback.approve_by), needed)
    return parts


def _fitting(items: Sequence[str], room: int, *, separator: str = "; ") -> str:
    """Join as many items as there is room for, at least one, and count the others."""
    if len(separator.join(items)) <= room:
        return separator.join(items)
    room -= len(" and 99 more")
    shown = 1
    while len(separator.join(items[: shown + 1])) <= room and shown < len(items):
        shown += 1
    more = f" and {len(items) - shown} more" if len(items) > shown else ""
    return f"{cut(separator.join(items[:shown]), room)}{more}"
