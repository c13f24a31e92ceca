"""Who somebody is, as Slack's directory says right now."""

from dataclasses import dataclass

import pytest
from aiohttp import web

from bot.chat.slack.directory import SlackDirectory
from bot.chat.slack.team import Team
from bot.domain.people import Account, Membership
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.room import Room
from tests.bot.chat.slack.test_client import Odd

MANAGER = Account("slack", "T00TWOKEY", "U00MANAGER1")


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def directory(team: Team, clock: Clock) -> SlackDirectory:
    """The directory of the workspace."""
    return SlackDirectory(team, now=clock)


@pytest.mark.parametrize(
    ("flags", "membership"),
    [
        ({}, Membership.FULL),
        ({"deleted": True}, Membership.DEACTIVATED),
        ({"is_bot": True}, Membership.BOT),
        ({"is_workflow_bot": True}, Membership.BOT),
        ({"is_app_user": True}, Membership.FULL),
        ({"is_restricted": True}, Membership.GUEST),
        ({"is_restricted": True, "is_ultra_restricted": True}, Membership.GUEST),
        ({"is_stranger": True}, Membership.STRANGER),
        ({"is_invited_user": True}, Membership.INVITED),
        ({"is_connector_bot": True}, Membership.BOT),
        ({"profile": {"bot_id": "B00OTHER"}}, Membership.BOT),
        ({"profile": None}, Membership.FULL),
        ({"team_id": "T00OTHER"}, Membership.STRANGER),
        ({"team_id": "T00OTHER", "enterprise_user": {"teams": ["T00THIRD"]}}, Membership.STRANGER),
        ({"team_id": "T00OTHER", "enterprise_user": {"teams": "T00TWOKEY"}}, Membership.STRANGER),
        (
            {"team_id": "E00ORG", "enterprise_user": {"teams": ["T00THIRD", "T00TWOKEY"]}},
            Membership.FULL,
        ),
        (
            {"enterprise_user": {"teams": ["T00TWOKEY"]}, "is_ultra_restricted": True},
            Membership.GUEST,
        ),
        ({"is_stranger": True, "enterprise_user": {"teams": []}}, Membership.STRANGER),
        ({"id": "U00OTHER"}, Membership.UNREADABLE),
        ({"deleted": None}, Membership.UNREADABLE),
    ],
)
async def test_each_flag_decides(
    directory: SlackDirectory, place: Room, flags: dict[str, object], membership: Membership
) -> None:
    """Only somebody without any flag is a full member."""
    place.world.people[MANAGER.user] |= flags

    assert await directory.membership(MANAGER) is membership


@pytest.mark.parametrize(
    "account",
    [
        Account("slack", "T00OTHER", "U00MANAGER1"),
        Account("slack", "T00TWOKEY", "U00NOBODY"),
        Account("discord", "T00TWOKEY", "U00MANAGER1"),
    ],
)
async def test_a_stranger_is_like_somebody_who_does_not_exist(
    directory: SlackDirectory, account: Account
) -> None:
    """Accounts of other teams and unknown ones get the same answer."""
    assert await directory.membership(account) is Membership.STRANGER


async def test_a_minute_is_remembered(directory: SlackDirectory, place: Room, clock: Clock) -> None:
    """What was read holds for a minute and no longer."""
    assert await directory.membership(MANAGER) is Membership.FULL
    place.world.people[MANAGER.user]["deleted"] = True

    clock.seconds = 60
    assert await directory.membership(MANAGER) is Membership.FULL
    clock.seconds = 60.1
    assert await directory.membership(MANAGER) is Membership.DEACTIVATED


async def test_a_directory_that_fails_makes_nobody_a_member(
    directory: SlackDirectory, people: Workspace, clock: Clock
) -> None:
    """A failed read is not hidden by an old one, and is tried again at once."""
    await directory.membership(MANAGER)
    clock.seconds = 61
    await people.misbehave(kind="http", method="users.info", status=500)

    assert await directory.membership(MANAGER) is Membership.UNREADABLE
    assert await directory.membership(MANAGER) is Membership.FULL


async def test_warming_up_spares_a_click_the_wait(
    directory: SlackDirectory, place: Room, people: Workspace
) -> None:
    """What was warmed up is known without asking Slack again."""
    await directory.warm([MANAGER])
    await people.misbehave(kind="http", method="users.info", status=500)

    assert await directory.membership(MANAGER) is Membership.FULL


async def test_an_empty_answer_is_no_member(odd_team: Odd) -> None:
    """An answer without a user says nothing about anybody."""
    team, answers = odd_team
    answers["users.info"] = lambda: web.json_response({"ok": True})

    directory = SlackDirectory(team, now=Clock())

    assert await directory.membership(MANAGER) is Membership.UNREADABLE
