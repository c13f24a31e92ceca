"""What the guild remembers: people, channels, threads, messages and open dialogs."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

from bot.workspace.discord import seed
from bot.workspace.discord.refusals import DiscordError
from bot.workspace.wire import Json

DEFAULTS: Final[dict[str, Json]] = json.loads(
    (files("bot.workspace.discord") / "defaults.json").read_text()
)
TEXT, DIRECT, THREAD = 0, 1, 11
HAS_THREAD, EPHEMERAL, LOADING, V2 = 1 << 5, 1 << 6, 1 << 7, 1 << 15
THREAD_STARTER: Final = 21
# What the page is told beyond Discord's own form.
PAGE_ONLY: Final = ("only_for", "failed", "nonce")
DISCORD_EPOCH: Final = 1_420_070_400_000


@dataclass
class Channel:
    """A place where people talk: a channel, a thread, or one person's direct messages."""

    id: str
    name: str
    kind: int = TEXT
    bot_can: int = seed.EVERYBODY_CAN
    person: str = ""  # of direct messages
    parent: "Channel | None" = None  # of a thread
    owner: str = seed.BOT
    auto_archive: int = 1440
    is_archived: bool = False
    is_locked: bool = False
    changed_at: str = ""
    messages: dict[str, Json] = field(default_factory=dict[str, Json])

    def check(self, *permissions: int) -> None:
        """Refuse what the bot may not do here."""
        can = self.parent.bot_can if self.parent else self.bot_can
        if not can & seed.VIEW:
            raise DiscordError(50001)
        if not all(can & one for one in permissions):
            raise DiscordError(50013)

    def message(self, id_: str, *, seen_by: str = seed.BOT) -> Json:
        """The message with this id, if this person can see it."""
        found = self.messages.get(id_)
        if found is None or found.get("only_for", seen_by) != seen_by:
            raise DiscordError(10008)
        return found

    def public(self) -> list[Json]:
        """What everybody sees, oldest first."""
        return [message for message in self.messages.values() if "only_for" not in message]

    def describe(self) -> Json:
        """The channel in Discord's form."""
        newest = next((one["id"] for one in reversed(self.public())), None)
        about: Json = {"id": self.id, "type": self.kind, "last_message_id": newest}
        if self.kind == DIRECT:
            return about | {"flags": 0, "recipients": [user(self.person)]}
        about |= {"guild_id": seed.GUILD["id"], "name": self.name}
        if not self.parent:
            shut = {"id": seed.BOT, "type": 1, "allow": "0"}
            shut["deny"] = str(seed.EVERYBODY_CAN & ~self.bot_can)
            return DEFAULTS["channel"] | about | {"permission_overwrites": [shut]}
        said = sum(one["type"] != THREAD_STARTER for one in self.public())
        state: Json = {"archived": self.is_archived, "locked": self.is_locked}
        state |= {"archive_timestamp": self.changed_at, "create_timestamp": moment(self.id)}
        about |= {"parent_id": self.parent.id, "owner_id": self.owner}
        about |= {"message_count": said, "total_message_sent": said}
        times = {"auto_archive_duration": self.auto_archive}
        return DEFAULTS["thread"] | about | {"thread_metadata": state | times}

    def shown(self) -> Json:
        """The channel as the page wants it: with who is in it, too."""
        people = [self.person] if self.person else [*seed.PEOPLE]
        about = {"members": [*people, seed.BOT], "is_im": self.kind == DIRECT}
        return self.describe() | {"name": self.name, "user": self.person or None} | about


class World:
    """The whole state, in memory, which tells the page and the gateway about every change."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._posted: dict[str, float] = {}
        self.members = {id_: member(id_) for id_ in (seed.BOT, *seed.PEOPLE)}
        self.channels = {
            id_: Channel(id_, name, bot_can=can) for id_, (name, can) in seed.CHANNELS.items()
        }
        self.dialogs: dict[str, list[Json]] = {id_: [] for id_ in seed.PEOPLE}
        self.closed_to_bot: set[str] = set()  # who takes no direct messages from it
        self.commands: list[Json] = []  # that the app has registered
        self.watchers: set[asyncio.Queue[str]] = set()
        self.tell: Callable[[str, Json], None] = lambda event, data: None
        self.other: Json = {}  # the chat beside this one, if there is one
        self._newest = 0

    def snowflake(self) -> str:
        """An id that nothing else has; it holds the time."""
        now = (int(time.time() * 1000) - DISCORD_EPOCH) << 22
        self._newest = max(self._newest + 1, now)
        return str(self._newest)

    def channel(self, id_: str) -> Channel:
        """The channel with this id."""
        if found := self.channels.get(id_):
            return found
        raise DiscordError(10003)

    def direct(self, person: str) -> Channel:
        """One person's direct messages with the app, opened when needed."""
        if person not in seed.PEOPLE:
            raise DiscordError(50007 if person == seed.BOT else 10013)
        for channel in self.channels.values():
            if channel.person == person:
                return channel
        id_, name = self.snowflake(), seed.PEOPLE[person]
        return self._open(Channel(id_, name, DIRECT, person=person))

    def branch(self, channel: Channel, message: Json, *, name: str, auto_archive: int) -> Channel:
        """Open the thread that hangs on a message; the two have the same id."""
        if message["id"] in self.channels:
            raise DiscordError(160004)
        id_, now = message["id"], moment(self.snowflake())
        thread = Channel(id_, name, THREAD, parent=channel, auto_archive=auto_archive)
        thread.changed_at = now
        self._open(thread)
        self.tell("THREAD_CREATE", thread.describe() | {"newly_created": True})
        origin = {"type": 0, "channel_id": channel.id, "message_id": id_}
        origin |= {"guild_id": seed.GUILD["id"]}
        about = {"type": THREAD_STARTER, "author": message["author"], "message_reference": origin}
        self.post(thread, about)
        self.edit(channel, message, {"flags": message["flags"] | HAS_THREAD}, is_edit=False)
        return thread

    def archive(self, thread: Channel, *, archived: bool, locked: bool) -> None:
        """Put a thread away, or take it out again."""
        thread.is_archived, thread.is_locked = archived, locked
        thread.changed_at = moment(self.snowflake())
        self.tell("THREAD_UPDATE", thread.describe())
        self.changed("channel", channel=thread.shown())

    def post(self, channel: Channel, message: Json) -> Json:
        """Put a message into a channel or a thread; with `only_for` one person alone sees it."""
        if channel.is_archived:
            if channel.is_locked:
                raise DiscordError(50083)
            self.archive(channel, archived=False, locked=False)
        id_ = self.snowflake()
        about = {"id": id_, "channel_id": channel.id, "timestamp": moment(id_)}
        posted = channel.messages[id_] = DEFAULTS["message"] | message | about
        self._posted[id_] = self.clock()
        self.changed("message", channel=channel.id, message=posted)
        self._announce("MESSAGE_CREATE", channel, posted)
        if channel.parent and "only_for" not in posted:
            self.changed("channel", channel=channel.shown())
        return posted

    def age(self, message: Json) -> float:
        """How many seconds ago a message was posted."""
        return self.clock() - self._posted[message["id"]]

    def edit(self, channel: Channel, message: Json, changes: Json, *, is_edit: bool = True) -> None:
        """Change a message in place."""
        message.update(changes)
        if is_edit:
            message["edited_timestamp"] = moment(self.snowflake())
        self.changed("message", channel=channel.id, message=message)
        self._announce("MESSAGE_UPDATE", channel, message)

    def remove(self, channel: Channel, message: Json) -> None:
        """Take a message away."""
        del channel.messages[message["id"]]
        self.changed("gone", channel=channel.id, id=message["id"])
        self._announce("MESSAGE_DELETE", channel, message)

    def wire(self, message: Json) -> Json:
        """A message as Discord sends it."""
        known = {key: value for key, value in message.items() if key not in PAGE_ONLY}
        thread = self.channels.get(message["id"])
        return known | ({"thread": thread.describe()} if thread else {})

    def show_dialogs(self, person: str, dialogs: list[Json]) -> None:
        """Set the pile of dialogs in front of one person; the last one is on top."""
        self.dialogs[person] = dialogs
        self.changed("dialogs", user=person, dialogs=dialogs)

    def offer(self, commands: list[Json]) -> None:
        """Offer these commands to whoever types a slash."""
        self.commands = commands
        self.changed("commands", commands=commands)

    def changed(self, kind: str, **facts: object) -> None:
        """Tell every page that watches."""
        line = json.dumps({"kind": kind, **facts}) if self.watchers else ""
        for watcher in self.watchers:
            watcher.put_nowait(line)

    def snapshot(self) -> Json:
        """Everything at once, as `page.Page` describes it."""
        everything = [one for each in self.channels.values() for one in each.messages.values()]
        return {
            "platform": "discord",
            "team": seed.GUILD,
            "bot": {"id": seed.BOT, "name": seed.BOT_NAME},
            "people": [
                {"id": id_, "real_name": name} | self.members.get(id_, {})
                for id_, name in seed.PEOPLE.items()
            ],
            "channels": [channel.shown() for channel in self.channels.values()],
            "messages": {id_: channel.public() for id_, channel in self.channels.items()},
            "ephemerals": {
                id_: [one for one in everything if one.get("only_for") == id_]
                for id_ in seed.PEOPLE
            },
            "views": self.dialogs,
            "commands": self.commands,
            "other": self.other,
        }

    def _open(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self.changed("channel", channel=channel.shown())
        return channel

    def _announce(self, event: str, channel: Channel, message: Json) -> None:
        can = channel.parent.bot_can if channel.parent else channel.bot_can
        if can & seed.VIEW and "only_for" not in message:
            where = {} if channel.kind == DIRECT else {"guild_id": seed.GUILD["id"]}
            self.tell(event, self.wire(message) | where)


def moment(id_: str) -> str:
    """The time that an id holds, in Discord's form."""
    seconds = ((int(id_) >> 22) + DISCORD_EPOCH) / 1000
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user(id_: str) -> Json:
    """A person, or the bot, in Discord's form."""
    name = seed.BOT_NAME if id_ == seed.BOT else seed.PEOPLE[id_]
    names = {"id": id_, "username": name.lower().replace(" ", "."), "global_name": name}
    return DEFAULTS["user"] | names | {"bot": id_ == seed.BOT}


def member(id_: str) -> Json:
    """A member of the guild in Discord's form."""
    return DEFAULTS["member"] | {"user": user(id_)}
