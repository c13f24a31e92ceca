"""By which accounts it was asked for, approved and resolved: the audit chain says so, not the rows.

The people map says whose an account is, and may say something else than it did at the click.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.domain.event import Event, Happening
from bot.domain.people import Account, People


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's yes that stands, and all accounts by which it was given."""

    digest: str
    accounts: tuple[str, ...]


def request(events: Iterable[Event]) -> Event | None:
    """Return the entry of who asked."""
    return next((one for one in events if one.kind is Happening.REQUESTED), None)


def owner(people: People, event: Event) -> str | None:
    """Return whose account it is by now that did this; None if nobody's."""
    person = people.find(Account.parse(event.account)) if event.account else None
    return person.key if person else None


def doers(people: People, events: Iterable[Event], kind: Happening) -> frozenset[str]:
    """Return who did this: whoever it was then, and whose their account is by now."""
    done = [event for event in events if event.kind is kind]
    return frozenset(filter(None, (*(e.person for e in done), *(owner(people, e) for e in done))))


def standing(events: Iterable[Event], is_believed: Callable[[Event], bool]) -> dict[str, Vote]:
    """Return each person's approval that stands by the audit chain alone."""
    votes: dict[str, Vote] = {}
    for event in events:
        person, digest = event.person or "", event.details.get("digest", "")
        if event.kind is Happening.APPROVED and is_believed(event):
            known = votes.get(person)
            earlier = known.accounts if known and known.digest == digest else ()
            votes[person] = Vote(digest, (*earlier, event.account or ""))
        elif event.kind is Happening.WITHDRAWN:  # the vote, by whichever account it was given
            votes.pop(person, None)
        elif event.kind is Happening.VOIDED:
            for void in event.details.get("void", "").split():
                votes.pop(void, None)
        elif event.kind in {Happening.CLAIMED, Happening.ENDED}:
            return {}  # it was used up, or ended, whatever the tables say now
    return votes
