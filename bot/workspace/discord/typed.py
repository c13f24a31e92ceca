"""What somebody types after a slash, as the options that Discord's own program makes of it."""

import re
from collections.abc import Sequence
from typing import Final, cast

from bot.workspace.discord.commands import STRING, SUBCOMMAND
from bot.workspace.discord.refusals import CannotDo
from bot.workspace.wire import Json

# So that a line reads the same on every chat: /rollback backend in staging to v41 API answers 500
WORDS: Final = {"in": "environment", "to": "to"}
REST: Final = "reason"


def read(
    text: str, commands: Sequence[Json], *, is_partial: bool = False
) -> tuple[Json, list[Json]]:
    """The command that a line means, and its options; `name:value`, or plain words.

    Plain words that begin with another command's subcommand mean that one, since on Discord
    `/rollback status` is `/twokey status`.
    """
    name, _, rest = text.strip().removeprefix("/").partition(" ")
    first = rest.split(maxsplit=1)[0] if rest.strip() else ""
    command = next((one for one in commands if one["name"] == name), None)
    if command is None:
        raise CannotDo("unknown_command")
    if first not in _subcommands(command):
        command = next((one for one in commands if first in _subcommands(one)), command)
    return command, _options(command.get("options", []), rest.strip(), is_partial=is_partial)


def _subcommands(command: Json) -> list[str]:
    return [one["name"] for one in command.get("options", []) if one["type"] == SUBCOMMAND]


def _options(known: list[Json], text: str, *, is_partial: bool) -> list[Json]:
    if known and known[0]["type"] == SUBCOMMAND:
        name, _, rest = text.partition(" ")
        chosen = next((one for one in known if one["name"] == name), None)
        if chosen is None:
            raise CannotDo("unknown_command")
        inner = _options(chosen.get("options", []), rest.strip(), is_partial=is_partial)
        return [{"name": name, "type": SUBCOMMAND, "options": inner}]
    names = [one["name"] for one in known]
    values = _named(names, text) or _plain(names, text)
    missing = [one["name"] for one in known if one.get("required") and one["name"] not in values]
    if missing and not is_partial:
        raise CannotDo("missing_option")
    kinds = {one["name"]: one for one in known}
    return [
        {"name": name, "type": kinds[name]["type"], "value": _value(kinds[name], value)}
        for name, value in values.items()
    ]


def _named(names: list[str], text: str) -> dict[str, str]:
    if not names:
        return {}
    marks = list(re.finditer(rf"(?:^|\s)({'|'.join(map(re.escape, names))}):", text))
    if not marks or text[: marks[0].start()].strip():
        return {}
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return {mark[1]: text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)}


def _plain(names: list[str], text: str) -> dict[str, str]:
    words, values = text.split(), dict[str, str]()
    if words and names:
        values[names[0]] = words.pop(0)
    while len(words) > 1 and WORDS.get(words[0].lower()) in set(names) - set(values):
        values[WORDS[words[0].lower()]] = words[1]
        words = words[2:]
    if words:
        left = [name for name in names if name not in values]
        if not left:
            raise CannotDo("unknown_option")
        values[REST if REST in left else left[-1]] = " ".join(words)
    return values


def _value(option: Json, text: str) -> str | int | float | bool:
    """The value as its kind wants it, if Discord's program lets it be sent."""
    choices = {one["name"]: one["value"] for one in option.get("choices", [])}
    if choices and text not in (*choices, *map(str, choices.values())):
        raise CannotDo("unknown_choice")
    longest = option.get("max_length", 6000)
    if option["type"] == STRING and not option.get("min_length", 0) <= len(text) <= longest:
        raise CannotDo("wrong_length")
    try:
        match option["type"]:
            case 4:
                return int(text)
            case 5:
                return text.lower() == "true"
            case 10:
                return float(text)
            case _:
                return cast("str", choices.get(text, text))
    except ValueError:
        raise CannotDo("wrong_kind") from None
