"""Two Discords, a server in each that Twokey serves, and a desk whose answers a test sets.

``server`` is in the same process and its time is the test's: for what people see. ``room`` is at
the other end of a socket: for what goes over the wire.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from simcord.env import Env

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.commands import described, sync_commands
from bot.chat.discord.components import Json
from bot.chat.discord.gateway import DiscordGateway
from bot.chat.discord.guild import DiscordSettings, Guild, create_discord_bot, opened
from bot.chat.discord.reception import Reception
from bot.domain.target import Place
from bot.invocation import Answer, Command, Invocation, Option
from bot.message import Button, Buttons, Line, Message, Ticket
from bot.workspace.discord import seed
from bot.workspace.discord.client import Guild as Workspace
from bot.workspace.discord.room import Room
from bot.workspace.discord.server import running
from tests.bot.chat.discord.answering import Answers, Odd, answering

GUILD = "1130000000000000001"
SHOP = seed.GUILD["id"]
RESPONDER, MANAGER = "400000000000000001", "400000000000000002"
DEPLOYS, GENERAL = "500000000000000001", "500000000000000002"
TICKET = str(Ticket("rb-7f3k", "a" * 64))
CARD = Message("Approve?", (Line(("Approve?",)), Buttons((Button("Approve", "approve", TICKET),))))
STILL_SAVING = "Still saving; nothing is recorded yet. The outcome follows here."
RECORDED = (
    "It is recorded; only the form for the reason did not open. Say the reason in the thread."
)
SETTINGS = DiscordSettings(guild=GUILD, bot_token="fake.token.x")


async def nothing(_: object, __: Invocation) -> Answer:
    """A command that nobody calls here."""
    return Answer()


async def some(_: object, __: Invocation) -> list[str]:
    """Suggestions that nobody asks for here."""
    return []


COMMANDS = (
    Command(
        "rollback",
        nothing,
        typed=True,
        help="ask for a rollback; others have to approve it",
        options=(
            Option("target", "what to roll back", is_required=True, suggest=some),
            Option("environment", "where, if there are several", suggest=some),
            Option("to", "the version to go back to", suggest=some),
            Option("reason", "what is wrong"),
        ),
    ),
    Command("status", nothing, typed=True, help="what is open now", options=(Option("id", "one"),)),
    Command("help", nothing, typed=True, help="these lines"),
    Command("approve", nothing),
)


@dataclass
class FakeDesk:
    """A desk that writes down what it was asked and answers what the test wants."""

    asked: list[tuple[str, Invocation]] = field(default_factory=list)
    answer: Answer | Exception = field(default_factory=lambda: Answer(Message("Done.")))
    suggestions: tuple[str, ...] | Exception = ()
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_open.set()

    async def typed(self, invocation: Invocation) -> Answer:
        raise AssertionError("nobody types words on Discord")

    async def called(self, verb: str, invocation: Invocation) -> Answer:
        return await self._answer(verb, invocation)

    async def pressed(self, verb: str, invocation: Invocation) -> Answer:
        return await self._answer(verb, invocation)

    async def suggested(self, verb: str, option: str, invocation: Invocation) -> tuple[str, ...]:
        self.asked.append((f"{verb}?{option}", invocation))
        await self.is_open.wait()
        if isinstance(self.suggestions, Exception):
            raise self.suggestions
        return self.suggestions

    async def _answer(self, verb: str, invocation: Invocation) -> Answer:
        self.asked.append((verb, invocation))
        await self.is_open.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Server:
    """The server with its people, and the bot that serves it."""

    env: Env
    guild: Guild
    chat: DiscordChat
    desk: FakeDesk
    reception: Reception
    handle: GuildHandle
    deploys: ChannelHandle
    responder: MemberActor
    manager: MemberActor

    @property
    def place(self) -> Place:
        """The channel of the targets."""
        return Place("discord", GUILD, str(self.deploys.id))

    async def restart(self) -> None:
        """Start another process in the place of the one that runs."""
        self.guild, self.chat, self.reception, client = bot_of(self.desk, lambda: self.env)
        await self.env.restart_bot(client)


def bot_of(desk: FakeDesk, env: Callable[[], Env]) -> tuple[Guild, DiscordChat, Reception, Any]:
    """Wire a bot."""
    parts: list[Reception] = []
    client = create_discord_bot(SETTINGS, take=lambda body: parts[0].take(body))  # noqa: PLW0108
    guild = Guild(SETTINGS, client)
    chat = DiscordChat(guild, now=lambda: env().now().timestamp())
    parts.append(Reception(guild, chat, desk, patience=1.0))
    return guild, chat, parts[0], client


@pytest.fixture
def desk() -> FakeDesk:
    """A desk that answers at once."""
    return FakeDesk()


@pytest.fixture
async def server(desk: FakeDesk) -> AsyncIterator[Server]:
    """A server that has the commands, a channel, and two people."""
    envs: list[Env] = []
    guild, chat, reception, client = bot_of(desk, lambda: envs[0])
    env = Env(client)
    envs.append(env)
    await env.start()
    try:
        handle = env.create_guild("Shop", id=int(GUILD))
        deploys = handle.create_text_channel("deploys")
        responder = handle.add_member(env.create_user("responder"))
        manager = handle.add_member(env.create_user("manager"))
        await guild.call(
            "PUT /applications/{application_id}/guilds/{guild_id}/commands",
            json=described(COMMANDS),
            application_id=guild.application,
            guild_id=GUILD,
        )
        yield Server(env, guild, chat, desk, reception, handle, deploys, responder, manager)
        env.raise_errors()
    finally:
        await env.shutdown()


@dataclass
class Clock:
    """The time in seconds, which a test can move on."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    """A Discord on this machine."""
    async with running(limits=False) as here:
        yield here


@pytest.fixture
async def people(room: Room) -> AsyncIterator[Workspace]:
    """The hands of everybody in it."""
    async with Workspace(room.url) as workspace:
        yield workspace


def settings(room: Room) -> DiscordSettings:
    """What the configuration says about this server."""
    return DiscordSettings(SHOP, room.bot_token, room.api_url, room.gateway_url)


@pytest.fixture
async def guild(room: Room) -> AsyncIterator[Guild]:
    """The way into the server."""
    async with opened(settings(room)) as guild:
        yield guild


@pytest.fixture
def clock() -> Clock:
    """The clock of the chat."""
    return Clock()


@pytest.fixture
def chat(guild: Guild, clock: Clock) -> DiscordChat:
    """The chat of the server."""
    return DiscordChat(guild, now=clock)


@pytest.fixture
async def gateway(
    guild: Guild, chat: DiscordChat, desk: FakeDesk, room: Room
) -> AsyncIterator[DiscordGateway]:
    """The connected gateway, with little patience."""
    await sync_commands(settings(room), COMMANDS, guild=True)
    gateway = DiscordGateway(guild, chat, desk, COMMANDS, patience=0.3)
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.fixture
async def odd() -> AsyncIterator[Odd]:
    """The way into a server that answers each call exactly as the test says."""
    answers: Answers = {}
    async with answering(answers) as settings, opened(settings) as guild:
        yield guild, answers


def texts(components: Any) -> str:
    """All that the components of a message say, line by line."""
    if isinstance(components, list):
        return "\n".join(filter(None, map(texts, components)))
    if components.get("type") == 10:
        return str(components["content"])
    return texts(components.get("components") or [])


def buttons(components: Any) -> list[Json]:
    """All buttons of a message."""
    if isinstance(components, list):
        return [found for part in components for found in buttons(part)]
    if components.get("type") == 2:
        return [components]
    return buttons(components.get("components") or [])


async def eventually(is_true: Callable[[], bool]) -> None:
    """Wait until something that nobody announces is true."""
    async with asyncio.timeout(5):
        while not is_true():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.01)
