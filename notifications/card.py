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
from notifications.changes import (
    changes,
    comes_back,
    label,
    stays_lost,
    undo,
    warnings,
)
from notifications.endings import aftermath, failing
from notifications.facts import eta
from notifications.status import count, given, moment, sentence, status, towards
from notifications.words import Inlines, cut, headline, plain

# Whoever reads no further than 400 characters has to know what it does, so these are tight.
_CHANGES_ROOM: Final = 70
_LOST_ROOM: Final = 65
_UNDO_ROOM: Final = 45
_FULL_ROOM: Final = 300
_ROOM: Final = 160
_REASON: Final = 300
_MOST_DOUBTS: Final = 8


def card(rollback: Rollback, people: People, *, in_thread: bool) -> Message | None:
    """Make the card of any state, or nothing while there is no plan to decide on."""
    plan = rollback.plan
    if plan is None:
        return None
    blocks: tuple[Block, ...] = (
        Title(_title(rollback)),
        *_headings(rollback, people),
        Facts((*_vital_facts(rollback, plan), *_other_facts(rollback, plan, people))),
        *((Quote(cut(rollback.reason, _REASON)),) if rollback.reason else ()),
        *_actions(rollback, plan, people, in_thread=in_thread),
        Note(_last_line(rollback, plan)),
    )
    return Message(_text(rollback, people), blocks)


def _title(rollback: Rollback) -> str:
    if rollback.state is State.PENDING:
        return f"Roll back {rollback.target} in {rollback.environment}?"
    return headline(rollback)


def _text(rollback: Rollback, people: People) -> str:
    if rollback.state is State.PENDING:
        who = people.name(rollback.requester)
        return f"Approve? {towards(rollback)}, asked by {who}, {given(rollback)}."
    return plain(sentence(rollback, people))


def _headings(rollback: Rollback, people: People) -> Iterator[Line]:
    """Say where it is; while people decide, the question in the title says it."""
    if rollback.state is not State.PENDING:
        yield Line(status(rollback, people))
    if rollback.state.keeps_locks:
        yield Line(aftermath(rollback, people))


def _vital_facts(rollback: Rollback, plan: Plan) -> Iterator[Fact]:
    undos = undo(plan)
    yield Fact("Changes", (_fitting(changes(plan), _CHANGES_ROOM),))
    lost = _fitting(stays_lost(plan), _LOST_ROOM) or "the plan names nothing"
    yield Fact("Does NOT come back", (lost,))
    yield Fact("Undo", (_fitting(undos, _UNDO_ROOM) or "nothing to undo",))
    yield Fact("Approvals", (count(rollback),))


def _other_facts(rollback: Rollback, plan: Plan, people: People) -> Iterator[Fact]:
    for words, items, room in (
        ("All changes", changes(plan), _CHANGES_ROOM),
        ("All that is lost", stays_lost(plan), _LOST_ROOM),
        ("All of the undo", undo(plan), _UNDO_ROOM),
    ):
        if len(", ".join(items)) > room:
            yield Fact(words, (_fitting(items, _FULL_ROOM),))
    approved = [
        part
        for vote in rollback.standing
        for part in (", ", f"{people.name(vote.person)} at ", When(vote.at))
    ]
    if approved:
        yield Fact("Approved by", tuple(approved[1:]))
    back = comes_back(plan)
    if back:
        yield Fact("Comes back", (_fitting(back, _ROOM),))
    afterwards = warnings(plan.steps)
    if afterwards:
        yield Fact("Afterwards", (_fitting(afterwards, _ROOM, separator="; "),))
    now = failing(plan.baseline)
    if now:
        yield Fact("Checks failing", (now,))
    is_destructive = plan.risk is Risk.DESTRUCTIVE
    risk = "DESTRUCTIVE: it can't be taken back" if is_destructive else "reversible"
    yield Fact("Risk", (f"{risk} · asked by {people.name(rollback.requester)}",))
    yield Fact("ETA", eta(rollback))


def _actions(rollback: Rollback, plan: Plan, people: People, *, in_thread: bool) -> Iterator[Block]:
    ticket = str(Ticket(rollback.id, plan.digest))
    stop = Button("Stop", "stop", ticket, Style.DANGER)
    if rollback.state is State.PENDING:
        buttons = [
            Button("Approve", "approve", ticket, Style.PRIMARY),
            Button("Reject…", "reject", ticket, Style.DANGER),
            Button("Details", "details", ticket),
        ]
        if in_thread:
            buttons.append(Button("Cancel", "cancel", ticket))
        yield Buttons(tuple(buttons))
    elif rollback.state is State.QUORUM:
        yield Buttons((stop, Button("Details", "details", ticket)))
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
        name, after = label(plan, step), cut(step.preview.after.label, 40)
        question = f"{name} was sent, the answer was lost. Did it happen?"
        yield Line((Strong("In doubt"), f" · {question} It did if {name} is at {after} now."))
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


def _last_line(rollback: Rollback, plan: Plan) -> Inlines:
    parts: Inlines = ("Plan ", Code(plan.digest[:8]), " · ", Code(rollback.id))
    if rollback.state is State.PENDING:
        more = "1 more person" if rollback.missing == 1 else f"{rollback.missing} more people"
        parts = (*parts, *moment(" · until ", rollback.approve_by), f" · {more}")
    return parts


def _fitting(items: Sequence[str], room: int, *, separator: str = ", ") -> str:
    """Join as many items as there is room for, at least one, and count the others."""
    if len(separator.join(items)) <= room:
        return separator.join(items)
    room -= len(" and 99 more")
    shown = 1
    while len(separator.join(items[: shown + 1])) <= room and shown < len(items):
        shown += 1
    more = f" and {len(items) - shown} more" if len(items) > shown else ""
    return f"{cut(separator.join(items[:shown]), room)}{more}"
