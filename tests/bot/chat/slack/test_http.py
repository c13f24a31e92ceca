"""Slack's request URLs over real connections: what is served, and what counts once."""

import asyncio
import json

import aiohttp
import pytest

from bot.chat.slack.http import COMMANDS, EVENTS, INTERACTIVITY
from bot.chat.slack.team import SlackSettings, Team, opened
from bot.ports import ChatRefused
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.room import Room
from tests.bot.chat.slack.conftest import (
    DEPLOYS,
    RESPONDER,
    STILL_SAVING,
    FakeDesk,
    eventually,
    settings,
    told,
)
from tests.bot.chat.slack.door import Door, command, serving
from tests.bot.chat.slack.test_payloads import CLICK
from tests.bot.chat.slack.test_signature import NOW


async def test_a_command_is_answered_in_its_acknowledgement(door: Door, desk: FakeDesk) -> None:
    """The desk gets the words, and the answer of the request is the desk's."""
    status, text = await door.send(COMMANDS, command("backend slow &amp; wrong"))

    assert status == 200
    assert json.loads(text)["text"] == "Done."
    assert json.loads(text)["response_type"] == "ephemeral"
    assert [asked.text for _, asked in desk.asked] == ["backend slow & wrong"]


async def test_a_click_arrives(door: Door, desk: FakeDesk, place: Room) -> None:
    """A button reaches the desk as it does over Socket Mode, and its answer is empty."""
    click = CLICK | {"type": "block_actions", "response_url": f"{place.url}/hooks/x"}

    assert await door.send(INTERACTIVITY, click) == (200, "")
    assert [verb for verb, _ in desk.asked] == ["approve"]


async def test_a_slow_desk_is_acknowledged_in_time(door: Door, desk: FakeDesk) -> None:
    """Nobody is told that something is recorded before it is."""
    desk.is_open.clear()

    status, text = await door.send(COMMANDS, command())
    desk.is_open.set()

    assert (status, json.loads(text)["text"]) == (200, STILL_SAVING)


async def test_slack_can_verify_the_address(door: Door, desk: FakeDesk) -> None:
    """The challenge comes back, but only to Slack."""
    challenge = {"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"}

    assert await door.send(EVENTS, challenge) == (200, "3eZbrw1aB")
    assert (await door.send(EVENTS, challenge, secret="other"))[0] == 401
    assert desk.asked == []


@pytest.mark.parametrize("path", [COMMANDS, INTERACTIVITY])
async def test_the_check_of_the_certificate_does_nothing(
    door: Door, desk: FakeDesk, path: str
) -> None:
    """Slack's ssl_check is answered if Slack signed it; a stranger's is refused."""
    body = b"ssl_check=1&token=x"

    assert await door.send(path, body) == (200, "")
    assert (await door.send(path, body, secret="other"))[0] == 401
    assert desk.asked == []


async def test_an_event_that_nobody_asked_for_is_taken(door: Door, desk: FakeDesk) -> None:
    """Slack need not repeat what is none of our business, and a repetition is no error."""
    event = {"type": "event_callback", "event_id": "Ev1", "event": {"type": "message"}}
    again = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}

    assert await door.send(EVENTS, event) == (200, "")
    assert await door.send(EVENTS, event, at=NOW + 60, headers=again) == (200, "")
    assert desk.asked == []


async def test_either_secret_opens_during_a_rotation(door: Door, desk: FakeDesk) -> None:
    """While one secret replaces the other, both are Slack's."""
    for secret in ("current", "next"):
        status, _ = await door.send(COMMANDS, command(), secret=secret)
        assert status == 200

    assert len(desk.asked) == 2


async def test_the_same_request_counts_once(door: Door, desk: FakeDesk) -> None:
    """Whoever overheard a request and sends it a hundred times changes nothing."""
    first = await door.send(COMMANDS, command())
    again = await asyncio.gather(*(door.send(COMMANDS, command()) for _ in range(100)))

    assert json.loads(first[1])["text"] == "Done."
    assert set(again) == {(200, "")}
    assert len(desk.asked) == 1
    assert door.requests.turned_away["the request was sent before"] == 100


async def test_many_at_once_are_all_answered(door: Door, desk: FakeDesk) -> None:
    """Good and bad ones side by side get their own answers, and each good one counts once."""
    good = [door.send(COMMANDS, command(f"backend {n}", trigger_id=f"1.{n}")) for n in range(64)]
    bad = [door.send(COMMANDS, command(f"bad {n}"), secret="other") for n in range(64)]

    answers = await asyncio.gather(*good, *bad)

    assert [status for status, _ in answers] == [200] * 64 + [401] * 64
    assert sorted(asked.text for _, asked in desk.asked) == sorted(
        f"backend {n}" for n in range(64)
    )


async def test_nothing_is_taken_before_the_token_is_known_to_be_good(
    team: Team, desk: FakeDesk
) -> None:
    """Until the start is complete and after the end, even Slack is told to come back."""
    async with serving(team, desk) as (requests, listener), aiohttp.ClientSession() as session:
        door = Door(requests, listener.address, session)
        before = await door.send(COMMANDS, command())
        await requests.start()
        during = await door.send(COMMANDS, command())
        await requests.stop()
        after = await door.send(COMMANDS, command())

    assert [status for status, _ in (before, during, after)] == [503, 200, 503]
    assert len(desk.asked) == 1


async def test_a_token_of_another_team_stops_the_start(place: Room, desk: FakeDesk) -> None:
    """Whoever starts Twokey reads what is wrong."""
    given = settings(place)
    wrong = SlackSettings(team="T00OTHER", bot_token=given.bot_token, api_base=given.api_base)

    async with opened(wrong) as team, serving(team, desk) as (requests, _):
        with pytest.raises(ChatRefused, match="belongs to the team T00TWOKEY"):
            await requests.start()
        assert not await requests.is_connected()


async def test_stopping_answers_what_has_arrived(
    place: Room, people: Workspace, team: Team, desk: FakeDesk
) -> None:
    """A decision that is being committed when the end comes is still answered."""
    desk.is_open.clear()
    hook = f"{place.url}/hooks/{place.handles.address(RESPONDER, DEPLOYS, original=None)}"
    async with serving(team, desk) as (requests, listener), aiohttp.ClientSession() as session:
        await requests.start()
        door = Door(requests, listener.address, session)
        asking = asyncio.create_task(door.send(COMMANDS, command(response_url=hook)))
        await eventually(lambda: bool(desk.asked))
        stopping = asyncio.create_task(listener.stop())
        early = await asking
        desk.is_open.set()
        await stopping
        await requests.stop()

    assert json.loads(early[1])["text"] == STILL_SAVING
    assert await told(people, RESPONDER) == ["Done."]
