"""What Discord delivers, read as an invocation, or turned away before anybody looks at it.

A delivery's id is Discord's own for the interaction: the same if it comes twice, or to two bots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.chat.discord.commands import MAIN, OTHERS
from bot.chat.discord.components import Json
from bot.chat.discord.dialogs import typed
from bot.chat.discord.tickets import Unpackable, unpack
from bot.domain.people import Account
from bot.domain.target import Place
from bot.invocation import Invocation

ELSEWHERE: Final = (
    "This Twokey does not serve this server. Nothing was changed. Do it again in the channel of "
    "your target, in the server that it serves."
)
UNREADABLE: Final = (
    "Twokey does not take this from Discord in this form. Nothing was changed. Ask again with "
    "/rollback."
)
NO_VERB: Final = ""  # of an id that we never made: the desk refuses it, and writes that down

_DIRECT: Final = 1
_THREADS: Final = frozenset({10, 11, 12})
_SUBCOMMAND: Final = 1
_STRING: Final = 3


class TurnedAway(Exception):
    """A delivery that never becomes an invocation; the text is for whoever caused it."""


class Kind(IntEnum):
    """What people can do, by Discord's numbers."""

    COMMAND = 2
    CLICK = 3
    SUGGESTION = 4  # somebody is typing, and wants to know what could come
    FORM = 5


@dataclass(frozen=True, slots=True)
class Call:
    """An invocation, and the way to answer it: within three seconds, then for a quarter hour."""

    kind: Kind
    invocation: Invocation
    verb: str
    id: str
    token: str
    option: str = ""  # of a suggestion: what is being filled in


Id = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
Given = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Thing(_Part):
    id: Id


class _User(_Thing):
    bot: bool = False
    system: bool = False


class _Member(_Part):
    user: _User


class _Channel(_Thing):
    type: int
    parent_id: Id | None = None


class _Delivery(_Part):
    id: Id
    type: Kind
    application_id: Id
    token: Given
    guild_id: Id | None = None
    channel: _Channel
    member: _Member | None = None
    user: _User | None = None
    message: _Thing | None = None  # that the button stands on, also of the form that it opened
    data: dict[str, Any]


class _Option(_Part):
    name: Given
    type: int
    value: str = ""
    focused: bool = False
    options: tuple["_Option", ...] = ()


class _Command(_Part):
    name: Given
    type: Literal[1] = 1  # typed, and not from the menu of a message or a person
    options: tuple[_Option, ...] = ()


class _Click(_Part):
    custom_id: Given
    component_type: Literal[2]  # a button


class _Form(_Part):
    custom_id: Given
    components: list[Any]


def read(body: Json, *, guild: str, application: str) -> Call:
    """Return what a delivery asks for, or raise ``TurnedAway``."""
    try:
        given = _Delivery.model_validate(body)
        if not _is_ours(given, guild, application):
            raise TurnedAway(ELSEWHERE)
        match given.type:
            case Kind.COMMAND | Kind.SUGGESTION:
                return _command(given, guild)
            case Kind.CLICK:
                return _click(given, guild)
            case Kind.FORM:
                return _form(given, guild)
    except ValidationError:
        raise TurnedAway(UNREADABLE) from None  # its text would repeat what was sent


def _is_ours(given: _Delivery, guild: str, application: str) -> bool:
    """Tell whether it is for this bot, and from our server or our own direct messages."""
    is_direct = given.guild_id is None and given.channel.type == _DIRECT
    if given.type in {Kind.COMMAND, Kind.SUGGESTION}:
        is_direct = False  # commands are registered for servers only
    return given.application_id == application and (given.guild_id == guild or is_direct)


def _command(given: _Delivery, guild: str) -> Call:
    command = _Command.model_validate(given.data)
    verb, options = command.name, command.options
    if command.name == OTHERS and len(options) == 1 and options[0].type == _SUBCOMMAND:
        verb, options = options[0].name, options[0].options
    elif command.name != MAIN:
        raise TurnedAway(UNREADABLE)
    if any(option.type != _STRING for option in options):
        raise TurnedAway(UNREADABLE)
    # Threads hang under the channel that a target names.
    in_thread = given.channel.type in _THREADS
    channel = (in_thread and given.channel.parent_id) or given.channel.id
    fields = {option.name: option.value for option in options}
    return _call(given, guild, verb, channel=channel, fields=fields, option=_focused(options))


def _focused(options: Sequence[_Option]) -> str:
    return next((option.name for option in options if option.focused), "")


def _click(given: _Delivery, guild: str) -> Call:
    verb, value = _unpacked(_Click.model_validate(given.data).custom_id)
    if given.message is None:
        raise TurnedAway(UNREADABLE)
    return _call(given, guild, verb, value=value)


def _form(given: _Delivery, guild: str) -> Call:
    form = _Form.model_validate(given.data)
    verb, value = _unpacked(form.custom_id)
    return _call(given, guild, verb, value=value, fields=typed(form.components))


def _unpacked(custom_id: str) -> tuple[str, str]:
    try:
        return unpack(custom_id)
    except Unpackable:
        return NO_VERB, ""


def _call(
    given: _Delivery,
    guild: str,
    verb: str,
    *,
    channel: str = "",
    value: str = "",
    fields: dict[str, str] | None = None,
    option: str = "",
) -> Call:
    # In a server somebody acts as its member, and in direct messages as themselves.
    user = given.member.user if given.guild_id and given.member else given.user
    if user is None or user.bot or user.system or (given.guild_id and not given.member):
        raise TurnedAway(UNREADABLE)
    invocation = Invocation(
        account=Account("discord", guild, user.id),
        place=Place("discord", guild, channel or given.channel.id),
        delivery=f"discord:{guild}:interaction:{given.id}",
        message=given.message.id if given.message else "",
        value=value,
        fields=fields or {},
    )
    return Call(given.type, invocation, verb, given.id, given.token, option)
