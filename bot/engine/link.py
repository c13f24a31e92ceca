"""Somebody proves that two accounts are theirs: the code that the one was given, the other repeats.

What is proven stands in the audit chain, for an operator to act on. Nothing else comes of it.
"""

from collections.abc import Callable
from typing import TypeVar

from bot.domain.errors import Refused
from bot.domain.event import Event, Happening
from bot.domain.link import (
    Offer,
    Proof,
    check_elsewhere,
    check_good,
    check_in_chat,
    check_not_locked,
    check_offering,
    check_pair,
    locked_until,
)
from bot.domain.people import LINKING, Account, Membership, check_member
from bot.engine.core import Engine
from bot.engine.gate import check_new
from bot.invocation import Invocation
from bot.ports import Transaction

T = TypeVar("T")


def elsewhere(engine: Engine, account: Account) -> tuple[str, ...]:
    """Return the platforms on which the same human may have another account that we can see."""
    places = [place.home for target in engine.targets for place in target.channels]
    accounts = [one.home for person in engine.people.everybody for one in person.accounts]
    others = {platform for platform, _ in {*places, *accounts} - {account.home}}
    return tuple(
        platform
        for platform in LINKING
        if platform in engine.directories and (platform != account.platform or platform in others)
    )


async def offer(engine: Engine, invocation: Invocation, *, code: str) -> Offer:
    """Give this account a code that its human can repeat in another chat."""
    membership = await _membership(engine, invocation.account)

    def attempt(tx: Transaction) -> Offer | Refused:
        try:
            check_in_chat(invocation.account)
            check_member(membership, invocation.account)
            check_new(tx, invocation)
            check_elsewhere(elsewhere(engine, invocation.account))
        except Refused as refused:
            return _refuse(tx, engine, invocation, refused)
        offered = tx.offer_code(invocation.account, code)
        _record(tx, engine, invocation, Happening.LINK_OFFERED)
        return offered

    return await _written(engine, attempt)


async def prove(engine: Engine, invocation: Invocation, *, code: str) -> Proof:
    """Take the code from the account that repeats it, if both are full members right now."""
    giver = invocation.account
    offering = await _offering(engine, giver, code)
    seen = {one: await _membership(engine, one) for one in (giver, *offering)}

    def attempt(tx: Transaction) -> Proof | Refused:
        try:
            check_in_chat(giver)
            check_member(seen[giver], giver)
            check_new(tx, invocation)
            offered = _good(tx, giver, code)
        except Refused as refused:
            return _refuse(tx, engine, invocation, refused)
        account = offered.account
        try:
            check_pair(offered, giver, engine.people)
            check_offering(offered, seen.get(account, Membership.UNREADABLE))
        except Refused as refused:
            return _refuse(tx, engine, invocation, refused, whose=account)
        tx.use_code(account)
        _record(tx, engine, invocation, Happening.LINK_PROVEN, **{"with": str(account)})
        return Proof(account, giver, tx.now)

    return await _written(engine, attempt)


async def _membership(engine: Engine, account: Account) -> Membership:
    directory = engine.directory(account)
    return await directory.membership(account) if directory else Membership.UNREADABLE


async def _offering(engine: Engine, giver: Account, code: str) -> tuple[Account, ...]:
    """Return whose code it is, to be looked up before anything is decided.

    For an account that is locked nothing is looked up: how long that takes would tell.
    """

    def look(tx: Transaction) -> tuple[Account, ...]:
        found = None if locked_until(tx.wrong_codes(giver), tx.now) else tx.offered(code)
        return (found.account,) if found else ()

    return await engine.store.read(look)


def _good(tx: Transaction, giver: Account, code: str) -> Offer:
    """Return what the code stands for, or count it as wrong."""
    check_not_locked(tx.wrong_codes(giver), tx.now)
    offered = tx.offered(code)
    if offered is None or not offered.is_good(tx.now):
        tx.note_wrong_code(giver)
    return check_good(offered, wrong=tx.wrong_codes(giver), now=tx.now)


async def _written(engine: Engine, attempt: Callable[[Transaction], T | Refused]) -> T:
    """Commit what was decided; a refusal is committed with its audit entry, and then raised."""
    result = await engine.store.write(attempt)
    if isinstance(result, Refused):
        result.is_recorded = True
        raise result
    return result


def _refuse(
    tx: Transaction,
    engine: Engine,
    invocation: Invocation,
    refused: Refused,
    *,
    whose: Account | None = None,
) -> Refused:
    """Write down the refusal; ``whose`` is the account whose code was repeated."""
    details = {"code": str(refused.code)} | ({"with": str(whose)} if whose else {})
    _record(tx, engine, invocation, Happening.LINK_REFUSED, **details)
    return refused


def _record(
    tx: Transaction, engine: Engine, invocation: Invocation, kind: Happening, **details: str
) -> None:
    person = engine.people.find(invocation.account)
    tx.record(
        Event(
            kind=kind,
            at=tx.now,
            person=person.key if person else None,
            account=str(invocation.account),
            details=details | {"place": str(invocation.place)},
        )
    )
