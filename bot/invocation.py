"""A slash command, a click or a submitted form, free of any chat system; and what answers it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.domain.people import Account
from bot.domain.target import Place
from bot.message import Dialog, Message


@dataclass(frozen=True, slots=True)
class Signed:
    """A text that somebody signed with a key of their own, and the signature under it."""

    text: str
    signature: str  # 128 hex digits


@dataclass(frozen=True, slots=True)
class Invocation:
    """Somebody asked for something; the platform vouches for who, where and the delivery's id.

    On the command line nobody vouches: there the signature does.
    """

    account: Account
    place: Place
    delivery: str  # unique per delivery on its platform; the same again changes nothing
    message: str = ""  # the message that a button stands on, in the platform's own id
    text: str = ""  # the words after the slash command
    value: str = ""  # what the button or form carries
    fields: Mapping[str, str] = field(default_factory=dict[str, str])  # of a form, or of options
    proof: Signed | None = None  # of an account that is a key, and of no other


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person who asked is told, privately; and a form to open, if there is one."""

    message: Message | None = None
    dialog: Dialog | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One part of a command, for platforms on which the parts are filled in one by one."""

    name: str
    help: str
    is_required: bool = False
    # What could be filled in, best first; ``Invocation.fields`` is what is filled in so far.
    suggest: Callable[[Any, Invocation], Awaitable[Sequence[str]]] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One verb: a word after the slash command, a button, or a form that was submitted.

    The handler's first argument is the engine; it is typed where the commands are written.
    """

    verb: str
    handle: Callable[[Any, Invocation], Awaitable[Answer]]
    typed: bool = False  # may be typed after /rollback
    usage: str = ""  # "status [id]": how help shows a typed one
    help: str = ""
    options: tuple[Option, ...] = ()


class Desk(Protocol):
    """Takes what people ask for on any chat and answers; a refusal is an answer, too."""

    async def typed(self, invocation: Invocation) -> Answer:
        """Answer the words typed after the slash command."""
        ...

    async def called(self, verb: str, invocation: Invocation) -> Answer:
        """Answer a command whose options were filled in one by one."""
        ...

    async def suggested(self, verb: str, option: str, invocation: Invocation) -> tuple[str, ...]:
        """Return what could be filled in there, best first; never raises."""
        ...

    async def pressed(self, verb: str, invocation: Invocation) -> Answer:
        """Answer a button or a submitted form."""
        ...
