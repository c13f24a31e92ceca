"""The chats that a story can be played in: who is there, what they can do, how it is read."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeVar

from bot.domain.target import Place
from bot.workspace.discord import reading as discord_reading
from bot.workspace.discord import seed as discord
from bot.workspace.discord.client import Guild
from bot.workspace.slack import reading as slack_reading
from bot.workspace.slack import seed as slack
from bot.workspace.slack.client import Workspace
from bot.workspace.wire import Json

Seen = TypeVar("Seen")
ChatName = Literal["slack", "discord"]


class Hands(Protocol):
    """What people do at the page of a chat."""

    async def state(self) -> Json:
        """Return everything that the page can show."""
        ...

    async def command(self, user: str, channel: str, text: str) -> Json:
        """Type a slash command."""
        ...

    async def click(self, user: str, channel: str, message: str, button: str, /) -> Json:
        """Press a button."""
        ...

    async def submit(self, user: str, view_id: str, values: dict[str, str]) -> Json:
        """Send a dialog off."""
        ...

    async def misbehave(self, **fault: object) -> Json:
        """Plan a fault of the chat."""
        ...

    async def until(self, seen: Callable[[Json], Seen | None], *, seconds: float = 10) -> Seen:
        """Return what ``seen`` finds in the state, as soon as it finds something that is true."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One chat."""

    name: ChatName
    title: str
    place: Place  # where things are asked for
    people: Mapping[str, str]  # ids, by what people are called
    bot: str
    hands: Callable[[str], AbstractAsyncContextManager[Hands]]
    id_of: Callable[[Json], str]  # of a message
    author: Callable[[Json], str]
    lines: Callable[[Json], list[str]]
    buttons: Callable[[Json], dict[str, str]]
    question: Callable[[Json], tuple[str, str]]  # a dialog's title, and the name of its only input
    identity: Callable[[Json], str | None]  # what is the same in two copies of one message
    where: Callable[[Json, str, Json], str]  # the page's state, a channel and a message in it

    def name_of(self, user: str) -> str:
        """Return what somebody is called."""
        names = {id_: name for name, id_ in self.people.items()}
        return {self.bot: "Twokey", "USLACKBOT": "Slackbot"}.get(user) or names.get(user, user)

    def button(self, state: Json, *, who: str, label: str) -> tuple[str, str, str] | None:
        """Find the newest such button in front of a person: channel, message and action."""
        user = self.people[who]
        found = [
            (self.id_of(message), channel, self.buttons(message)[label])
            for channel, message in self._seen_by(state, user)
            if label in self.buttons(message)
        ]
        if not found:
            return None
        newest, channel, action = max(found, key=lambda each: (len(each[0]), each[0]))
        return channel, newest, action

    def everything(self, state: Json) -> Iterator[tuple[str, Json]]:
        """Yield every message that anybody can see, with its channel."""
        for channel, messages in state["messages"].items():
            yield from ((channel, message) for message in messages)
        for messages in state["ephemerals"].values():
            yield from ((_channel(message), message) for message in messages)

    def _seen_by(self, state: Json, user: str) -> Iterator[tuple[str, Json]]:
        for channel in state["channels"]:
            if user in channel["members"]:
                yield from ((channel["id"], one) for one in state["messages"][channel["id"]])
        yield from ((_channel(one), one) for one in state["ephemerals"][user])


def _channel(message: Json) -> str:
    return str(message.get("channel") or message.get("channel_id"))


def _slack_place(_: Json, channel: str, message: Json) -> str:
    if channel not in slack.CHANNELS:
        return f"to {slack.PEOPLE[f'U{channel[1:]}']} directly"
    name = slack.CHANNELS[channel][0]
    is_reply = message.get("thread_ts", message["ts"]) != message["ts"]
    return f"in the thread in #{name}" if is_reply else f"in #{name}"


def _discord_place(state: Json, channel: str, _: Json) -> str:
    known = {one["id"]: one for one in state["channels"]}
    here = known.get(channel, {})
    if here.get("is_im"):
        return f"to {discord.PEOPLE.get(str(here.get('user')), 'somebody')} directly"
    if parent := here.get("parent_id"):
        return f"in the thread in #{known[parent]['name']}"
    return f"in #{here.get('name', channel)}"


def _slack_question(dialog: Json) -> tuple[str, str]:
    return dialog["title"]["text"], dialog["blocks"][0]["element"]["action_id"]


def _discord_question(dialog: Json) -> tuple[str, str]:
    return dialog["title"], dialog["components"][0]["component"]["custom_id"]


def _discord_identity(message: Json) -> str | None:
    """Return the id of its container, which the bot makes of what a lasting message is about."""
    components: list[Json] = message.get("components") or [{}]
    container = components[0]
    is_lasting = "only_for" not in message and "id" in container
    return f"{container['id']} in {message['channel_id']}" if is_lasting else None


def _slack_identity(message: Json) -> str | None:
    return str(message["metadata"]) if "metadata" in message else None


def _ids(people: Mapping[str, str]) -> Mapping[str, str]:
    return {name: id_ for id_, name in people.items()}


SIDES: Final[Mapping[str, Side]] = {
    "slack": Side(
        name="slack",
        title="Slack",
        place=Place("slack", slack.TEAM["id"], "C00DEPLOYS"),
        people=_ids(slack.PEOPLE),
        bot=slack.BOT,
        hands=Workspace,
        id_of=lambda message: str(message["ts"]),
        author=lambda message: str(message["user"]),
        lines=slack_reading.lines,
        buttons=slack_reading.buttons,
        question=_slack_question,
        identity=_slack_identity,
        where=_slack_place,
    ),
    "discord": Side(
        name="discord",
        title="Discord",
        place=Place("discord", discord.GUILD["id"], "500000000000000001"),
        people=_ids(discord.PEOPLE),
        bot=discord.BOT,
        hands=Guild,
        id_of=lambda message: str(message["id"]),
        author=lambda message: str(message["author"]["id"]),
        lines=discord_reading.lines,
        buttons=discord_reading.buttons,
        question=_discord_question,
        identity=_discord_identity,
        where=_discord_place,
    ),
}
# Who sits where when both chats run: the requester and one manager on Slack, the other on Discord.
SEATS: Final = {"Responder": "slack", "Manager One": "discord"}
