"""Stop: cancel it in the start delay; later, let no further step start."""

from typing import Final

from bot.domain.rollback import State
from bot.engine import decide
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation
from bot.message import Line, Message, Ticket


async def handle(engine: Engine, invocation: Invocation) -> Answer:
    """Say what stopping still can do at this moment."""
    rollback = await decide.stop(engine, invocation, Ticket.parse(invocation.value))
    if rollback.state is State.CANCELLED:
        text = f"{rollback.id} is stopped. Nothing was changed on {rollback.target}."
    else:
        text = f"No further step of {rollback.id} starts. What has started is finished first."
    return Answer(Message(text, (Line((text,)),)))


COMMANDS: Final = (Command(verb="stop", handle=handle),)
