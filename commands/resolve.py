"""Resolve: say that an unfinished rollback was looked after; a second person confirms."""

from typing import Final

from bot.engine import decide
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation
from bot.message import Dialog, Input, Line, Message, Ticket


async def ask(engine: Engine, invocation: Invocation) -> Answer:
    """Open the form."""
    ticket = Ticket.parse(invocation.value)
    what = Input("because", "What was done about it?", is_long=True)
    return Answer(dialog=Dialog("Resolve", "resolve_because", str(ticket), (what,)))


async def because(engine: Engine, invocation: Invocation) -> Answer:
    """Append the resolution; the card asks a second person to confirm it."""
    words = " ".join(invocation.fields.get("because", "").split())
    await decide.resolve(engine, invocation, Ticket.parse(invocation.value), words)
    return Answer()


async def confirm(engine: Engine, invocation: Invocation) -> Answer:
    """Confirm it, which frees what was locked."""
    rollback = await decide.confirm_resolution(engine, invocation, Ticket.parse(invocation.value))
    text = f"{rollback.id} is resolved; {rollback.target} can be rolled back again."
    return Answer(Message(text, (Line((text,)),)))


COMMANDS: Final = (
    Command(verb="resolve", handle=ask),
    Command(verb="resolve_because", handle=because),
    Command(verb="resolve_confirm", handle=confirm),
)
