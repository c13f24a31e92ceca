"""Ask again: the same request anew, with a fresh plan and no votes."""

from typing import Final

from bot.engine.core import Engine
from bot.engine.propose import Wish, propose
from bot.invocation import Answer, Command, Invocation
from bot.message import Code, Line, Message, Ticket


async def handle(engine: Engine, invocation: Invocation) -> Answer:
    """Repeat the request in the name of whoever presses it."""
    ticket = Ticket.parse(invocation.value)
    former = await engine.store.read(lambda tx: tx.load(ticket.rollback_id))
    wish = Wish(former.target, former.environment, former.wanted, former.reason)
    rollback = await propose(engine, invocation, wish)
    text = f"Asked again. A new plan for {rollback.target} is being prepared; votes start at zero."
    return Answer(Message(text, (Line((text, " ", Code(rollback.id))),)))


COMMANDS: Final = (Command(verb="again", handle=handle),)
