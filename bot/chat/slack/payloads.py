"""What Slack delivers, read as an invocation, or turned away before anybody looks at it.

A delivery's id has to be the same when Slack repeats it, and Bolt hides the envelope's. So it is
made of what Slack makes once for each act: the trigger of a command, the time stamp of a click
together with who clicked what, and the id and hash of a dialog that was sent off.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.chat.slack.blocks import Json
from bot.chat.slack.dialogs import About
from bot.chat.slack.text import unescape
from bot.domain.people import Account
from bot.domain.target import Place
from bot.invocation import Invocation

ELSEWHERE: Final = "This Twokey does not serve this workspace. Nothing was changed."
UNREADABLE: Final = "Twokey does not take this from Slack in this form. Nothing was changed."


class TurnedAway(Exception):
    """A delivery that never becomes an invocation; the text is for whoever caused it."""


@dataclass(frozen=True, slots=True)
class Call:
    """An invocation, and the ways to answer it."""

    invocation: Invocation
    verb: str | None  # None: typed after the slash command
    trigger: str  # opens one dialog, for three seconds
    address: str | None = None  # takes private answers, for half an hour
    thread: str | None = None


class Reader(Protocol):
    """Reads one kind of delivery."""

    def __call__(self, body: Json, *, team: str, app: str) -> Call:
        """Return what it asks for, or raise ``TurnedAway``."""
        ...


Id = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,40}$")]
UserId = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{1,40}$")]
Stamp = Annotated[str, Field(pattern=r"^\d{1,20}\.\d{1,20}$")]
Given = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Delivery(_Part, ABC):
    api_app_id: str
    trigger_id: Given
    is_enterprise_install: bool = False

    @property
    @abstractmethod
    def teams(self) -> set[str]:
        """Return all teams that it speaks of."""


class _Command(_Delivery):
    team_id: str
    channel_id: Id
    user_id: UserId
    response_url: Given
    text: str = ""

    @property
    def teams(self) -> set[str]:
        return {self.team_id}


class _Thing(_Part):
    id: Id


class _User(_Part):
    id: UserId
    team_id: str | None = None  # another one, for strangers in a shared channel


class _Interaction(_Delivery):
    team: _Thing
    user: _User
    enterprise: _Thing | None = None

    @property
    def teams(self) -> set[str]:
        # In an Enterprise organisation it may name the member's other team, or the organisation:
        # whether they belong to ours, the directory knows.
        theirs = None if self.enterprise else self.user.team_id
        return {self.team.id, theirs or self.team.id}


class _Container(_Part):
    message_ts: Stamp
    channel_id: Id
    thread_ts: Stamp | None = None


class _Button(_Part):
    type: Literal["button"]
    action_id: Annotated[str, Field(pattern=r"^[a-z_]{1,60}(#\d{1,3})?$")]
    action_ts: Stamp
    value: str = ""


class _Click(_Interaction):
    container: _Container
    actions: tuple[_Button]
    response_url: Given


class _Typed(_Part):
    value: str | None = None


class _State(_Part):
    values: dict[str, dict[str, _Typed]]


class _View(_Part):
    id: Id
    hash: Given
    private_metadata: str
    state: _State
    app_installed_team_id: str | None = None


class _Form(_Interaction):
    view: _View

    @property
    def teams(self) -> set[str]:
        return super().teams | {self.view.app_installed_team_id or self.team.id}


def read_command(body: Json, *, team: str, app: str) -> Call:
    """Read a slash command."""
    given = _read(_Command, body, team=team, app=app)
    invocation = Invocation(
        account=Account("slack", team, given.user_id),
        place=Place("slack", team, given.channel_id),
        delivery=f"slack:{team}:command:{given.trigger_id}",
        text=unescape(given.text),
    )
    return Call(invocation, None, given.trigger_id, address=given.response_url)


def read_click(body: Json, *, team: str, app: str) -> Call:
    """Read a click on one button of one message."""
    given = _read(_Click, body, team=team, app=app)
    where, button, user = given.container, given.actions[0], given.user.id
    act = f"{where.channel_id}:{where.message_ts}:{button.action_ts}:{user}:{button.action_id}"
    invocation = Invocation(
        account=Account("slack", team, user),
        place=Place("slack", team, where.channel_id),
        delivery=f"slack:{team}:click:{act}",
        message=where.message_ts,
        value=button.value,
    )
    verb = button.action_id.partition("#")[0]
    # A message with replies names itself as its thread; people read it in the channel.
    thread = None if where.thread_ts == where.message_ts else where.thread_ts
    return Call(invocation, verb, given.trigger_id, given.response_url, thread)


def read_form(body: Json, *, team: str, app: str) -> Call:
    """Read a dialog that was sent off."""
    given = _read(_Form, body, team=team, app=app)
    try:
        about = About.model_validate_json(given.view.private_metadata)
    except ValidationError:
        raise TurnedAway(UNREADABLE) from None
    invocation = Invocation(
        account=Account("slack", team, given.user.id),
        place=Place("slack", team, about.channel),
        delivery=f"slack:{team}:form:{given.view.id}:{given.view.hash}",
        message=about.message,
        value=about.value,
        fields={
            name: unescape(typed.value or "")
            for block in given.view.state.values.values()
            for name, typed in block.items()
        },
    )
    return Call(invocation, about.verb, given.trigger_id, thread=about.thread)


DeliveryT = TypeVar("DeliveryT", bound=_Delivery)


def _read(kind: type[DeliveryT], body: Json, *, team: str, app: str) -> DeliveryT:
    try:
        given = kind.model_validate(body)
    except ValidationError:
        raise TurnedAway(UNREADABLE) from None  # its text would repeat what was sent
    if given.teams != {team} or given.api_app_id != app or given.is_enterprise_install:
        raise TurnedAway(ELSEWHERE)
    return given
