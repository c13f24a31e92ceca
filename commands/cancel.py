"""Cancel: the requester or an approver takes the request back."""

from typing import Final

from bot.engine import decide
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation
from bot.message import Line, Message, Ticket


async def handle(engine: Engine, invocation: Invocation) -> Answer:
    """End it before anything happened."""
    rollback = await decide.cancel(engine, invocation, Ticket.parse(invocation.value))
    text = f"{rollback.id} is cancelled. Nothing was changed on {rollback.target}."
    return Answer(Message(text, (Line((text,)),)))


COMMANDS: Final = (Command(verb="cancel", handle=handle),)
