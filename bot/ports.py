"""The doors to the outside world. The engine knows these shapes and nothing behind them."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, ClassVar, Protocol, Self, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict

from bot.domain.errors import InDoubt, TwokeyError
from bot.domain.event import Event
from bot.domain.people import Account, Membership
from bot.domain.plan import Evidence, Preview, Receipt
from bot.domain.rollback import Rollback
from bot.domain.target import Effect, Place, Risk
from bot.message import Message

T = TypeVar("T")


# ---------------------------------------------------------------- actions


class Tools(Protocol):
    """Everything an action may use; it reaches the world through nothing else."""

    @property
    def key(self) -> str:
        """Return the step's own key: ``rollback/step/attempt``; the same after a restart."""
        ...

    @property
    def http(self) -> httpx.AsyncClient:
        """Return the shared client: no redirects, bounded time, configured hosts only."""
        ...

    def now(self) -> datetime:
        """Return the time of the engine's clock."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait, on the engine's clock."""
        ...

    def secret(self, name: str) -> str:
        """Return a secret that the action declared by name."""
        ...

    def base_url(self, system: str) -> str:
        """Return where a system answers, such as ``vercel``; a setting, without trailing slash."""
        ...


class Action(BaseModel, ABC):
    """One thing that can be done to one outside system; its fields are its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    use: ClassVar[str]
    risk: ClassVar[Risk] = Risk.REVERSIBLE
    effect: ClassVar[Effect]
    secrets: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    async def preview(self, tools: Tools) -> Preview:
        """Read what would change, resolved to immutable ids; any number of times.

        Raises ``Refused`` with code ``not_plannable`` when there is nothing it could go back to,
        ``Unreachable`` when the system can't be read.
        """

    def bound(self, preview: Preview) -> Self:
        """Return this action tied to exactly what was previewed; what a plan holds."""
        return self

    def wanting(self, version: str) -> Self:
        """Return this action aimed at the version somebody asked for; refuse if it has none."""
        raise TwokeyError(f"{self.use} can't go to a version by name; {version!r} was asked for.")

    @abstractmethod
    async def execute(self, tools: Tools, preview: Preview) -> Receipt:
        """Do it, one try, and return when the system says it is done.

        Raises ``NotApplied`` if the system proved that nothing happened; anything else raised
        means that it may have happened.
        """

    async def probe(self, tools: Tools, preview: Preview) -> Receipt | bool:
        """After a crash or a lost answer: return the receipt if it happened, False if it did not.

        Raises ``InDoubt`` if nobody but a person can tell.
        """
        raise InDoubt(f"{self.use} can't be read back, so only a person can tell.")

    @abstractmethod
    async def verify(
        self, tools: Tools, preview: Preview, receipt: Receipt
    ) -> tuple[Evidence, ...]:
        """Read the live system again, independently of the write's own answer."""

    async def undo(self, tools: Tools, preview: Preview, receipt: Receipt) -> Receipt:
        """Take it back; the default says that there is no way."""
        raise TwokeyError(f"{self.use} can't be undone by itself.")


class Assertion(BaseModel, ABC):
    """One check of production, observed before and after; its fields are its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    use: ClassVar[str]
    secrets: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    async def observe(self, tools: Tools, name: str) -> Evidence:
        """Look once; a check that can't look says so in its evidence and does not hold."""

    @abstractmethod
    async def confirm(self, tools: Tools, name: str) -> Evidence:
        """Look until it held often enough in a row, or its time is over."""


# ---------------------------------------------------------------- chat


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a posted message is, in its platform's own ids."""

    place: Place
    message: str


class Chat(Protocol):
    """One platform and tenant to talk on; the last file knows which."""

    async def post(
        self, place: Place, message: Message, *, thread: Reference | None, key: str
    ) -> Reference:
        """Post; ``key`` travels with the message so that ``find`` can recognise it.

        A place whose channel is a user id is that person's direct messages.
        """
        ...

    async def edit(self, reference: Reference, message: Message) -> None:
        """Replace a message of ours."""
        ...

    async def find(self, place: Place, *, thread: Reference | None, key: str) -> Reference | None:
        """Look whether a message with this key was posted although its answer was lost."""
        ...

    async def link(self, reference: Reference) -> str:
        """Return the address of a message of ours."""
        ...


class ChatBusy(TwokeyError):
    """The platform asked to wait; nothing was shown."""

    def __init__(self, sentence: str, *, seconds: float) -> None:
        """Keep how long the platform wants us to wait."""
        super().__init__(sentence)
        self.seconds = seconds


class ChatUnreachable(TwokeyError):
    """The platform did not answer; the message may be there."""


class ChatRefused(TwokeyError):
    """The platform will never accept this: the message or its channel is gone, or we may not."""

    def __init__(self, sentence: str, *, repost: bool = False) -> None:
        """Remember whether posting it anew can help (an edit of a message that is gone)."""
        super().__init__(sentence)
        self.repost = repost


class Directory(Protocol):
    """What the platform knows about an account; read at most 60 s ago."""

    async def membership(self, account: Account) -> Membership:
        """Return what the account is right now; ``UNREADABLE`` if the platform can't say."""
        ...


# ---------------------------------------------------------------- outbox


class Kind(StrEnum):
    """What a message to people is about; notifications/ has one renderer for each."""

    NOTICE = "notice"  # in the channel, edited in place
    CARD = "card"  # the approval card in the thread, edited in place
    ASK = "ask"  # the same card as a direct message, edited in place
    LINE = "line"  # one event as a new line in the thread, so that somebody is notified
    TELL = "tell"  # one event as a direct message
    SUMMARY = "summary"  # in the thread
    ENDING = "ending"  # the first paragraph of the summary, in the channel


class Rank(IntEnum):
    """What an edit budget is spent on first."""

    DECISION = 0
    END = 1
    STEP = 2
    PROGRESS = 3


@dataclass(frozen=True, slots=True)
class Posting:
    """One message that people must see; the same key is the same message, edited."""

    rollback_id: str
    kind: Kind
    place: Place
    about: int = 0  # the event's sequence for LINE and TELL
    rank: Rank = Rank.STEP

    @property
    def key(self) -> str:
        """Return the identity that keeps it from being posted twice."""
        return f"{self.rollback_id}:{self.kind}:{self.place}:{self.about}"

    @property
    def is_threaded(self) -> bool:
        """Tell whether it stands under the notice."""
        return self.kind in {Kind.CARD, Kind.LINE, Kind.SUMMARY}


@dataclass(frozen=True, slots=True)
class Due:
    """A posting whose newest content people have not seen yet."""

    posting: Posting
    wanted: int  # the content's version; newer ones replace it
    reference: Reference | None  # where it stands already
    tried: bool  # an earlier try may have posted it without hearing the answer
    failures: int


# ---------------------------------------------------------------- store


class Transaction(ABC):
    """One read or write of the store; the whole of it is committed, or nothing of it."""

    now: datetime  # the store's clock with its high-water mark: it never steps back

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
    def latest(self, limit: int) -> tuple[Rollback, ...]:
        """Return the newest rollbacks, newest first."""

    @abstractmethod
    def open(self) -> tuple[Rollback, ...]:
        """Return all that are undecided or running, oldest first."""

    @abstractmethod
    def due(self) -> tuple[str, ...]:
        """Return the ids whose ``wake_at`` has come."""

    @abstractmethod
    def next_wake(self) -> datetime | None:
        """Return the earliest ``wake_at`` still to come."""

    @abstractmethod
    def record(self, event: Event) -> Event:
        """Append to the audit chain and return the event with its sequence."""

    @abstractmethod
    def events(self, rollback_id: str) -> tuple[Event, ...]:
        """Return the timeline; only entries whose place in the chain verifies."""

    @abstractmethod
    def is_new_delivery(self, delivery: str) -> bool:
        """Remember a delivery; False if it was seen before."""

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
    def due_postings(self, limit: int) -> tuple[Due, ...]:
        """Return what is to be shown now, most important first."""

    @abstractmethod
    def next_posting_at(self) -> datetime | None:
        """Return when the next delayed posting becomes due."""

    @abstractmethod
    def reference(self, rollback_id: str, kind: Kind, place: Place) -> Reference | None:
        """Return where a message stands, once it was posted."""

    @abstractmethod
    def stands_at(self, rollback_id: str, place: Place, message: str) -> bool:
        """Tell whether this message was posted by us for this rollback."""

    @abstractmethod
    def try_posting(self, due: Due) -> None:
        """Write down that a post is about to be sent, before it is."""

    @abstractmethod
    def shown(self, due: Due, reference: Reference | None) -> None:
        """Write down that people can see this content; None: there was nothing to show."""

    @abstractmethod
    def postpone(self, due: Due, *, until: datetime, repost: bool = False) -> None:
        """Try again later; ``repost``: as a new message."""

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


# ---------------------------------------------------------------- time and durability


class Clock(Protocol):
    """The time, and waiting for it."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""
        ...


class Steps(Protocol):
    """What a durable execution may do: run named pieces of work, remembered when they are done."""

    async def run(self, name: str, work: Callable[[], Awaitable[str]]) -> str:
        """Run one piece; after a crash a finished one answers at once, others run again."""
        ...

    async def run_all(
        self, pieces: Mapping[str, Callable[[], Awaitable[str]]]
    ) -> Mapping[str, str]:
        """Run several pieces side by side."""
        ...


Execution = Callable[[str, Steps], Awaitable[None]]


class Durable(Protocol):
    """Carries an execution through crashes; the truth about it is in the store, not here."""

    async def launch(self, execution: Execution) -> None:
        """Take the function that executions run, and resume what a crash interrupted."""
        ...

    async def start(self, execution_id: str) -> None:
        """Start an execution; the same id again is the same execution."""
        ...

    async def is_live(self, execution_id: str) -> bool:
        """Tell whether this execution is running or will be resumed by itself."""
        ...

    async def close(self) -> None:
        """Let go; what is unfinished is resumed by the next launch."""
        ...


# ---------------------------------------------------------------- rendering


class Renderer(Protocol):
    """Makes a message out of a rollback's state and timeline: a pure function."""

    def __call__(
        self, posting: Posting, rollback: Rollback, events: Sequence[Event]
    ) -> Message | None:
        """Return what is to be seen, or None if this posting has nothing to say."""
        ...


ActionTypes = Mapping[str, type[Action]]
AssertionTypes = Mapping[str, type[Assertion]]
Params = Mapping[str, Any]
