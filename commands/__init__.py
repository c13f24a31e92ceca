"""One file = one thing somebody can ask for; COMMANDS is the list.

To add one: write the file with its COMMANDS, test it, and list it here.
"""

from bot.invocation import Command
from commands import (
    again,
    approve,
    cancel,
    details,
    helping,
    link,
    reason,
    reject,
    resolve,
    rollback,
    settle,
    status,
    stop,
)

COMMANDS: tuple[Command, ...] = (
    *rollback.COMMANDS,
    *status.COMMANDS,
    *helping.COMMANDS,
    *link.COMMANDS,
    *approve.COMMANDS,
    *reject.COMMANDS,
    *reason.COMMANDS,
    *cancel.COMMANDS,
    *stop.COMMANDS,
    *again.COMMANDS,
    *details.COMMANDS,
    *settle.COMMANDS,
    *resolve.COMMANDS,
)
