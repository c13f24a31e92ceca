"""What people must see after something happened: outbox rows in the same transaction."""

from collections.abc import Iterable, Iterator
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

    def show(kind: Kind, places: Iterable[Place] = rollback.places, about: int = 0) -> None:
        for at in places:
            tx.show(Posting(rollback_id=rollback.id, kind=kind, place=at, about=about, rank=rank))

    show(Kind.NOTICE)
    asked = [Place.direct(account) for account in _asked(people, rollback)]
    if rollback.plan is not None:
        show(Kind.CARD)
        # Whose account it was may have changed: no card keeps buttons that have had their time.
        show(Kind.ASK, dict.fromkeys((*asked, *tx.asked_directly(rollback.id))))
    # Words that come after a vote: whoever voted without them is told.
    is_late = event.kind is Happening.REASON_GIVEN and bool(rollback.standing)
    if event.kind in _SAID_ALOUD or is_late:
        show(Kind.LINE, about=event.sequence)
    if event.kind in _TOLD_PRIVATELY:
        concerned = set(asked) | {
            Place.direct(account) for account in _accounts(people, rollback, rollback.requester)
        }
        show(Kind.TELL, sorted(concerned, key=str), about=event.sequence)
    if event.kind is Happening.ENDED and rollback.claimed_at is not None:
        show(Kind.SUMMARY)
        show(Kind.ENDING)


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
