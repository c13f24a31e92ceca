"""Approve, and Withdraw for whoever approved: one person's yes to one exact plan."""

from typing import Final

from bot.domain.rollback import State
from bot.engine import decide
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation
from bot.message import Line, Message, Ticket


async def approve(engine: Engine, invocation: Invocation) -> Answer:
    """Count the vote, and say where it can be taken back."""
    rollback = await decide.approve(engine, invocation, Ticket.parse(invocation.value))
    count = f"{rollback.given} of {rollback.policy.approvals}"
    stop, withdraw = "Stop is on the card.", "Withdraw is on the card in your direct messages."
    if invocation.place.is_terminal:
        stop = f"twokey stop {rollback.id} stops it."
        withdraw = f"twokey withdraw {rollback.id} takes it back."
    following = (
        f"It starts in {rollback.policy.start_delay.seconds} s; {stop}"
        if rollback.state is State.QUORUM
        else f"{rollback.missing} more to go."
    )
    person = engine.people.find(invocation.account)
    has_others = person is not None and len(person.accounts) > 1
    once = " It counts once, by whichever of your accounts." if has_others else ""
    text = f"Your approval is recorded ({count}).{once} {following} {withdraw}"
    return Answer(Message(text, (Line((text,)),)))


async def withdraw(engine: Engine, invocation: Invocation) -> Answer:
    """Take the vote back."""
    rollback = await decide.withdraw(engine, invocation, Ticket.parse(invocation.value))
    text = f"Your approval is withdrawn ({rollback.given} of {rollback.policy.approvals} now)."
    return Answer(Message(text, (Line((text,)),)))


COMMANDS: Final = (
    Command(verb="approve", handle=approve),
    Command(verb="withdraw", handle=withdraw),
)
