"""Slash commands: what the app has registered, and what Discord refuses in it."""

import re
from typing import Any, Final, cast

from bot.workspace.discord import seed
from bot.workspace.discord.forms import Form, Path
from bot.workspace.discord.refusals import DiscordError
from bot.workspace.discord.world import DEFAULTS, DIRECT, Channel
from bot.workspace.wire import Json

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, NUMBER = 1, 2, 3, 4, 5, 10
OPTIONS: Final = (SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, NUMBER)
CHAT_INPUT: Final = 1
MOST_COMMANDS, MOST_OPTIONS, MOST_CHOICES, LONGEST = 100, 25, 25, 8000
CREATES_A_DAY: Final = 200
_NAME: Final = re.compile(r"[-_'\w]{1,32}")


class Registry:
    """The commands of the one guild, and those of all guilds, which come after them."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, Json]] = {}
        self._newest = int(seed.APP)
        self._creates = 0

    def all(self, place: str) -> list[Json]:
        """The commands of a guild; of all guilds, for the empty place."""
        return [*self._places.get(place, {}).values()]

    def replace(self, place: str, given: Any) -> list[Json]:  # noqa: ANN401
        """Set all commands of a place at once; those that stay keep their ids."""
        form = Form()
        every = form.list((), given, 0, MOST_COMMANDS)
        for number, one in enumerate(every):
            _check(form, (number,), one)
        names = [str(one.get("name")) for one in every]
        if len(names) != len(set(names)):
            message = "Application command names must be unique"
            form.wrong((), "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        form.check()
        before = self._places.get(place, {})
        self._places[place] = {
            one["name"]: self._kept(place, one, before.get(one["name"])) for one in every
        }
        return self.all(place)

    def known(self) -> list[Json]:
        """All commands of the guild and, where they are called otherwise, of all guilds."""
        own = {one["name"]: one for one in self.all(seed.GUILD["id"])}
        return [*own.values(), *(one for one in self.all("") if one["name"] not in own)]

    def usable(self, channel: Channel, person: str) -> list[Json]:
        """The commands that Discord offers to a person in a channel."""
        is_direct = channel.kind == DIRECT
        return [
            one
            for one in (self.all("") if is_direct else self.known())
            if (1 if is_direct else 0) in one["contexts"] and _may_use(one, person)
        ]

    def _kept(self, place: str, given: Json, before: Json | None) -> Json:
        if before is None:
            self._creates += 1
        if self._creates > CREATES_A_DAY:
            raise DiscordError(30034)
        self._newest += 1
        needed = given.get("default_member_permissions")
        about: Json = {"id": before["id"] if before else str(self._newest)}
        about |= {"application_id": seed.APP, "version": str(self._newest)}
        about |= {"default_member_permissions": None if needed is None else str(needed)}
        known = _without_what_is_off({key: given.get(key) for key in _KEPT})
        return DEFAULTS["command"] | known | about | ({"guild_id": place} if place else {})


def _without_what_is_off(part: Json) -> Json:
    """What Discord keeps of a command: `required: false` comes back as nothing at all."""
    kept = {key: value for key, value in part.items() if value not in (None, False, [])}
    if options := cast("list[Json]", kept.get("options", [])):
        kept["options"] = [_without_what_is_off(option) for option in options]
    return kept


_KEPT: Final = ("name", "description", "type", "options", "nsfw", "contexts", "integration_types")


def _may_use(command: Json, person: str) -> bool:
    """Discord hides a command from whoever lacks its permissions; "0" leaves administrators."""
    needed = command["default_member_permissions"]
    if needed is None or person == seed.OWNER:
        return True
    return int(needed) != 0 and int(needed) & seed.EVERYBODY_CAN == int(needed)


def _check(form: Form, at: Path, command: Json) -> None:
    if command.get("type") not in (None, CHAT_INPUT):
        form.wrong((*at, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1}.")
    length = _named(form, at, command)
    length += _options(form, (*at, "options"), command.get("options"))
    if length > LONGEST:
        message = f"The combined length of the command is {length}, more than {LONGEST}."
        form.wrong(at, "APPLICATION_COMMAND_TOO_LARGE", message)


def _options(form: Form, at: Path, given: Any) -> int:  # noqa: ANN401
    """Check the options of a command, and count their letters."""
    length, is_optional = 0, False
    for number, option in enumerate(form.list(at, given or [], 0, MOST_OPTIONS)):
        here = (*at, number)
        length += _named(form, here, option)
        if option.get("type") not in OPTIONS:
            form.wrong((*here, "type"), "BASE_TYPE_CHOICES", f"Value must be one of {OPTIONS}.")
        elif option["type"] in (SUBCOMMAND, GROUP):
            length += _options(form, (*here, "options"), option.get("options"))
            continue
        if option.get("required") and is_optional:
            message = "Required options must be placed before non-required options"
            form.wrong(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        is_optional = is_optional or not option.get("required")
        choices = form.list((*here, "choices"), option.get("choices") or [], 0, MOST_CHOICES)
        for each, choice in enumerate(choices):
            form.text((*here, "choices", each, "name"), choice.get("name"), 1, 100, needed=True)
            length += len(str(choice.get("name"))) + len(str(choice.get("value")))
    return length


def _named(form: Form, at: Path, part: Json) -> int:
    """Check what a command or an option is called, and count the letters."""
    name, description = part.get("name"), part.get("description")
    form.text((*at, "description"), description, 1, 100, needed=True)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name != name.lower():
        message = "Command name is invalid"
        form.wrong((*at, "name"), "APPLICATION_COMMAND_INVALID_NAME", message)
    return len(str(name)) + len(str(description))
