"""How an app registers its slash commands, for the guild or for all guilds."""

from typing import Final

from bot.workspace.discord import seed
from bot.workspace.discord.refusals import DiscordError
from bot.workspace.discord.room import Call, Operation
from bot.workspace.discord.world import Json


def _place(call: Call) -> str:
    if call.path["application"] != seed.APP:
        raise DiscordError(10002)
    guild = call.path.get("guild", "")
    if guild not in ("", seed.GUILD["id"]):
        raise DiscordError(50001)
    return guild


def _list(call: Call) -> list[Json]:
    return call.room.commands.all(_place(call))


def _replace(call: Call) -> list[Json]:
    return call.room.commands.replace(_place(call), call.body or [])


def _create(call: Call) -> Json:
    return call.room.commands.put(_place(call), call.body)


def _one(call: Call) -> Json:
    return call.room.commands.one(_place(call), call.path["command"])


def _change(call: Call) -> Json:
    return call.room.commands.put(_place(call), _one(call) | call.arguments)


def _remove(call: Call) -> None:
    call.room.commands.remove(_place(call), call.path["command"])


def _operations(path: str, name: str, names: str) -> tuple[Operation, ...]:
    one = f"{path}/{{command}}"
    return (
        Operation("GET", path, f"list_{names}", _list),
        Operation("PUT", path, f"bulk_set_{names}", _replace),
        Operation("POST", path, f"create_{name}", _create, status=201),
        Operation("GET", one, f"get_{name}", _one),
        Operation("PATCH", one, f"update_{name}", _change),
        Operation("DELETE", one, f"delete_{name}", _remove, status=204),
    )


_APPLICATION: Final = "/applications/{application}"
OPERATIONS: Final = (
    *_operations(f"{_APPLICATION}/commands", "application_command", "application_commands"),
    *_operations(
        f"{_APPLICATION}/guilds/{{guild}}/commands",
        "guild_application_command",
        "guild_application_commands",
    ),
)
