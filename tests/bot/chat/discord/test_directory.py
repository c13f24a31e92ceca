"""Who somebody is, as Discord says right now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.chat.discord.directory import DiscordDirectory
from bot.chat.discord.guild import Guild
from bot.domain.people import Account, Membership
from bot.workspace.discord.client import Guild as Workspace
from tests.bot.chat.discord.answering import Odd, refused
from tests.bot.chat.discord.conftest import MANAGER, SHOP

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
THEIRS = Account("discord", SHOP, MANAGER)
USER = {"id": MANAGER, "username": "manager", "discriminator": "0", "avatar": None}
MEMBER = {
    "user": USER,
    "roles": [],
    "flags": 0,
    "pending": False,
    "joined_at": "2026-01-01T00:00:00+00:00",
    "communication_disabled_until": None,
}


class Time:
    """A stopwatch and a time of day that stand still until a test moves both."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def clock(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)


@pytest.fixture
def time() -> Time:
    """A time that stands still."""
    return Time()


@pytest.fixture
def directory(guild: Guild, time: Time) -> DiscordDirectory:
    """The directory of the server."""
    return DiscordDirectory(guild, now=time.now, clock=time.clock)


@pytest.mark.parametrize(
    ("change", "membership"),
    [
        ({}, Membership.FULL),
        ({"user": USER | {"bot": True}}, Membership.BOT),
        ({"user": USER | {"system": True}}, Membership.BOT),
        ({"pending": True}, Membership.PENDING),
        ({"flags": 1 << 4}, Membership.GUEST),
        ({"flags": 1 << 1 | 1 << 3}, Membership.FULL),
        ({"communication_disabled_until": "2026-11-21T12:00:01+00:00"}, Membership.TIMED_OUT),
        ({"communication_disabled_until": "2026-11-21T12:00:00+00:00"}, Membership.FULL),
        ({"communication_disabled_until": "soon"}, Membership.UNREADABLE),
        ({"communication_disabled_until": "2026-11-21T12:00:01"}, Membership.UNREADABLE),
        ({"user": USER | {"id": "400000000000000009"}}, Membership.UNREADABLE),
        ({"user": USER | {"bot": "no"}}, Membership.UNREADABLE),
        ({"user": None}, Membership.UNREADABLE),
        ({"flags": None}, Membership.UNREADABLE),
        ({"pending": None}, Membership.UNREADABLE),
    ],
)
async def test_each_mark_decides(
    odd: Odd, time: Time, change: dict[str, Any], membership: Membership
) -> None:
    """Only somebody without any mark is a full member, and what can't be read is none."""
    guild, answers = odd
    answers["GET members"] = lambda: web.json_response(MEMBER | change)

    directory = DiscordDirectory(guild, now=time.now, clock=time.clock)

    assert await directory.membership(THEIRS) is membership


@pytest.mark.parametrize(
    ("answer", "membership"),
    [
        (refused(10007, 404), Membership.STRANGER),
        (refused(10013, 404), Membership.STRANGER),
        (refused(50001, 403), Membership.UNREADABLE),
        (refused(0, 401), Membership.UNREADABLE),
        (refused(0, 503), Membership.UNREADABLE),
        (lambda: web.Response(text="a proxy"), Membership.UNREADABLE),
        (lambda: web.json_response([]), Membership.UNREADABLE),
    ],
)
async def test_a_refusal_makes_nobody_a_member(
    odd: Odd, time: Time, answer: Any, membership: Membership
) -> None:
    """Whoever is not there is a stranger, and about everybody else nothing is known."""
    guild, answers = odd
    answers["GET members"] = answer

    directory = DiscordDirectory(guild, now=time.now, clock=time.clock)

    assert await directory.membership(THEIRS) is membership


@pytest.mark.parametrize(
    "account",
    [
        Account("discord", "200000000000000009", MANAGER),
        Account("discord", SHOP, "400000000000000099"),
        Account("discord", SHOP, "../../@me"),
        Account("slack", SHOP, MANAGER),
    ],
)
async def test_a_stranger_is_like_somebody_who_does_not_exist(
    directory: DiscordDirectory, account: Account
) -> None:
    """Accounts of other servers and unknown ones get the same answer."""
    assert await directory.membership(account) is Membership.STRANGER


@pytest.mark.parametrize("user", ["@me", "٤٠٠", ""])
async def test_what_is_no_id_is_not_asked_for(odd: Odd, time: Time, user: str) -> None:
    """Whatever Discord would answer to such a path, it is nobody."""
    guild, answers = odd
    answers["GET members"] = lambda: web.json_response(MEMBER | {"user": USER | {"id": user}})
    answers["GET @me"] = answers["GET members"]

    directory = DiscordDirectory(guild, now=time.now, clock=time.clock)

    assert await directory.membership(Account("discord", SHOP, user)) is Membership.STRANGER


async def test_a_minute_is_remembered(
    directory: DiscordDirectory, people: Workspace, time: Time
) -> None:
    """What was read holds for a minute and no longer."""
    assert await directory.membership(THEIRS) is Membership.FULL
    await people.become(MANAGER, pending=True)

    time.seconds = 60
    assert await directory.membership(THEIRS) is Membership.FULL
    time.seconds = 60.1
    assert await directory.membership(THEIRS) is Membership.PENDING


async def test_a_time_out_ends_by_itself(
    directory: DiscordDirectory, people: Workspace, time: Time
) -> None:
    """What was read a moment ago is judged by the time that it is now."""
    until = (NOON + timedelta(seconds=30)).isoformat()
    await people.become(MANAGER, communication_disabled_until=until)

    assert await directory.membership(THEIRS) is Membership.TIMED_OUT
    time.seconds = 31
    assert await directory.membership(THEIRS) is Membership.FULL


async def test_whoever_left_is_a_stranger(
    directory: DiscordDirectory, people: Workspace, time: Time
) -> None:
    """Their votes count no more."""
    await people.leave(MANAGER)

    assert await directory.membership(THEIRS) is Membership.STRANGER


async def test_a_directory_that_fails_makes_nobody_a_member(
    directory: DiscordDirectory, people: Workspace, time: Time
) -> None:
    """A failed read is not hidden by an old one, and is tried again at once."""
    await directory.membership(THEIRS)
    time.seconds = 61
    await people.misbehave(kind="http", method="get_guild_member", status=503)

    assert await directory.membership(THEIRS) is Membership.UNREADABLE
    assert await directory.membership(THEIRS) is Membership.FULL


async def test_a_directory_that_hangs_is_given_up(
    directory: DiscordDirectory, people: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits longer for it than a click can wait."""
    monkeypatch.setattr("bot.chat.discord.directory._PATIENCE_SECONDS", 0.05)
    await people.misbehave(kind="http", method="get_guild_member", status=500)

    assert await directory.membership(THEIRS) is Membership.UNREADABLE


async def test_warming_up_spares_a_click_the_wait(
    directory: DiscordDirectory, people: Workspace
) -> None:
    """What was warmed up is known without asking Discord again."""
    await directory.warm([THEIRS])
    await people.misbehave(kind="http", method="get_guild_member", status=503)

    assert await directory.membership(THEIRS) is Membership.FULL
