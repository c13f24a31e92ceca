"""Who and what is where: the app itself, the guild, its members, channels, threads."""

from typing import Final

from bot.workspace.discord import seed
from bot.workspace.discord.forms import Form
from bot.workspace.discord.messages import ARCHIVE_MINUTES, LONGEST_NAME
from bot.workspace.discord.refusals import DiscordError
from bot.workspace.discord.room import Call, Operation
from bot.workspace.discord.world import DEFAULTS, DIRECT, THREAD, World, user
from bot.workspace.wire import Json

SESSIONS_A_DAY: Final = 1000


def guild(world: World) -> Json:
    """The guild in Discord's form, without what is in it."""
    role = {"id": seed.GUILD["id"], "permissions": str(seed.EVERYBODY_CAN)}
    about = seed.GUILD | {"owner_id": seed.OWNER, "roles": [DEFAULTS["role"] | role]}
    return DEFAULTS["guild"] | about


def whole_guild(world: World) -> Json:
    """The guild as the gateway brings it, with its channels and open threads."""
    channels = world.channels.values()
    return guild(world) | DEFAULTS["guild_create"] | {
        "member_count": len(world.members),
        "members": [world.members[seed.BOT]],
        "channels": [one.describe() for one in channels if one.kind not in (DIRECT, THREAD)],
        "threads": [one.describe() for one in channels if one.parent and not one.is_archived],
    }  # fmt: skip


def _me(call: Call) -> Json:
    return user(seed.BOT) | DEFAULTS["me"]


def _application(call: Call) -> Json:
    about = {"id": seed.APP, "name": seed.BOT_NAME, "owner": user(seed.OWNER)}
    return DEFAULTS["application"] | about | {"bot": user(seed.BOT)}


def _gateway(call: Call) -> Json:
    return {"url": call.room.gateway_url}


def _gateway_bot(call: Call) -> Json:
    gateway = call.room.gateway
    limit = {"total": SESSIONS_A_DAY, "remaining": gateway.starts_left, "max_concurrency": 1}
    limit["reset_after"] = 0 if gateway.starts_left == SESSIONS_A_DAY else 86_400_000
    return {"url": call.room.gateway_url, "shards": 1, "session_start_limit": limit}


def _guild(call: Call) -> Json:
    if call.path["guild"] != seed.GUILD["id"]:
        raise DiscordError(10004)
    return guild(call.world)


def _channels(call: Call) -> list[Json]:
    _guild(call)
    every = call.world.channels.values()
    return [one.describe() for one in every if one.kind not in (DIRECT, THREAD)]


def _threads(call: Call) -> Json:
    _guild(call)
    every = call.world.channels.values()
    threads = [one.describe() for one in every if one.parent and not one.is_archived]
    return {"threads": threads, "members": [], "has_more": False}


def _member(call: Call) -> Json:
    _guild(call)
    id_ = call.path["user"]
    if found := call.world.members.get(id_):
        return found
    raise DiscordError(10007 if id_ in seed.PEOPLE else 10013)


def _channel(call: Call) -> Json:
    return call.channel().describe()


def _change_channel(call: Call) -> Json:
    """Rename, archive or take out a thread; nothing else of a channel is for the bot to change."""
    channel, given, form = call.channel(), call.arguments, Form()
    if not channel.parent:
        raise DiscordError(50013)
    form.text(("name",), given.get("name"), 1, LONGEST_NAME)
    minutes = given.get("auto_archive_duration", channel.auto_archive)
    if minutes not in ARCHIVE_MINUTES:
        message = f"Value must be one of {set(ARCHIVE_MINUTES)}."
        form.wrong(("auto_archive_duration",), "BASE_TYPE_CHOICES", message)
    form.check()
    channel.check(seed.SEND_IN_THREADS)
    if channel.is_locked or "locked" in given:
        channel.check(seed.MANAGE_THREADS)
    is_archived = bool(given.get("archived", channel.is_archived))
    if channel.is_archived and is_archived:
        raise DiscordError(50083)
    channel.name, channel.auto_archive = given.get("name") or channel.name, minutes
    is_locked = bool(given.get("locked", channel.is_locked))
    call.world.archive(channel, archived=is_archived, locked=is_locked)
    return channel.describe()


def _open_direct(call: Call) -> Json:
    return call.world.direct(str(call.arguments.get("recipient_id"))).describe()


_GUILD: Final = "/guilds/{guild}"
OPERATIONS: Final = (
    Operation("GET", "/users/@me", "get_my_user", _me),
    Operation("POST", "/users/@me/channels", "create_dm", _open_direct),
    Operation("GET", "/applications/@me", "get_my_application", _application),
    Operation("GET", "/oauth2/applications/@me", "get_my_oauth2_application", _application),
    Operation("GET", "/gateway", "get_gateway", _gateway, needs_token=False),
    Operation("GET", "/gateway/bot", "get_bot_gateway", _gateway_bot),
    Operation("GET", _GUILD, "get_guild", _guild),
    Operation("GET", f"{_GUILD}/channels", "list_guild_channels", _channels),
    Operation("GET", f"{_GUILD}/threads/active", "get_active_guild_threads", _threads),
    Operation("GET", f"{_GUILD}/members/{{user}}", "get_guild_member", _member),
    Operation("GET", "/channels/{channel}", "get_channel", _channel),
    Operation("PATCH", "/channels/{channel}", "update_channel", _change_channel),
)
