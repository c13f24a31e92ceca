"""Who is asking: every authenticated delivery passes here, and every refusal is written down."""

from collections.abc import Callable
from typing import TypeVar

from bot.domain.act import Act
from bot.domain.errors import Refusal, Refused
from bot.domain.event import Event, Happening
from bot.domain.people import Membership, check_member
from bot.engine.core import Engine
from bot.engine.signed import check_current, check_signed
from bot.invocation import Invocation
from bot.ports import Transaction

T = TypeVar("T")


async def admit(engine: Engine, invocation: Invocation) -> str:
    """Return the key of the person who asks, if the people map and the directory vouch for them."""
    person = engine.people.behind(invocation.account)
    directory = engine.directory(invocation.account)
    if directory is None:
        check_member(Membership.UNREADABLE, invocation.account)
    else:
        check_member(await directory.membership(invocation.account), invocation.account)
    return person.key


async def pass_through(
    engine: Engine,
    invocation: Invocation,
    work: Callable[[Transaction, str], T],
    *,
    rollback_id: str | None = None,
    act: Act | None = None,
) -> T:
    """Run ``work`` for an admitted person in one transaction; a refusal commits its audit entry.

    ``act`` is what a key has to have signed; without it nothing is done for a key.
    """
    try:
        person = await admit(engine, invocation)
        check_signed(engine, invocation, act)
    except Refused as refused:
        await refuse(engine, invocation, refused, rollback_id=rollback_id)
        raise

    def attempt(tx: Transaction) -> T | Refused:
        try:
            check_current(tx, invocation)
            return work(tx, person)
        except Refused as refused:
            _record(tx, invocation, refused, person=person, rollback_id=rollback_id)
            return refused

    result = await engine.store.write(attempt)
    if isinstance(result, Refused):
        result.is_recorded = True
        raise result
    return result


def check_new(tx: Transaction, invocation: Invocation) -> None:
    """Refuse a delivery that came before: the platform repeats what it thinks was lost."""
    if not tx.is_new_delivery(invocation.delivery):
        raise Refused(Refusal.DUPLICATE, "This arrived before and was dealt with then.")


async def refuse(
    engine: Engine, invocation: Invocation, refused: Refused, *, rollback_id: str | None = None
) -> None:
    """Write down a refusal that changed nothing else."""
    await engine.store.write(
        lambda tx: _record(tx, invocation, refused, person=None, rollback_id=rollback_id)
    )
    refused.is_recorded = True


def _record(
    tx: Transaction,
    invocation: Invocation,
    refused: Refused,
    *,
    person: str | None,
    rollback_id: str | None,
) -> None:
    tx.record(
        Event(
            kind=Happening.REFUSED_DELIVERY,
            at=tx.now,
            rollback_id=rollback_id,
            person=person,
            account=str(invocation.account),
            details={"code": str(refused.code), "place": str(invocation.place)},
        )
    )
