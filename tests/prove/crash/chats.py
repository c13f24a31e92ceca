"""The chat in a house: the local Slack or the local Discord, in this process."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.chat.discord.commands import described
from bot.chat.discord.lost import nonces_of
from bot.workspace.demo.sides import SIDES, ChatName, Hands, Side
from bot.workspace.discord import server as discord
from bot.workspace.discord.messages import NONCE_SECONDS
from bot.workspace.discord.room import Room as DiscordRoom
from bot.workspace.discord.seed import GUILD
from bot.workspace.slack import server as slack
from bot.workspace.slack.room import Room as SlackRoom
from bot.workspace.wire import Json
from commands import COMMANDS

ACK_SECONDS: Final = 2.0  # shorter than the platforms' three: people here are quick to try again


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A chat that runs, and how what the bot left there is recognised."""

    side: Side
    people: Hands
    addresses: Mapping[str, str]  # where the bot finds it
    state: Callable[[], Json]
    is_up: Callable[[], bool]  # whether a bot is connected
    mark: Callable[[Json], str | None]  # what the bot made of the key with which it posted
    keys: Callable[[Json, Collection[str]], list[str]]  # those of these that it was made of
    headline: Callable[[Json], str]
    unfinished: Callable[[], Iterator[str]]  # what is only half of a message, and should not be

    def posted(self) -> list[Json]:
        """Return every message of the bot that a key came with, on all surfaces."""
        surfaces = self.state()["messages"].values()
        return [one for surface in surfaces for one in surface if self.mark(one) is not None]

    def key(self, message: Json, known: Collection[str]) -> str:
        """Return the key of a message, or its mark if it is of none that is known."""
        return next(iter(self.keys(message, known)), str(self.mark(message)))


@asynccontextmanager
async def opened(
    name: ChatName, folder: Path, *, shop: Mapping[str, str], speed: float
) -> AsyncGenerator[Chat]:
    """Open a chat, with everybody in it, which writes down in a folder what it is sent."""
    record = folder / f"{name}.requests"
    hands = SIDES[name].hands
    if name == "slack":
        async with (
            slack.running(shop=shop, speed=speed, ack_seconds=ACK_SECONDS, record=record) as team,
            hands(team.url) as people,
        ):
            yield _slack(team, people)
    else:
        async with (
            discord.running(
                shop=shop, speed=speed, ack_seconds=ACK_SECONDS, record=record
            ) as guild,
            hands(guild.url) as people,
        ):
            guild.commands.replace(GUILD["id"], described(COMMANDS))
            yield _discord(guild, people)


def _slack(room: SlackRoom, people: Hands) -> Chat:
    def key(message: Json) -> str | None:
        is_ours = message.get("user") == SIDES["slack"].bot and message.get("metadata")
        return str(message["metadata"]["event_payload"]["key"]) if is_ours else None

    return Chat(
        side=SIDES["slack"],
        people=people,
        addresses={"slack": room.api_url},
        state=room.world.snapshot,
        is_up=lambda: bool(room.sockets._open),
        mark=key,
        keys=lambda message, known: [one for one in known if one == key(message)],
        headline=lambda message: str(message["text"]),
        unfinished=lambda: iter(()),
    )


def _discord(room: DiscordRoom, people: Hands) -> Chat:
    side = SIDES["discord"]

    def nonce(message: Json) -> str | None:
        return message.get("nonce") if side.author(message) == side.bot else None

    def mark(message: Json) -> str | None:
        return nonce(message) if message["components"] else None

    def keys(message: Json, known: Collection[str]) -> list[str]:
        return [one for one in known if mark(message) in {*nonces_of(message["channel_id"], one)}]

    def sentences() -> Iterator[str]:
        """Find what never became a card, though Discord still knew the nonce with the next try."""
        for surface in room.world.snapshot()["messages"].values():
            for one in [each for each in surface if nonce(each) and not each["components"]]:
                later = [each for each in surface if nonce(each) == nonce(one)][-1]
                if room.world.age(one) - room.world.age(later) < NONCE_SECONDS:
                    yield f"“{one['content'][:40]}” never became a card"

    return Chat(
        side=side,
        people=people,
        addresses={"discord": room.api_url, "discord_gateway": room.gateway_url},
        state=room.world.snapshot,
        is_up=lambda: any(session.socket for session in room.gateway._sessions),
        mark=mark,
        keys=keys,
        headline=lambda message: side.lines(message)[0],
        unfinished=sentences,
    )
