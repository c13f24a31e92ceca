"""What people must see after something happened: outbox rows in the same transaction."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from bot.domain.event import Event, Happening
from bot.domain.people import Account, People
from bot.domain.rollback import Rollback
from bot.domain.target import Place
from bot.ports import Kind, Posting, Rank, Transaction

MOST_ASKED: Final = 5  # direct messages go to at most five people

_DECISIONS: Final = frozenset(
    {
        Happening.APPROVED,
        Happening.WITHDRAWN,
        Happening.QUORUM,
        Happening.VOIDED,
        Happening.DELAYED,
        Happening.STOP_ASKED,
        Happening.STEP_IN_DOUBT,
        Happening.STEP_SETTLED,
        Happening.CLAIMED,
        Happening.RESOLVED,
    }
)
_SAID_ALOUD: Final = frozenset(
    {
        Happening.APPROVED,
        Happening.WITHDRAWN,
        Happening.VOIDED,
        Happening.DELAYED,
        Happening.QUORUM,
        Happening.REMINDED,
        Happening.STOP_ASKED,
        Happening.STEP_FAILED,
        Happening.STEP_UNVERIFIED,
        Happening.STEP_IN_DOUBT,
        Happening.STEP_SETTLED,
        Happening.ENDED,
        Happening.EXPLAINED,
        Happening.RESOLVED,
    }
)
_TOLD_PRIVATELY: Final = frozenset({Happening.REMINDED, Happening.STEP_IN_DOUBT, Happening.ENDED})


def announce(tx: Transaction, people: People, rollback: Rollback, event: Event) -> None:
    """Want everything shown that this event changes; ``event`` is stored already."""
    rank = _rank(event)
    show = partial(_show, tx, rollback, rank)
    revise(tx, people, rollback, rank)
    # Words that come after a vote: whoever voted without them is told.
    is_late = event.kind is Happening.REASON_GIVEN and bool(rollback.standing)
    if event.kind in _SAID_ALOUD or is_late:
        show(Kind.LINE, about=event.sequence)
    if event.kind in _TOLD_PRIVATELY:
        accounts = (*_asked(people, rollback), *_accounts(people, rollback, rollback.requester))
        concerned = {Place.direct(account) for account in accounts}
        show(Kind.TELL, sorted(concerned, key=str), about=event.sequence)
    if event.kind is Happening.ENDED and rollback.claimed_at is not None:
        show(Kind.SUMMARY)
        show(Kind.ENDING)


def revise(tx: Transaction, people: People, rollback: Rollback, rank: Rank) -> None:
    """Want the messages brought up to date that say how it stands, and no new one."""
    _show(tx, rollback, rank, Kind.NOTICE)
    if rollback.plan is not None:
        _show(tx, rollback, rank, Kind.CARD)
        # Whose account it was may have changed: no card keeps buttons that have had their time.
        asked = [Place.direct(account) for account in _asked(people, rollback)]
        places = dict.fromkeys((*asked, *tx.asked_directly(rollback.id)))
        _show(tx, rollback, rank, Kind.ASK, places)


def _show(
    tx: Transaction,
    rollback: Rollback,
    rank: Rank,
    kind: Kind,
    places: Iterable[Place] | None = None,
    about: int = 0,
) -> None:
    for at in rollback.places if places is None else places:
        tx.show(Posting(rollback_id=rollback.id, kind=kind, place=at, about=about, rank=rank))


def _rank(event: Event) -> Rank:
    if event.kind in _DECISIONS:
        return Rank.DECISION
    if event.kind in _SAID_ALOUD:  # what a step's failure says stands above the end, not below
        return Rank.END
    return Rank.STEP


def _asked(people: People, rollback: Rollback) -> Iterator[Account]:
    """Return the accounts of the first few approvers, and of whoever else voted: to withdraw."""
    approvers = [key for key in rollback.approvers if key != rollback.requester]
    voters = [vote.person for vote in rollback.approvals]
    for key in dict.fromkeys((*approvers[:MOST_ASKED], *voters)):
        yield from _accounts(people, rollback, key)


def _accounts(people: People, rollback: Rollback, key: str) -> Iterator[Account]:
    """Return one account of this person in each workspace where the rollback is shown."""
    homes = {place.home for place in rollback.places}
    for account in people.named(key).accounts:
        if account.home in homes:
            homes.remove(account.home)
            yield account
