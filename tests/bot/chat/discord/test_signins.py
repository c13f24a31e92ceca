"""How often Twokey signs in: seldom enough that Discord never resets its token."""

import asyncio

import pytest
from aiohttp import web

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.gateway import DiscordGateway
from bot.chat.discord.guild import Guild
from bot.chat.discord.signins import SignIns, TooOften
from bot.workspace.discord.room import Room
from bot.workspace.wire import Json
from tests.bot.chat.discord.answering import Odd, refused
from tests.bot.chat.discord.conftest import COMMANDS, FakeDesk, eventually
from tests.bot.chat.discord.test_gateway import tell


class Time:
    """A stopwatch that stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def left(remaining: int) -> web.Response:
    """What Discord says about our sign-ins."""
    limit = {"total": 1000, "remaining": remaining, "reset_after": 7_200_000, "max_concurrency": 1}
    return web.json_response({"url": "ws://127.0.0.1:9", "session_start_limit": limit})


def ended(sign_ins: SignIns, time: Time, *, after: float) -> float:
    """The pause after a connection that lasted for so many seconds."""
    sign_ins.came_up()
    time.seconds += after
    return sign_ins.pause()


async def test_connections_that_do_not_last_come_back_more_and_more_slowly(guild: Guild) -> None:
    """One that ends as soon as it is up does not begin anew every second."""
    time = Time()
    sign_ins = SignIns(guild, now=time)

    pauses = [ended(sign_ins, time, after=1) for _ in range(6)]
    never_up = sign_ins.pause()

    assert pauses == [5, 10, 20, 40, 60, 60]
    assert never_up == 60


async def test_a_connection_that_lasted_comes_back_at_once(guild: Guild) -> None:
    """At once is five seconds, which Discord wants between two sign-ins."""
    time = Time()
    sign_ins = SignIns(guild, now=time)
    for _ in range(6):
        ended(sign_ins, time, after=1)

    assert ended(sign_ins, time, after=60) == 5
    assert ended(sign_ins, time, after=59) == 10


async def test_what_breaks_each_connection_spends_few_sign_ins(
    guild: Guild,
    chat: DiscordChat,
    desk: FakeDesk,
    room: Room,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An event that discord.py can't read, after each sign-in, does not use up the day."""
    monkeypatch.setattr("bot.chat.discord.signins.SHORTEST_PAUSE", 0.1)
    gateway, before = DiscordGateway(guild, chat, desk, COMMANDS), room.gateway.starts_left
    await gateway.start()

    async def spoil() -> None:
        while True:
            tell(room, "USER_UPDATE", {"id": "no number"})
            await asyncio.sleep(0.01)

    spoiling = asyncio.create_task(spoil())
    await eventually(lambda: room.gateway.starts_left < before - 1)
    await asyncio.sleep(1)
    spoiling.cancel()
    await gateway.stop()

    # At 0.1, 0.3, 0.7 and 1.5 seconds; without growing, it would be a dozen.
    assert before - room.gateway.starts_left <= 5


async def test_a_server_that_discord_py_can_not_read_breaks_no_connection(
    guild: Guild, chat: DiscordChat, desk: FakeDesk, room: Room
) -> None:
    """Twokey asks for no news of the server, so it gets none that discord.py stumbles over."""
    before, whole = room.gateway.starts_left, room.gateway._guild

    def odd() -> Json:
        return whole() | {"channels": [{"permission_overwrites": [{"id": "x"}]}]}

    room.gateway._guild = odd
    gateway = DiscordGateway(guild, chat, desk, COMMANDS)
    await gateway.start()
    await asyncio.sleep(0.2)  # until it would have come
    is_connected = await gateway.is_connected()
    await gateway.stop()

    assert is_connected
    assert room.gateway.starts_left == before - 1


@pytest.mark.parametrize(
    "answer", [refused(0, 503), lambda: web.json_response({}), refused(0, 429), refused(99, 401)]
)
async def test_many_sign_ins_wait_if_nobody_knows_how_many_are_left(
    odd: Odd, answer: object
) -> None:
    """What Discord does not tell, we count ourselves: twenty within an hour, and no more."""
    guild, answers = odd
    answers["GET bot"] = answer  # type: ignore[assignment]
    time = Time()
    sign_ins = SignIns(guild, now=time)
    for _ in range(20):
        await sign_ins.spend()
        time.seconds += 60

    with pytest.raises(TooOften, match="20 times within an hour") as refusal:
        await sign_ins.spend()
    time.seconds += refusal.value.seconds
    await sign_ins.spend()

    assert refusal.value.seconds == 2_400


async def test_as_long_as_enough_is_left_our_own_count_stops_nothing(odd: Odd) -> None:
    """Whoever updates Twokey thirty times in an hour can."""
    guild, answers = odd
    answers["GET bot"] = lambda: left(900)
    sign_ins = SignIns(guild, now=Time())

    for _ in range(30):
        await sign_ins.spend()

    answers["GET bot"] = lambda: left(49)
    with pytest.raises(TooOften, match="49 more times within 120 min"):
        await sign_ins.spend()
