"""Where everything is kept: one transaction, and the store that runs it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from bot.domain.allowance import Asked
from bot.domain.event import Event
from bot.domain.link import Offer
from bot.domain.people import Account
from bot.domain.rollback import Rollback
from bot.domain.target import Place
from bot.ports.chat import Reference
from bot.ports.outbox import Due, Kind, Posting

T = TypeVar("T")


class Transaction(ABC):
    """One read or write of the store; the whole of it is committed, or nothing of it."""

    now: datetime  # the store's clock with its high-water mark: it never steps back
    mark: str  # of this store alone: what is signed names it, so that it counts in no other

    @abstractmethod
    def add(self, rollback: Rollback) -> None:
        """Store a new rollback."""

    @abstractmethod
    def load(self, rollback_id: str) -> Rollback:
        """Return it, locked until the end of a write; ``Refused`` with ``not_found`` if unknown."""

    @abstractmethod
    def save(self, rollback: Rollback) -> None:
        """Write a changed rollback if it is still at the version that was loaded."""

    @abstractmethod
    def open_for(self, target: str, environment: str) -> Rollback | None:
        """Return the one that is undecided or running for this target."""

    @abstractmethod
    def latest(self, place: Place, limit: int) -> tuple[Rollback, ...]:
        """Return the newest rollbacks of a channel, newest first."""

    @abstractmethod
    def open(self, place: Place) -> tuple[Rollback, ...]:
        """Return all of a channel that are undecided or running, oldest first."""

    @abstractmethod
    def newest_open(self, limit: int) -> tuple[Rollback, ...]:
        """Return those that are undecided or running and were asked for last, newest first."""

    @abstractmethod
    def asked_since(self, moment: datetime) -> tuple[Asked, ...]:
        """Return what was asked for after this moment."""

    @abstractmethod
    def count_undecided(self, place: Place) -> int:
        """Return how many requests of this place's workspace people can still stop."""

    @abstractmethod
    def due(self, besides: Collection[str] = ()) -> tuple[Rollback, ...]:
        """Return those whose ``wake_at`` has come, besides those that are in good hands."""

    @abstractmethod
    def next_wake(self) -> datetime | None:
        """Return the earliest ``wake_at`` still to come."""

    @abstractmethod
    def record(self, event: Event) -> Event:
        """Append to the audit chain and return the event with its sequence."""

    @abstractmethod
    def proven_events(self, rollback_id: str) -> tuple[Event, ...]:
        """Return its timeline; empty unless the chain is whole from its first entry to the end."""

    @abstractmethod
    def events(self, rollback_id: str | None) -> tuple[Event, ...]:
        """Return the timeline; only entries whose place in the chain verifies.

        None stands for everything that was refused before there was a rollback.
        """

    @abstractmethod
    def is_new_delivery(self, delivery: str) -> bool:
        """Remember a delivery; False if it was seen before."""

    @abstractmethod
    def installations(self) -> Mapping[str, str]:
        """Return what each team's installation left, sealed, by the team."""

    @abstractmethod
    def install(self, team: str, sealed: str) -> None:
        """Keep what a team's installation left, in the place of what it left before."""

    @abstractmethod
    def uninstall(self, team: str, *, before: datetime) -> bool:
        """Forget a team unless it was installed after this moment; True if it was forgotten."""

    @abstractmethod
    def offer_code(self, account: Account, code: str) -> Offer:
        """Keep a code for this account, in the place of the one it had before."""

    @abstractmethod
    def offered(self, code: str) -> Offer | None:
        """Return to which account this code was given and when, while it is good."""

    @abstractmethod
    def use_code(self, account: Account) -> None:
        """Forget the code of this account."""

    @abstractmethod
    def note_wrong_code(self, account: Account) -> None:
        """Remember that this account gave a wrong code now."""

    @abstractmethod
    def wrong_codes(self, account: Account) -> tuple[datetime, ...]:
        """Return when this account gave wrong codes, as far back as that matters."""

    @abstractmethod
    def lock(self, resources: Sequence[str], rollback_id: str) -> str | None:
        """Lock all resources for a rollback, or none: return the id of one that holds one."""

    @abstractmethod
    def holder(self, resources: Sequence[str]) -> str | None:
        """Return the rollback that holds one of these resources, if any."""

    @abstractmethod
    def unlock(self, rollback_id: str) -> None:
        """Free everything this rollback holds."""

    @abstractmethod
    def show(self, posting: Posting) -> None:
        """Want people to see this message, or its newest content if it stands already."""

    @abstractmethod
    def asked_directly(self, rollback_id: str) -> tuple[Place, ...]:
        """Return where it was wanted as a direct message, whoever's account that is by now."""

    @abstractmethod
    def due_postings(self, limit: int) -> tuple[Due, ...]:
        """Return what is to be shown now and has nothing to wait for, most important first.

        The limit is for each workspace, and for new messages and edits apart.
        """

    @abstractmethod
    def next_posting_at(self) -> datetime | None:
        """Return when the next delayed posting becomes due."""

    @abstractmethod
    def reference(self, rollback_id: str, kind: Kind, place: Place) -> Reference | None:
        """Return where a message stands, once it was posted."""

    @abstractmethod
    def stands_at(self, rollback_id: str, place: Place, message: str) -> bool:
        """Tell whether this message was posted by us for this rollback, or may be one just now."""

    @abstractmethod
    def try_posting(self, due: Due) -> None:
        """Write down that a post is about to be sent, before it is."""

    @abstractmethod
    def shown(self, due: Due, reference: Reference | None) -> None:
        """Write down that people can see this content; None: there was nothing to show."""

    @abstractmethod
    def postpone(
        self, due: Due, *, until: datetime, is_certain: bool = False, stuck: str | None = None
    ) -> None:
        """Try again later; ``is_certain``: this try showed nothing; ``stuck``: nobody waits."""

    @abstractmethod
    def post_anew(self, posting: Posting) -> None:
        """Want it as a new message; a notice takes the card of its thread along."""

    @abstractmethod
    def give_up(self, due: Due, because: str) -> None:
        """Set a posting aside that its platform will never accept."""


class Store(Protocol):
    """Where everything is kept."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in one transaction of the only writer; return after the commit."""
        ...

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` on a snapshot."""
        ...
