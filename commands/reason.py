"""Add reason: say what the rollback is for, when that was left out."""

from typing import Final

from bot.engine import decide
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation
from bot.message import Dialog, Input, Ticket


async def ask(engine: Engine, invocation: Invocation) -> Answer:
    """Open the form."""
    ticket = Ticket.parse(invocation.value)
    what = Input("reason", "What is wrong?", hint="API answers 500 since 13:58", is_long=True)
    return Answer(dialog=Dialog("Add reason", "reason_given", str(ticket), (what,)))


async def given(engine: Engine, invocation: Invocation) -> Answer:
    """Put the words on the notice."""
    words = " ".join(invocation.fields.get("reason", "").split())
    await decide.give_reason(engine, invocation, Ticket.parse(invocation.value), words)
    return Answer()


COMMANDS: Final = (
    Command(verb="reason", handle=ask),
    Command(verb="reason_given", handle=given),
)
