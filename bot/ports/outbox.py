"""Messages that people must see, and who makes their words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol

from bot.domain.event import Event
from bot.domain.rollback import Rollback
from bot.domain.target import Place
from bot.message import Message
from bot.ports.chat import Reference


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


class Renderer(Protocol):
    """Makes a message out of a rollback's state and timeline: a pure function."""

    def __call__(
        self, posting: Posting, rollback: Rollback, events: Sequence[Event]
    ) -> Message | None:
        """Return what is to be seen, or None if this posting has nothing to say."""
        ...
