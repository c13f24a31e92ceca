"""A chat platform: where messages are shown, and what its directory knows."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.errors import TwokeyError
from bot.domain.people import Account, Membership
from bot.domain.target import Place
from bot.message import Message


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

        A place with a ``person`` is that person's direct messages. If only a part of it could be
        posted, what is raised says where that has ``begun``.
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


class ChatFailed(TwokeyError):
    """What came of a call that did not show everything."""

    seconds: float = 0.0  # how long the platform wants us to wait
    begun: Reference | None = None  # where a first part stands: edit it, and post no other


class ChatBusy(ChatFailed):
    """The platform asked to wait; nothing was shown but what has ``begun``."""

    def __init__(self, sentence: str, *, seconds: float) -> None:
        """Keep how long the platform wants us to wait."""
        super().__init__(sentence)
        self.seconds = seconds


class ChatUnreachable(ChatFailed):
    """The platform did not answer; the message may be there."""


class Remedy(StrEnum):
    """What can still bring a refused message before people."""

    NONE = "none"
    ANEW = "anew"  # the message to be edited is gone or can't change any more: post it anew
    NEW_THREAD = "new_thread"  # what the thread hung on is gone
    PLAINER = "plainer"  # the platform does not take its form or length
    LATER = "later"  # people have to do something first, such as invite us


class ChatRefused(ChatFailed):
    """The platform does not accept this, and nothing was shown but what has ``begun``."""

    def __init__(self, sentence: str, *, remedy: Remedy = Remedy.NONE) -> None:
        """Keep what can help."""
        super().__init__(sentence)
        self.remedy = remedy


class Directory(Protocol):
    """What the platform knows about an account; read at most 60 s ago."""

    async def membership(self, account: Account) -> Membership:
        """Return what the account is right now; ``UNREADABLE`` if the platform can't say."""
        ...
