"""How an app registers its slash commands, for the guild or for all guilds."""

from typing import Final

from bot.workspace.discord import seed
from bot.workspace.discord.refusals import DiscordError
from bot.workspace.discord.room import Call, Operation
from bot.workspace.wire import Json


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
    kept = call.room.commands.replace(_place(call), call.body or [])
    call.world.offer(call.room.commands.known())
    return kept


_ALL: Final = "/applications/{application}/commands"
_GUILD: Final = "/applications/{application}/guilds/{guild}/commands"
OPERATIONS: Final = (
    Operation("GET", _ALL, "list_application_commands", _list),
    Operation("PUT", _ALL, "bulk_set_application_commands", _replace),
    Operation("GET", _GUILD, "list_guild_application_commands", _list),
    Operation("PUT", _GUILD, "bulk_set_guild_application_commands", _replace),
)
