"""The types of single values: each knows its limits and the sentence that says them."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

_DURATION: Final = r"(?=\d)(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s)?"
REFERENCE: Final = r"env:[A-Za-z_][A-Za-z0-9_]{0,99}|file:\S.{0,499}"
_LAST_PORT: Final = 65535
_SQLITE: Final = r"sqlite:///(?!:memory:)[^?#]*[^?#/]"


@dataclass(frozen=True, slots=True)
class Grammar:
    """A text that matches a pattern from end to end."""

    pattern: str
    wanted: str

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Look at what is a text already."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Tell editors the pattern."""
        return {**handler(schema), "pattern": f"^({self.pattern})$", "description": self.wanted}

    def _check(self, text: str) -> str:
        if re.fullmatch(self.pattern, text) is None:
            raise ValueError(self.wanted)
        return text


@dataclass(frozen=True, slots=True)
class OnPlatform:
    """An id that begins with its platform, such as ``slack:``; each has a grammar of its own."""

    wanted: str
    grammars: Mapping[str, Grammar]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Look at what is a text already."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Tell editors the patterns."""
        patterns = "|".join(grammar.pattern for grammar in self.grammars.values())
        return {**handler(schema), "pattern": f"^({patterns})$", "description": self.wanted}

    def _check(self, text: str) -> str:
        grammar = self.grammars.get(text.partition(":")[0])
        if grammar is None:
            raise ValueError(self.wanted)
        if re.fullmatch(grammar.pattern, text) is None:
            raise ValueError(grammar.wanted)
        return text


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, within limits."""

    least: int
    most: int

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read it from a text."""
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Tell editors the limits."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def _check(self, text: object) -> int:
        if isinstance(text, str) and re.fullmatch(r"[1-9][0-9]{0,8}", text):
            number = int(text)
            if self.least <= number <= self.most:
                return number
        raise ValueError(f"must be a whole number from {self.least} to {self.most}")


@dataclass(frozen=True, slots=True)
class Span:
    """A duration such as ``1h30m``, within limits."""

    least: timedelta
    most: timedelta

    @property
    def wanted(self) -> str:
        """Return the sentence that says the limits."""
        least, most = _written(self.least), _written(self.most)
        return f"must be a time from {least} to {most}, written like 90s, 30m or 1h30m"

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read it from a text, and write it back as one."""
        return core_schema.no_info_plain_validator_function(
            self._check, serialization=core_schema.plain_serializer_function_ser_schema(_written)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Tell editors the pattern."""
        return {"type": "string", "pattern": f"^{_DURATION}$", "description": self.wanted}

    def _check(self, text: object) -> timedelta:
        match = re.fullmatch(_DURATION, text, re.ASCII) if isinstance(text, str) else None
        if match is not None:
            hours, minutes, seconds = (int(part or 0) for part in match.groups())
            found = timedelta(hours=hours, minutes=minutes, seconds=seconds)
            if self.least <= found <= self.most:
                return found
        raise ValueError(self.wanted)


def _written(time: timedelta) -> str:
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def address(url: str) -> str:
    """Return where a system answers, without a last slash, or raise what is wrong with it."""
    parts = _split(url)
    if "@" in parts.netloc:
        raise ValueError("must hold no user name and no password")
    is_plain = re.fullmatch(r"https?://[!-~]+", url) and not parts.query and not parts.fragment
    if not is_plain or not parts.hostname:
        raise ValueError("must be an address such as https://api.example.com")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("must start with https://; only an address on this machine may use http")
    return url.rstrip("/")


def gateway(url: str) -> str:
    """Return where a WebSocket is, or raise what is wrong with it."""
    scheme, _, rest = url.partition("://")
    kinds = {"wss": "https", "ws": "http"}
    if scheme not in kinds:
        raise ValueError("must be an address such as wss://gateway.example.com")
    address(f"{kinds[scheme]}://{rest}")
    return url


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - it is read only now, and may be no number
    except ValueError:
        return urlsplit("")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def database(url: str) -> str:
    """Return the address of a database, or raise that it is none."""
    parts = _split(url)
    is_server = parts.scheme in {"postgresql", "postgresql+psycopg"}
    if not is_server and not re.fullmatch(_SQLITE, url):
        raise ValueError(
            "must be sqlite:///FILE or postgresql://HOST/NAME; env:NAME and file:PATH point to one"
        )
    return url


def _database(text: str) -> str:
    parts = _split(text)
    if parts.password is not None or "password=" in parts.query:
        raise ValueError("must not hold the password; write env:NAME, and the address in there")
    return text if re.fullmatch(REFERENCE, text) else database(text)


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(
            "must be an IP address, such as 127.0.0.1, or 0.0.0.0 for all addresses of this machine"
        ) from None


def _version(text: object) -> int:
    if text == "1":
        return 1
    raise ValueError("must be 1, the only version of this format so far")


Approvals = Annotated[int, Whole(1, 10)]
Host = Annotated[str, AfterValidator(_host)]
Port = Annotated[int, Whole(1, _LAST_PORT)]
Version = Annotated[int, BeforeValidator(_version), WithJsonSchema({"const": 1})]
Address = Annotated[str, AfterValidator(address)]
Database = Annotated[str, AfterValidator(_database)]
Name = Annotated[
    str,
    Grammar(
        r"[A-Za-z0-9](?:\.?[A-Za-z0-9_-]){0,59}",
        "must be a name of letters, digits, dots, dashes and underscores, 60 at most",
    ),
]
Words = Annotated[
    str, Grammar(r"(?=.{1,100}$)\S(?:.*\S)?", "must be a text in one line, of 1 to 100 characters")
]
Reference = Annotated[
    str, Grammar(REFERENCE, "must be env:NAME or file:PATH, never the secret itself")
]
SlackTeam = Annotated[
    str, Grammar(r"T[A-Z0-9]{2,20}", "must be the id of the team, such as T0123ABCD")
]
ClientId = Annotated[
    str,
    Grammar(
        r"[0-9]{1,30}\.[0-9]{1,30}",
        "must be the app's client id, such as 1234567890.1234567890; "
        "Slack shows it under Basic Information",
    ),
]
_SNOWFLAKE: Final = r"[1-9][0-9]{16,19}"
DiscordGuild = Annotated[
    str,
    Grammar(
        _SNOWFLAKE,
        "must be the id of the server, a number such as 123456789012345678; Discord shows it in "
        "developer mode under Copy Server ID",
    ),
]
_SLACK_ACCOUNT: Final = Grammar(
    r"slack:T[A-Z0-9]{2,20}/[UW][A-Z0-9]{2,20}",
    "must be the id U… or W… with its team, such as slack:T0123ABCD/U0123ABCD; "
    "Slack shows it under Profile, Copy member ID",
)
_SLACK_CHANNEL: Final = Grammar(
    r"slack:T[A-Z0-9]{2,20}/[CG][A-Z0-9]{2,20}",
    "must be the id C… or G… with its team, such as slack:T0123ABCD/C0123ABCD; "
    "Slack shows it at the end of the channel's details",
)
_DISCORD_ACCOUNT: Final = Grammar(
    rf"discord:{_SNOWFLAKE}/{_SNOWFLAKE}",
    "must be the ids of the server and the user, such as "
    "discord:123456789012345678/234567890123456789; Discord shows them in developer mode under "
    "Copy Server ID and Copy User ID",
)
_DISCORD_CHANNEL: Final = Grammar(
    rf"discord:{_SNOWFLAKE}/{_SNOWFLAKE}",
    "must be the ids of the server and the channel, such as "
    "discord:123456789012345678/345678901234567890; Discord shows them in developer mode under "
    "Copy Server ID and Copy Channel ID",
)
_KEY_ACCOUNT: Final = Grammar(
    r"key:ed25519/[0-9a-f]{64}",
    "must be the public half of a key, such as key:ed25519/ and 64 hex digits; twokey key makes "
    "one and prints it",
)
ChatAccount = Annotated[
    str,
    OnPlatform(
        "must be an id and never a name, such as slack:T0123ABCD/U0123ABCD or "
        "discord:123456789012345678/234567890123456789",
        {"slack": _SLACK_ACCOUNT, "discord": _DISCORD_ACCOUNT, "key": _KEY_ACCOUNT},
    ),
]
ChatChannel = Annotated[
    str,
    OnPlatform(
        "must be an id and never a name, such as slack:T0123ABCD/C0123ABCD or "
        "discord:123456789012345678/345678901234567890",
        {"slack": _SLACK_CHANNEL, "discord": _DISCORD_CHANNEL},
    ),
]
