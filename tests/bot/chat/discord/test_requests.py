"""Whoever stops waiting for Discord stops nobody else: what holds calls back ends by itself."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.directory import DiscordDirectory
from bot.chat.discord.gateway import DiscordGateway
from bot.chat.discord.guild import Guild, opened
from bot.chat.discord.reception import _private
from bot.chat.discord.requests import Requests
from bot.domain.people import Account, Membership
from bot.domain.target import Place
from bot.message import Line, Message
from bot.ports import ChatBusy
from bot.workspace.discord.client import Guild as Workspace
from bot.workspace.discord.server import running
from tests.bot.chat.discord.answering import Odd, answering
from tests.bot.chat.discord.conftest import (
    CARD,
    DEPLOYS,
    MANAGER,
    RESPONDER,
    SHOP,
    Clock,
    FakeDesk,
    eventually,
    settings,
    texts,
)

CALLBACK = "POST /interactions/{webhook_id}/{webhook_token}/callback"
FOLLOW_UP = "POST /webhooks/{webhook_id}/{webhook_token}"
HERE = Place("discord", SHOP, DEPLOYS)
THEIRS = Account("discord", SHOP, MANAGER)
MEMBER = {"user": {"id": MANAGER}, "flags": 0}
USED_UP = {
    "X-RateLimit-Limit": "5",
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset-After": "0.5",
    "X-RateLimit-Bucket": "members",
}


def too_many(seconds: float, *, is_global: bool) -> web.Response:
    """A refusal that asks to wait."""
    wait = {"message": "Wait.", "retry_after": seconds, "global": is_global}
    return web.json_response(wait, status=429, headers={"Via": "1.1 google"})


def in_turn(*answers: Callable[[], web.Response]) -> Callable[[], web.Response]:
    """One answer after the other, and the last one for ever."""
    left = list(answers)

    def answer() -> web.Response:
        return (left.pop(0) if len(left) > 1 else left[0])()

    return answer


def directory_of(guild: Guild) -> DiscordDirectory:
    """The directory of a server, at noon."""
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    return DiscordDirectory(guild, now=time.monotonic, clock=lambda: noon)


async def test_a_read_that_is_given_up_holds_back_nobody(
    odd: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the limit of all calls is over, all calls are made, also if the first was given up."""
    monkeypatch.setattr("bot.chat.discord.directory._PATIENCE_SECONDS", 0.05)
    guild, answers = odd
    member = lambda: web.json_response(MEMBER)  # noqa: E731
    answers["GET members"] = in_turn(lambda: too_many(0.3, is_global=True), member)
    directory = directory_of(guild)

    assert await directory.membership(THEIRS) is Membership.UNREADABLE
    async with asyncio.timeout(2):
        await guild.call("GET /gateway/bot")
        assert await directory.membership(THEIRS) is Membership.FULL


async def test_what_was_answered_too_late_is_known_the_next_time(
    odd: Odd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that discord.py holds back until the next call may go is used by then."""
    monkeypatch.setattr("bot.chat.discord.directory._PATIENCE_SECONDS", 0.05)
    guild, answers = odd
    read: list[str] = []

    def member() -> web.Response:
        read.append("member")
        return web.json_response(MEMBER, headers=USED_UP)

    answers["GET members"] = member
    directory = directory_of(guild)

    assert await directory.membership(THEIRS) is Membership.UNREADABLE
    await asyncio.sleep(0.6)  # longer than the limit
    assert await directory.membership(THEIRS) is Membership.FULL
    assert read == ["member"]


@pytest.mark.usefixtures("gateway")
async def test_a_command_is_answered_while_all_else_has_to_wait(
    people: Workspace, desk: FakeDesk, chat: DiscordChat
) -> None:
    """Discord exempts answers from the limit of all calls, and so do we."""
    await people.misbehave(
        kind="http", method="create_message", status=429, retry_after=6, is_global=True
    )
    posting = asyncio.create_task(chat.post(HERE, CARD, thread=None, key="card"))
    await asyncio.sleep(0.2)  # until the limit is heard of

    began = time.monotonic()
    outcome = await people.command(RESPONDER, DEPLOYS, "/rollback target:backend")

    assert outcome["ok"]
    assert time.monotonic() - began < 2
    assert [texts(m["components"]) for m in await people.ephemerals(RESPONDER)] == ["Done."]
    assert not posting.done()
    posting.cancel()


async def test_an_answer_carries_no_token_of_the_bot() -> None:
    """Its own one stands in its path, so it works also when the bot's was reset."""
    asked: list[web.Request] = []
    async with answering({}, asked) as given, opened(given) as guild:
        await guild.call("GET /gateway/bot")
        for call, body in ((CALLBACK, {"type": 6}), (FOLLOW_UP, _private(CARD))):
            await guild.call(call, json=body, webhook_id="1", webhook_token="its-own")

    tokens = [request.headers.get("Authorization") for request in asked[-3:]]
    assert tokens == ["Bot fake.token.x", None, None]


@pytest.mark.parametrize("trouble", [(429, 0.01), (500, 0)])
async def test_an_answer_is_tried_again_at_once(
    people: Workspace, gateway: DiscordGateway, trouble: tuple[int, float]
) -> None:
    """There are three seconds, so a stumble of Discord is waited for as shortly as it allows."""
    status, wait = trouble
    method = "create_interaction_response"
    await people.misbehave(kind="http", method=method, status=status, retry_after=wait)

    outcome = await people.command(RESPONDER, DEPLOYS, "/rollback target:backend")

    assert outcome["ok"]
    assert [texts(m["components"]) for m in await people.ephemerals(RESPONDER)] == ["Done."]


async def test_a_call_that_is_given_up_holds_back_nobody(odd: Odd) -> None:
    """Whatever is cancelled while Discord wants us to wait, the wait comes to its end."""
    guild, answers = odd
    answers["GET bot"] = in_turn(
        lambda: too_many(0.3, is_global=True), lambda: web.json_response({})
    )
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await guild.call("GET /gateway/bot")

    async with asyncio.timeout(2):
        await guild.call("GET /guilds/{guild_id}", guild_id=SHOP)


async def test_a_sign_in_that_one_gives_up_goes_on_for_the_others(odd: Odd) -> None:
    """All who need it wait for the same one."""
    guild, answers = odd
    answers["GET @me"] = in_turn(lambda: too_many(0.3, is_global=True), answers["GET @me"])
    impatient, patient = (asyncio.create_task(guild.sign_in()) for _ in range(2))
    await asyncio.sleep(0.1)
    impatient.cancel()

    async with asyncio.timeout(2):
        await patient
        await guild.call("GET /gateway/bot")


async def test_what_is_old_is_never_written_over_what_is_new() -> None:
    """An edit that nobody waits for any more is over before the next one begins."""
    async with (
        running() as room,  # with its limits, of which discord.py makes several calls at once
        Workspace(room.url) as people,
        opened(settings(room)) as guild,
    ):
        chat = DiscordChat(guild, now=Clock())
        card = await chat.post(HERE, CARD, thread=None, key="card")
        await people.misbehave(kind="http", method="update_message", status=429, retry_after=0.4)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await chat.edit(card, Message("Old.", (Line(("Old.",)),)))

        await chat.edit(card, Message("New.", (Line(("New.",)),)))
        await asyncio.sleep(0.6)  # longer than the old one had to wait

        [message] = await people.messages(DEPLOYS)
        assert texts(message["components"]) == "New."


async def test_not_everything_can_be_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """While too much is on its way, nothing more is sent, and what is there ends with us."""
    monkeypatch.setattr("bot.chat.discord.requests._MOST_ABANDONED", 2)
    requests = Requests()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await requests.make(asyncio.Event().wait)

    with pytest.raises(ChatBusy):
        await requests.make(asyncio.Event().wait)

    await requests.close()
    assert await requests.make(lambda: asyncio.sleep(0, "made")) == "made"


async def test_what_fails_when_nobody_waits_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """The log tells of no error that nobody looks at."""
    requests, failing = Requests(), asyncio.Event()

    async def fail() -> None:
        await failing.wait()
        raise ValueError("Nobody hears that.")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await requests.make(fail)
    failing.set()
    await requests.close()

    assert "Nobody hears that" not in caplog.text


async def test_nothing_goes_on_when_the_connections_are_closed() -> None:
    """What still waits for Discord ends with the connections over which it would be sent."""
    begun: list[str] = []

    def wait() -> web.Response:
        begun.append("asked")
        return too_many(20, is_global=False)

    async with answering({"GET bot": wait}) as given, opened(given) as guild:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await guild.call("GET /gateway/bot")
        await eventually(lambda: bool(begun))

    assert asyncio.all_tasks() == {asyncio.current_task()}
