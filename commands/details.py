"""Details: the whole plan with its ids, for whoever wants to read it before deciding."""

from collections.abc import Iterator
from typing import Final

from bot.domain.plan import Step
from bot.domain.rollback import Rollback
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation
from bot.message import Block, Code, Fact, Facts, Line, Message, Note, Strong, Ticket

_MOST_STEPS: Final = 8


async def handle(engine: Engine, invocation: Invocation) -> Answer:
    """Show every step, the checks, the digest and who may approve, privately."""
    ticket = Ticket.parse(invocation.value)
    rollback = await engine.store.read(lambda tx: tx.load(ticket.rollback_id))
    return Answer(Message(f"The plan of {rollback.id}.", tuple(_blocks(engine, rollback))))


def _blocks(engine: Engine, rollback: Rollback) -> Iterator[Block]:
    plan = rollback.plan
    if plan is None:
        yield Line(("The plan is still being prepared.",))
        return
    for step in plan.steps[:_MOST_STEPS]:
        yield Line((Strong(step.name), f" · {step.use} · {step.effect}"))
        yield Facts(tuple(_facts(step)))
    if len(plan.steps) > _MOST_STEPS:
        yield Line((f"and {len(plan.steps) - _MOST_STEPS} more steps",))
    for seen in plan.baseline:
        held = "holds" if seen.holds else "fails"
        yield Line((f"Check {seen.name} {held} now: expected {seen.expected}, saw {seen.seen}",))
    may = [key for key in rollback.approvers if key != rollback.requester]
    yield Note(("May approve: ", ", ".join(engine.people.name(key) for key in may)))
    yield Note(("Digest ", Code(plan.digest)))


def _facts(step: Step) -> Iterator[Fact]:
    preview = step.preview
    yield Fact("From", (f"{preview.before.label} ", Code(preview.before.id)))
    yield Fact("To", (f"{preview.after.label} ", Code(preview.after.id)))
    yield Fact("Changes", (Code(preview.resource),))
    if step.needs:
        yield Fact("After", (", ".join(step.needs),))
    for label, words in (
        ("Comes back", preview.comes_back),
        ("Does NOT come back", preview.stays_lost),
        ("Note", preview.warnings),
    ):
        if words:
            yield Fact(label, (", ".join(words),))
    if preview.undo:
        yield Fact("Undo", (preview.undo,))


COMMANDS: Final = (Command(verb="details", handle=handle),)
