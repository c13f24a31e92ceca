"""What people see, free of any chat system: one Message, rendered last by each platform.

Every ``str`` in here may come from outside; renderers escape it, so nothing in it can mention,
link or format. Only the types below have a meaning.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.errors import Refusal, Refused
from bot.domain.people import Account
from bot.domain.target import Place


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that stand out."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """An id or a command, to be copied."""

    text: str


@dataclass(frozen=True, slots=True)
class When:
    """A moment, shown in the reader's zone where the platform can."""

    at: datetime
    relative: bool = False  # also "6 min ago", kept current by the platform where it can


@dataclass(frozen=True, slots=True)
class Mention:
    """A person who is told, by account."""

    account: Account


@dataclass(frozen=True, slots=True)
class ChannelMention:
    """A channel, shown by its name and led to where the platform can."""

    place: Place


@dataclass(frozen=True, slots=True)
class Link:
    """A link to an address of our own making, never to one typed by somebody."""

    url: str
    text: str


Inline = str | Strong | Code | When | Mention | ChannelMention | Link


@dataclass(frozen=True, slots=True)
class Title:
    """The first line: sign, state word, target and environment, as plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph."""

    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what is known under it; several values stand one under the other."""

    label: str
    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts in a fixed order, aligned where the platform can."""

    facts: tuple[Fact, ...]


class Mark(StrEnum):
    """The sign in front of a tick-off line."""

    OPEN = "open"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DOUBT = "doubt"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Tick:
    """One line of a checklist."""

    mark: Mark
    parts: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """Things to be done, ticked as they end."""

    title: str
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody said, inert and cut to length by the renderer."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A small last line: ids, deadlines, what is waited for."""

    parts: tuple[Inline, ...]


class Style(StrEnum):
    """How a button looks."""

    NEUTRAL = "neutral"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Button:
    """A button that does what its verb says; its value is an id and a digest, never authority."""

    label: str
    verb: str
    value: str
    style: Style = Style.NEUTRAL


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a button's value carries: which rollback, and which exact plan it was shown for."""

    rollback_id: str
    digest: str = ""  # all 64 hex digits; empty where no plan is decided on
    about: str = ""  # a step's name, where the button is about one

    def __str__(self) -> str:
        """Write it into a button's value; the leading number is the format's version."""
        return f"1|{self.rollback_id}|{self.digest}|{self.about}"

    @classmethod
    def parse(cls, value: str) -> "Ticket":
        """Read a button's value back, or refuse it as not ours."""
        match = re.fullmatch(r"1\|(rb-[0-9a-z]{4,12})\|([0-9a-f]{64})?\|([\w.-]{0,60})", value)
        if match is None:
            raise Refused(
                Refusal.TAMPERED,
                "This button was not made by this version of Twokey. Nothing was changed. "
                "Ask again with /rollback.",
            )
        return cls(rollback_id=match[1], digest=match[2] or "", about=match[3])


@dataclass(frozen=True, slots=True)
class Buttons:
    """Buttons in one row."""

    buttons: tuple[Button, ...]


Block = Title | Line | Facts | Checklist | Quote | Note | Buttons


@dataclass(frozen=True, slots=True)
class Message:
    """One message: the whole sentence that a phone shows, and the card behind it."""

    text: str
    blocks: tuple[Block, ...] = ()

    @property
    def plainer(self) -> "Message":
        """The sentence alone: nobody decides by a button whose card could not be shown."""
        return Message(self.text)


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to be typed in a dialog."""

    name: str
    label: str
    hint: str = ""
    is_long: bool = False
    max_length: int = 500


@dataclass(frozen=True, slots=True)
class Dialog:
    """A small form; submitting it calls ``verb`` with ``value`` and the typed fields."""

    title: str
    verb: str
    value: str
    inputs: tuple[Input, ...]
    submit: str = "Save"
    cancel: str = "Cancel"
