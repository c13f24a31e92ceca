"""What the workspace remembers: people, channels, messages and open dialogs."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.workspace.slack import seed
from bot.workspace.wire import Json, WorkspaceRefusal

FLAGS_THAT_ARE_OFF = (
    *("deleted", "is_app_user", "is_workflow_bot", "is_stranger", "is_invited_user"),
    *("is_restricted", "is_ultra_restricted", "is_admin", "is_owner"),
)


class SlackError(WorkspaceRefusal):
    """One of Slack's own refusals, by its code."""

    def __init__(self, code: str, *, messages: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code: str = code
        self.messages = list(messages)


@dataclass
class Channel:
    """A place where people talk: a channel, or one person's direct messages with the app."""

    id: str
    name: str
    members: list[str]
    is_direct: bool = False
    messages: dict[str, Json] = field(default_factory=dict[str, Json])

    def message(self, ts: object, *, seen_by: str) -> Json:
        """The message with this timestamp (Slack's word for its id), if this person can see it."""
        found = self.messages.get(str(ts))
        if found is None or found.get("only_for", seen_by) != seen_by:
            raise SlackError("message_not_found")
        return found

    def public(self) -> list[Json]:
        """What every member sees, oldest first."""
        return [message for message in self.messages.values() if "only_for" not in message]

    def replies(self, ts: str) -> list[Json]:
        """The thread below a message, oldest first."""
        return [one for one in self.public() if one.get("thread_ts") == ts != one["ts"]]

    def describe(self) -> Json:
        """The channel in Slack's form."""
        kind: Json = {"is_channel": not self.is_direct, "is_im": self.is_direct}
        if self.is_direct:
            kind["user"] = self.members[0]
        about = {"id": self.id, "name": self.name, "is_private": False, "is_archived": False}
        people = {"members": [*self.members], "is_member": seed.BOT in self.members}
        return about | kind | people


class World:
    """The whole state, in memory, which tells its watchers about every change."""

    def __init__(self) -> None:
        names = {seed.BOT: seed.BOT_NAME, **seed.PEOPLE}
        self.people = {id_: _profile(id_, name) for id_, name in names.items()}
        self.channels = {
            id_: Channel(id=id_, name=name, members=[*members])
            for id_, (name, members) in seed.CHANNELS.items()
        }
        self.dialogs: dict[str, list[Json]] = {id_: [] for id_ in seed.PEOPLE}
        self.watchers: set[asyncio.Queue[str]] = set()
        self.other: Json = {}  # the chat beside this one, if there is one
        self._newest = 0

    def stamp(self) -> str:
        """A timestamp that nothing else has."""
        self._newest = max(self._newest + 1, int(time.time() * 1_000_000))
        return f"{self._newest // 1_000_000}.{self._newest % 1_000_000:06d}"

    def channel(self, id_: object) -> Channel:
        """The channel with this id."""
        if found := self.channels.get(str(id_)):
            return found
        raise SlackError("channel_not_found")

    def direct(self, user: str) -> Channel:
        """One person's direct messages with the app, opened when needed."""
        if user == seed.BOT:
            raise SlackError("cannot_dm_bot")
        id_ = "D" + user.removeprefix("U")
        if id_ not in self.channels:
            name = self.people[user]["name"]
            self.channels[id_] = Channel(
                id=id_, name=name, members=[user, seed.BOT], is_direct=True
            )
            self.changed("channel", channel=self.channels[id_].describe())
        return self.channels[id_]

    def admit(self, channel: Channel) -> None:
        """Let the app into a channel."""
        if seed.BOT not in channel.members:
            channel.members.append(seed.BOT)
            self.changed("channel", channel=channel.describe())

    def post(self, channel: Channel, message: Json) -> Json:
        """Put a message into a channel or a thread; with `only_for` one person alone sees it."""
        posted: Json = {"type": "message", "team": seed.TEAM["id"], **message, "ts": self.stamp()}
        if thread_ts := posted.pop("thread_ts", None):
            parent = channel.messages.get(str(thread_ts))
            if parent is None:
                raise SlackError("thread_not_found")
            posted["thread_ts"] = parent.get("thread_ts", parent["ts"])
        channel.messages[posted["ts"]] = posted
        self.changed("message", channel=channel.id, message=posted)
        self._count_replies(channel, posted)
        return posted

    def edit(self, channel: Channel, message: Json, changes: Json) -> None:
        """Change a message in place; a key that becomes None goes away."""
        message.update(changes)
        for key in [key for key, value in message.items() if value is None]:
            del message[key]
        self.changed("message", channel=channel.id, message=message)

    def show_dialogs(self, user: str, dialogs: list[Json]) -> None:
        """Set the pile of dialogs in front of one person; the last one is on top."""
        self.dialogs[user] = dialogs
        self.changed("dialogs", user=user, dialogs=dialogs)

    def changed(self, kind: str, **facts: object) -> None:
        """Tell everybody who watches."""
        line = json.dumps({"kind": kind, **facts}) if self.watchers else ""
        for watcher in self.watchers:
            watcher.put_nowait(line)

    def snapshot(self) -> Json:
        """Everything at once."""
        everything = [
            one | {"channel": channel.id}
            for channel in self.channels.values()
            for one in channel.messages.values()
        ]
        return {
            "platform": "slack",
            "other": self.other,
            "team": seed.TEAM,
            "bot": {"id": seed.BOT, "name": seed.BOT_NAME},
            "people": [self.people[id_] for id_ in seed.PEOPLE],
            "channels": [channel.describe() for channel in self.channels.values()],
            "messages": {id_: channel.public() for id_, channel in self.channels.items()},
            "ephemerals": {
                id_: [one for one in everything if one.get("only_for") == id_]
                for id_ in seed.PEOPLE
            },
            "views": self.dialogs,
        }

    def _count_replies(self, channel: Channel, reply: Json) -> None:
        parent = channel.messages.get(reply.get("thread_ts", ""))
        if parent is None or "only_for" in reply:
            return
        replies = channel.replies(parent["ts"])
        latest = replies[-1]["ts"] if replies else None
        head = {"thread_ts": latest and parent["ts"], "latest_reply": latest}
        self.edit(channel, parent, head | {"reply_count": len(replies) or None})


def _profile(id_: str, name: str) -> Json:
    """A person, or the app, with all the flags that decide what somebody is."""
    return dict.fromkeys(FLAGS_THAT_ARE_OFF, False) | {
        "id": id_,
        "team_id": seed.TEAM["id"],
        "name": name.lower().replace(" ", "-"),
        "real_name": name,
        "profile": {"real_name": name, "display_name": name},
        "is_bot": id_ == seed.BOT,
        "is_email_confirmed": True,
        "tz": "Etc/UTC",
    }
