"""One transaction, put together from its parts."""

from collections.abc import Callable
from typing import TypeVar

from bot.ports import Transaction
from bot.storage.asks import AskPart
from bot.storage.audit import AuditPart
from bot.storage.guards import GuardPart
from bot.storage.installations import InstallationPart
from bot.storage.links import LinkPart
from bot.storage.outbox import OutboxPart
from bot.storage.rollbacks import RollbackPart

T = TypeVar("T")


class SqlTransaction(
    RollbackPart, AuditPart, GuardPart, OutboxPart, AskPart, InstallationPart, LinkPart
):
    """What ``work`` gets: everything that can be read and written."""


def carry_out(work: Callable[[Transaction], T], transaction: SqlTransaction) -> T:
    """Do the work on this thread; its result or its error goes back to the event loop."""
    try:
        result = work(transaction)
    except StopIteration as error:  # a future refuses to carry it, and its waiter would hang
        raise RuntimeError(
            "the work on the store looked for something that is not there"
        ) from error
    transaction.settle()
    return result
