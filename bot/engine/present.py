"""Who counts at this moment: the people map, the audit chain and the directories put together."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.event import Event
from bot.domain.people import Account, Membership
from bot.domain.rollback import Rollback, Unread
from bot.engine.believed import approvals
from bot.engine.core import Engine
from bot.engine.signed import Believes
from bot.engine.votes import owner, request, standing

Found = Mapping[Account, Membership]


@dataclass(slots=True)
class Present:
    """What the claim has to know about people."""

    asker: str | None  # who owns the account that asked; None: nobody does any more
    recorded: Collection[tuple[str, str]]
    eligible: set[str] = field(default_factory=set[str])
    unclear: list[Unread] = field(default_factory=list[Unread])
    gone: set[str] = field(default_factory=set[str])


def accounts(events: Sequence[Event], believes: Believes) -> set[Account]:
    """Return the account that asked, and those by which the standing approvals were given."""
    asked = request(events)
    names = {name for vote in standing(events, believes).values() for name in vote.accounts}
    return {Account.parse(name) for name in (*names, asked.account if asked else "") if name}


async def look_up(engine: Engine, used: Collection[Account]) -> Found:
    """Return what its directory says of each account right now."""
    kinds = await asyncio.gather(*(_membership(engine, account) for account in used))
    return dict(zip(used, kinds, strict=True))


async def _membership(engine: Engine, account: Account) -> Membership:
    directory = engine.directory(account)
    return Membership.UNREADABLE if directory is None else await directory.membership(account)


def present(
    engine: Engine, rollback: Rollback, events: Sequence[Event], believes: Believes, found: Found
) -> Present:
    """Say who counts, by the accounts that they used and that are still theirs."""
    who = Present(rollback.requester, approvals(rollback, events, believes))
    asked = request(events)
    if asked is not None and asked.person == rollback.requester:
        who.asker = owner(engine.people, asked)
        _place(who, rollback.requester, [asked.account or ""], engine, found)
    for person, vote in standing(events, believes).items():
        _place(who, person, vote.accounts, engine, found)
    return who


def _place(who: Present, person: str, used: Collection[str], engine: Engine, found: Found) -> None:
    """Count somebody by any of the accounts that the directory calls a full member."""
    own = [one for one in engine.people.named(person).accounts if str(one) in used]
    unread = [one for one in own if found[one] is Membership.UNREADABLE]
    if any(found[one] is Membership.FULL for one in own):
        who.eligible.add(person)
    elif unread:
        who.unclear += [Unread(person, one.platform) for one in unread]
    else:
        who.gone.add(person)
