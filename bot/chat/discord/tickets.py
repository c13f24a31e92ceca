"""What a button or a form carries: a verb and its value, within a hundred characters.

A ticket is longer than that. Its digest is written in base64 instead of hexadecimal digits, and
left out where the name of a step leaves no room for it: which rollback it is about and which step
is enough there, because the step is in one state only.
"""

import base64
import binascii
import re
from typing import Final

from bot.chat.cut import units
from bot.domain.errors import Refused
from bot.message import Ticket

_LONGEST: Final = 100
_PACKED: Final = re.compile(r"([a-z_]{1,60})(?:#\d{1,3})?([:=])(.*)", re.DOTALL)
_TICKET: Final = re.compile(r"(rb-[0-9a-z]{4,12})\|([\w-]{43})?\|([\w.-]{0,60})", re.ASCII)


class Unpackable(ValueError):
    """An id that we never made."""


def pack(verb: str, value: str, *, count: int = 1) -> str | None:
    """Write verb and value as an id; None if they don't fit. ``count`` keeps twins apart."""
    twin = f"#{count}" if count > 1 else ""
    candidates = [f"{verb}{twin}:{written}" for written in _short(value)]
    candidates.append(f"{verb}{twin}={value}")
    return next((one for one in candidates if units(one) <= _LONGEST), None)


def unpack(packed: str) -> tuple[str, str]:
    """Read verb and value back; or raise ``Unpackable``."""
    match = _PACKED.fullmatch(packed)
    if match is None or units(packed) > _LONGEST:
        raise Unpackable(packed[:_LONGEST])
    verb, kind, rest = match.groups()
    return (verb, rest) if kind == "=" else (verb, _ticket(rest))


def _short(value: str) -> tuple[str, ...]:
    try:
        ticket = Ticket.parse(value)
    except Refused:
        return ()
    if not ticket.about.isascii():
        return ()
    digest = base64.urlsafe_b64encode(bytes.fromhex(ticket.digest)).rstrip(b"=").decode()
    whole = f"{ticket.rollback_id}|{digest}|{ticket.about}"
    return (whole, f"{ticket.rollback_id}||{ticket.about}") if ticket.about else (whole,)


def _ticket(written: str) -> str:
    match = _TICKET.fullmatch(written)
    if match is None:
        raise Unpackable(written)
    rollback_id, digest, about = match.groups()
    try:
        hexadecimal = base64.urlsafe_b64decode(f"{digest}=").hex() if digest else ""
    except binascii.Error:
        raise Unpackable(written) from None
    return str(Ticket(rollback_id, hexadecimal, about))
