"""One thing that went out, as it stood on the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]
Platform = Literal["slack", "discord"]

ACK: Final = "acknowledgement"  # of a slash command, with an answer in it
RESPONSE: Final = "response_url"
# A form carries these as JSON in a text.
STRUCTURED: Final = ("attachments", "blocks", "metadata", "view")

_WEB_API: Final = "/api/"
_REST: Final = "/api/v10"


class Unreadable(Exception):
    """What went out is not even in a form that the platform reads; the text says why."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What went out, and as what: a method of Slack's, or Discord's method and path."""

    platform: Platform
    call: str
    body: Any = None  # decoded; None if there was none
    query: Mapping[str, str] = field(default_factory=dict[str, str])

    def __str__(self) -> str:
        """Return it as somebody who has to find the mistake reads it."""
        query = f" {dict(self.query)}" if self.query else ""
        shown = json.dumps(self.body, ensure_ascii=False, indent=2, default=str)
        return f"{self.call}{query} {shown}"


def from_wire(platform: Platform, method: str, url: str, kind: str, body: bytes) -> Payload:
    """Read a request; ``kind`` is its content type."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if platform == "discord":
        call = f"{method} {parts.path.removeprefix(_REST)}"
        return Payload(platform, call, _decoded(body) if body else None, query)
    is_web_api = parts.path.startswith(_WEB_API)
    call = parts.path.removeprefix(_WEB_API) if is_web_api else RESPONSE
    return Payload(platform, call, _arguments(kind, body), query)


def _arguments(kind: str, body: bytes) -> Json:
    if not body:
        return {}
    if kind.startswith("application/json"):
        given = _decoded(body)
        if isinstance(given, dict):
            return given
        raise Unreadable("the arguments are no object")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
    except ValueError:
        raise Unreadable("the form can't be read") from None
    form: Json = dict(pairs)
    if len(form) != len(pairs):
        raise Unreadable("the form has an argument twice")
    return {name: _decoded(form[name]) if name in STRUCTURED else form[name] for name in form}


def _decoded(text: bytes | str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Unreadable("it is no JSON") from None
