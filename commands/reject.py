"""Reject: one no ends it at once; the reason is asked for afterwards."""

from typing import Final

from bot.engine import decide
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation
from bot.message import Dialog, Input, Line, Message, Ticket


async def reject(engine: Engine, invocation: Invocation) -> Answer:
    """End it, then ask why."""
    ticket = Ticket.parse(invocation.value)
    rollback = await decide.reject(engine, invocation, ticket)
    text = f"You rejected {rollback.id}. Nothing was changed on {rollback.target}."
    why = Input("because", "It is rejected. Why?", hint="The fix is already merged", is_long=True)
    dialog = Dialog(
        title=f"You rejected {rollback.id}",
        verb="reject_because",
        value=str(Ticket(rollback.id)),
        inputs=(why,),
        submit="Say why",
        cancel="Skip",
    )
    return Answer(Message(text, (Line((text,)),)), dialog)


async def because(engine: Engine, invocation: Invocation) -> Answer:
    """Add the words to the outcome."""
    words = invocation.fields.get("because", "").strip()
    await decide.explain(engine, invocation, Ticket.parse(invocation.value), words)
    return Answer()


COMMANDS: Final = (
    Command(verb="reject", handle=reject),
    Command(verb="reject_because", handle=because),
)
