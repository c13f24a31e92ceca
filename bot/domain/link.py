"""Proving that two accounts are one human's: a code goes from the one to the other by hand.

It proves that whoever held the one session held the other. Nothing here changes the people map.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.errors import Refusal, Refused
from bot.domain.event import Event, Happening
from bot.domain.people import Account, Membership, People, Person

# RFC 8628 counts 20 consonants that read like nothing else and spell no words (section 6.1).
LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH: Final = 8
GOOD_FOR: Final = timedelta(minutes=10)
MOST_WRONG: Final = 5
WRONG_WITHIN: Final = timedelta(minutes=10)
LOCKED_FOR: Final = timedelta(minutes=10)
LOOKED_BACK: Final = WRONG_WITHIN + LOCKED_FOR


@dataclass(frozen=True, slots=True)
class Offer:
    """A code that was given to this account."""

    account: Account
    at: datetime

    @property
    def good_until(self) -> datetime:
        """Return when the code stops being good."""
        return self.at + GOOD_FOR

    def is_good(self, now: datetime) -> bool:
        """Tell whether the code can still be given."""
        return now < self.good_until


@dataclass(frozen=True, slots=True)
class Proof:
    """Whoever held ``account``, which was given the code, also held ``other``, which gave it."""

    account: Account
    other: Account
    at: datetime


@dataclass(frozen=True, slots=True)
class Human:
    """Accounts that are one human's, by proofs and by the people map together."""

    accounts: tuple[Account, ...]
    people: tuple[Person, ...]  # whom the map knows them as
    proofs: tuple[Proof, ...]

    @property
    def is_disputed(self) -> bool:
        """Tell whether an operator has to look: the map has two people, or a place two accounts."""
        return len(self.people) > 1 or self._is_there_twice()

    @property
    def new(self) -> tuple[Account, ...]:
        """Return the accounts that the map does not know yet."""
        known = {account for person in self.people for account in person.accounts}
        return tuple(account for account in self.accounts if account not in known)

    def _is_there_twice(self) -> bool:
        """Tell whether a new account is the second one in its workspace or server."""
        homes = Counter(account.home for account in self.accounts)
        return any(homes[account.home] > 1 for account in self.new)

    @property
    def is_in_map(self) -> bool:
        """Tell whether the map says all of it already."""
        return len(self.people) == 1 and set(self.accounts) <= set(self.people[0].accounts)


def grouped(code: str) -> str:
    """Write a code so that it is easy to repeat: ``WDJB-MJHT``."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def read_code(typed: str) -> str:
    """Return the code that was typed, however it was grouped, or refuse what can't be one."""
    code = "".join(typed.replace("-", " ").split()).upper()
    if len(code) != LENGTH or not set(code) <= set(LETTERS):
        raise Refused(
            Refusal.BAD_REQUEST,
            f"“{typed[:40]}” can't be a code: it has {LENGTH} letters, such as WDJB-MJHT. "
            "Nothing was changed. Type what your other account was told, or leave it out to get "
            "a new one.",
        )
    return code


def locked_until(wrong: Sequence[datetime], now: datetime) -> datetime | None:
    """Return until when no code is taken, given when wrong ones came; none while it is locked."""
    newest = sorted(wrong)[-MOST_WRONG:]
    if len(newest) < MOST_WRONG or newest[-1] - newest[0] >= WRONG_WITHIN:
        return None
    until = newest[-1] + LOCKED_FOR
    return until if now < until else None


def check_not_locked(wrong: Sequence[datetime], now: datetime) -> None:
    """Refuse an account that gave too many wrong codes."""
    until = locked_until(wrong, now)
    if until is not None:
        raise Refused(
            Refusal.LIMIT,
            f"{MOST_WRONG} wrong codes came from this account within ten minutes, so none is "
            f"looked at until {_clock(until)}. Nothing was changed. Get a new code with your "
            "other account then.",
        )


def check_good(offer: Offer | None, *, wrong: Sequence[datetime], now: datetime) -> Offer:
    """Return what the code stands for, or refuse it as wrong; ``wrong`` counts this one already."""
    if offer is not None and offer.is_good(now):
        return offer
    until = locked_until(wrong, now)
    following = (
        f"No code is looked at from this account until {_clock(until)}."
        if until is not None
        else "Get a new one with your other account."
    )
    raise Refused(
        Refusal.NOT_FOUND,
        "This code is not good: it was never given, was used, or is older than ten minutes. "
        f"Nothing was changed. {following}",
    )


def check_pair(offer: Offer, giver: Account, people: People) -> None:
    """Refuse two accounts of one place, and two people, also if it would come to that by a third.

    Both unknown, or one of them, is what it is for.
    """
    if offer.account == giver:
        raise Refused(
            Refusal.BAD_REQUEST,
            "This is the account that the code was given to. Nothing was changed. Type it with "
            "your other account.",
        )
    if offer.account.home == giver.home:
        raise Refused(
            Refusal.BAD_REQUEST,
            f"{offer.account} was given this code, an account of the same {_home(giver)}. Nothing "
            "was changed. Accounts are linked across chats; somebody with two accounts here "
            "asks an operator.",
        )
    one, other = people.find(offer.account), people.find(giver)
    if one and other and one.key != other.key:
        raise Refused(
            Refusal.BAD_REQUEST,
            f"{offer.account} is {one.name} in the people map, and {giver} is {other.name}: two "
            "people. Nothing was changed. If you are both, an operator has to look: each of them "
            "has a vote now.",
        )
    for new, known in ((offer.account, giver), (giver, offer.account)):
        there = _there_already(new, known, people)
        if there is not None:
            raise Refused(
                Refusal.BAD_REQUEST,
                f"{people.behind(known).name} has an account in the {_home(new)} of {new} "
                f"already, {there}. Nothing was changed. Somebody with two accounts there asks an "
                "operator.",
            )


def _there_already(new: Account, known: Account, people: People) -> Account | None:
    """Return the account in the place of a new one that the person behind a known one has."""
    person = None if people.find(new) else people.find(known)
    accounts = person.accounts if person else ()
    return next((one for one in accounts if one.home == new.home), None)


def check_offering(offer: Offer, membership: Membership) -> None:
    """Refuse if whoever was given the code is no full member any more."""
    if membership is Membership.FULL:
        return
    if membership is Membership.UNREADABLE:
        raise Refused(
            Refusal.DIRECTORY_DOWN,
            f"The member directory can't be read for {offer.account} right now. Nothing was "
            "changed. Give the code again in a moment.",
        )
    raise Refused(
        Refusal.NOT_MEMBER,
        f"{offer.account}, which was given this code, is no full member of its "
        f"{_home(offer.account)}. Nothing was changed. Ask an operator.",
    )


def check_in_chat(account: Account) -> None:
    """Refuse a key, which stands for nobody without a signature and needs no code."""
    if not account.is_in_chat:
        raise Refused(
            Refusal.BAD_REQUEST,
            "A code goes from one chat to another. Nothing was changed. An operator adds a key "
            "to the accounts of whoever holds it, under people: in twokey.yaml.",
        )


def check_elsewhere(platforms: Collection[str]) -> None:
    """Refuse a code where there is no other chat in which it could be repeated."""
    if not platforms:
        raise Refused(
            Refusal.BAD_REQUEST,
            "Twokey is in no other chat, so there is no other account to link. Nothing was "
            "changed.",
        )


def proofs(events: Iterable[Event], kind: Happening = Happening.LINK_PROVEN) -> Iterator[Proof]:
    """Return what the audit chain says was proven, or was refused although the code was right."""
    for event in events:
        if event.kind is kind and event.account and "with" in event.details:
            account = Account.parse(event.details["with"])
            yield Proof(account, Account.parse(event.account), event.at)


def humans(proven: Sequence[Proof], people: People) -> tuple[Human, ...]:
    """Put together what proofs and the map say; what was proven last comes last."""
    groups: list[set[Account]] = []
    for proof in proven:
        joined = _known(proof.account, people) | _known(proof.other, people)
        apart = [group for group in groups if not group & joined]
        touched = [group for group in groups if group & joined]
        groups = [*apart, joined.union(*touched)]
    return tuple(_human(group, proven, people) for group in groups)


def disputed(refused: Iterable[Proof], people: People) -> tuple[Proof, ...]:
    """Return the newest of each refused pair of which the map still says what it was refused for.

    Two people are joined nowhere, nor are two accounts of one place.
    """
    newest: dict[frozenset[Account], Proof] = {}
    for proof in refused:
        one, other = people.find(proof.account), people.find(proof.other)
        are_two = one and other and one.key != other.key
        there = _there_already(proof.account, proof.other, people)
        if are_two or there or _there_already(proof.other, proof.account, people):
            newest[frozenset({proof.account, proof.other})] = proof
    return tuple(newest.values())


def _known(account: Account, people: People) -> set[Account]:
    person = people.find(account)
    return {account, *(person.accounts if person else ())}


def _human(accounts: set[Account], proven: Sequence[Proof], people: People) -> Human:
    """Name them in the order of the map, and the new ones behind it."""
    found = [people.find(account) for account in sorted(accounts)]
    known = tuple(dict.fromkeys(person for person in found if person))
    listed = [account for person in known for account in person.accounts]
    new = sorted(accounts - set(listed))
    behind = tuple(proof for proof in proven if proof.account in accounts)
    return Human((*listed, *new), known, behind)


def _home(account: Account) -> str:
    return "server" if account.platform == "discord" else "workspace"


def _clock(at: datetime) -> str:
    """Write a moment so that it has come when the minute has."""
    return f"{at + timedelta(seconds=59):%H:%M} UTC"
