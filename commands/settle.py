"""It happened / It did not: a person answers for a step whose answer was lost."""

from typing import Final

from bot.engine import decide
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation
from bot.message import Line, Message, Ticket


async def happened(engine: Engine, invocation: Invocation) -> Answer:
    """Take it as done; it is still read back."""
    return await _settle(engine, invocation, happened=True)


async def did_not_happen(engine: Engine, invocation: Invocation) -> Answer:
    """Take it as not done; it is not sent again."""
    return await _settle(engine, invocation, happened=False)


async def _settle(engine: Engine, invocation: Invocation, *, happened: bool) -> Answer:
    ticket = Ticket.parse(invocation.value)
    rollback = await decide.settle(engine, invocation, ticket, happened=happened)
    said = "happened; it is read back now" if happened else "did not happen; it is not sent again"
    text = f"Recorded for {rollback.id}: {ticket.about} {said}."
    return Answer(Message(text, (Line((text,)),)))


COMMANDS: Final = (
    Command(verb="settle_yes", handle=happened),
    Command(verb="settle_no", handle=did_not_happen),
)
