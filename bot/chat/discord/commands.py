"""The slash commands as Discord registers them: ``/rollback``, and ``/twokey`` for all others."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.chat.discord.components import Json
from bot.chat.discord.discreet import log
from bot.chat.discord.guild import DiscordSettings, Guild, opened
from bot.chat.discord.text import plain
from bot.domain.errors import TwokeyError
from bot.invocation import Command, Option

MAIN: Final = "rollback"  # the verb that is a command of its own
OTHERS: Final = "twokey"

_CHAT_INPUT, _SUBCOMMAND, _STRING = 1, 1, 3
_IN_SERVERS: Final = 0  # not in direct messages, and not installed by somebody for themselves
_LONGEST_HELP: Final = 100
_MOST_OPTIONS: Final = 25
_NAME: Final = re.compile(r"[a-z0-9_-]{1,32}")
_OF_THE_SERVER: Final = "applications/{application_id}/guilds/{guild_id}/commands"
_GLOBAL: Final = "applications/{application_id}/commands"


@dataclass(frozen=True, slots=True)
class Registered:
    """What Discord registered, and where."""

    commands: tuple[str, ...]  # "/rollback", "/twokey status" …
    where: str  # "in the server 123", or "in all servers"


def described(commands: Sequence[Command]) -> list[Json]:
    """Return the commands in Discord's words; who may use them is for the desk to decide."""
    typed = [command for command in commands if command.typed]
    main = [command for command in typed if command.verb == MAIN]
    others = [command for command in typed if command.verb != MAIN]
    top = [_named(one.verb, one.help) | {"options": _options(one.options)} for one in main]
    if others:
        subcommands = [
            {"type": _SUBCOMMAND, **_named(one.verb, one.help), "options": _options(one.options)}
            for one in others[:_MOST_OPTIONS]
        ]
        top.append(_named(OTHERS, "What else Twokey can do") | {"options": subcommands})
    common: Json = {
        "type": _CHAT_INPUT,
        "contexts": [_IN_SERVERS],
        "integration_types": [_IN_SERVERS],
        "default_member_permissions": None,
    }
    return [common | one for one in top]


async def sync_commands(
    settings: DiscordSettings, commands: Sequence[Command], *, guild: bool
) -> Registered:
    """Register the commands for the server or for all servers, and nowhere else."""
    wanted = described(commands)
    here, elsewhere = (_OF_THE_SERVER, _GLOBAL) if guild else (_GLOBAL, _OF_THE_SERVER)
    async with opened(settings) as door:
        await door.sign_in()
        call = partial(door.call, application_id=door.application, guild_id=door.id)
        answer = await call(f"PUT /{here}", where=door.id, json=wanted)
        if await call(f"GET /{elsewhere}"):  # people would see each command twice
            await call(f"PUT /{elsewhere}", json=[])
    where = f"in the server {settings.guild}" if guild else "in all servers"
    return Registered(tuple(_spoken(answer)), where)


async def warn_of_differences(door: Guild, commands: Sequence[Command]) -> None:
    """Say in the log if Discord has other commands than ours; nothing is registered by itself."""
    wanted = _essence(described(commands))
    try:
        await door.sign_in()
        call = partial(door.call, application_id=door.application, guild_id=door.id)
        here, everywhere = await call(f"GET /{_OF_THE_SERVER}"), await call(f"GET /{_GLOBAL}")
    except TwokeyError as error:
        log.warning("Whether the commands are registered can't be read: %s", error)
        return
    if here and everywhere:
        log.warning("Discord offers each command twice: run `twokey discord sync`.")
    if wanted not in (_essence(here), _essence(everywhere)):
        log.warning(
            "Discord has other commands than this version of Twokey: run `twokey discord sync`."
        )


def _named(name: str, help_: str) -> Json:
    if not _NAME.fullmatch(name):
        raise ValueError(f"“{name}” can't be the name of a command on Discord")
    return {"name": name, "description": plain(help_, _LONGEST_HELP) or name}


def _options(options: Sequence[Option]) -> list[Json]:
    """Return the options, as Discord wants them: those first without which it does not work."""
    ordered = sorted(options, key=lambda option: not option.is_required)[:_MOST_OPTIONS]
    return [
        {
            "type": _STRING,
            **_named(option.name, option.help),
            "required": option.is_required,
            "autocomplete": option.suggest is not None,
        }
        for option in ordered
    ]


def _essence(commands: Sequence[Json]) -> list[Json]:
    """Return what people see of the commands, whatever else Discord tells about them."""
    kept = [
        {
            "type": one.get("type", _CHAT_INPUT),
            "name": one.get("name"),
            "description": one.get("description"),
            "required": bool(one.get("required")),
            "autocomplete": bool(one.get("autocomplete")),
            "options": _essence(one.get("options") or ()),
        }
        for one in commands
    ]
    is_ordered = any(one["type"] == _STRING for one in kept)
    return kept if is_ordered else sorted(kept, key=lambda one: str(one["name"]))


def _spoken(commands: Sequence[Json]) -> Iterator[str]:
    """Return what people type."""
    for command in sorted(commands, key=lambda one: str(one["name"])):
        options: Sequence[Json] = command.get("options") or ()
        inner = [option["name"] for option in options if option["type"] == _SUBCOMMAND]
        yield from [f"/{command['name']} {name}" for name in inner] or [f"/{command['name']}"]
