"""The Socket Mode connection: what it takes, and how it starts, breaks and ends."""

import asyncio
import logging
from typing import Any

import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.chat.slack.gateway import FreshAddresses, SlackGateway
from bot.chat.slack.team import SlackSettings, Team, opened
from bot.ports import ChatRefused, ChatUnreachable
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.room import Room
from tests.bot.chat.slack.conftest import (
    DEPLOYS,
    MANAGER,
    RESPONDER,
    STILL_SAVING,
    TICKET,
    FakeDesk,
    card,
    eventually,
    settings,
    texts,
    told,
)
from tests.bot.chat.slack.test_payloads import CLICK, changed, paths

pytestmark = pytest.mark.usefixtures("gateway")


async def test_events_that_nobody_asked_for_are_acknowledged(
    place: Room, people: Workspace, desk: FakeDesk, gateway: SlackGateway
) -> None:
    """Talk in the channel is none of our business, and Slack need not repeat it."""
    await people.say(RESPONDER, DEPLOYS, "hello")
    outcome = await people.command(RESPONDER, DEPLOYS, "/rollback")

    assert outcome["ok"]
    assert len(desk.asked) == 1
    await eventually(lambda: bool(gateway.turned_away))
    assert dict(gateway.turned_away) == {"BoltUnhandledRequestError": 1}


@pytest.mark.parametrize("path", list(paths(CLICK | {"type": "block_actions"})))
async def test_a_broken_delivery_is_acknowledged_and_goes_to_nobody(
    place: Room, desk: FakeDesk, gateway: SlackGateway, path: tuple[Any, ...]
) -> None:
    """Whatever Slack sends, it is acknowledged, and the desk sees only whole deliveries."""
    whole = CLICK | {"type": "block_actions", "response_url": f"{place.url}/hooks/x"}

    values: tuple[object, ...] = (5, [], {"id": [1]}, "../")

    for value in values:
        assert await place.sockets.deliver("interactive", changed(whole, path, value)) == {}

    assert len(desk.asked) + sum(gateway.turned_away.values()) == 4


async def test_a_lost_connection_comes_back(
    people: Workspace, place: Room, gateway: SlackGateway, desk: FakeDesk
) -> None:
    """When Slack asks the app to come back, the next command arrives on the new socket."""
    await people.misbehave(kind="disconnect")
    await eventually(lambda: bool(place.sockets._open))

    outcome = await people.command(RESPONDER, DEPLOYS, "/rollback backend")

    assert outcome["ok"]
    assert len(desk.asked) == 1
    assert await gateway.is_connected()


async def test_an_expired_address_is_tried_once(place: Room, team: Team) -> None:
    """Whoever could not connect at once asks for a new address, and does not knock for ever."""
    client: Any = SocketModeClient(place.app_token, web_client=team.web, ping_interval=0.01)
    client.wss_uri = f"{place.url}/link?ticket=expired"
    client.aiohttp_client_session = FreshAddresses(client)

    async with asyncio.timeout(5):
        await client.connect()

    assert await client.is_connected()
    await client.close()


async def test_stopping_answers_what_has_arrived(
    people: Workspace, desk: FakeDesk, gateway: SlackGateway
) -> None:
    """A decision that is being committed is answered before the connection ends."""
    desk.is_open.clear()
    asking = asyncio.create_task(people.command(RESPONDER, DEPLOYS, "/rollback backend"))
    await eventually(lambda: bool(desk.asked))

    stopping = asyncio.create_task(gateway.stop())
    early = await told(people, RESPONDER)
    desk.is_open.set()
    await stopping

    assert (await asking)["ok"]
    assert early == [STILL_SAVING]
    assert await texts(people, RESPONDER) == [STILL_SAVING, "Done."]
    assert not await gateway.is_connected()


async def test_stopping_does_not_wait_for_ever(
    people: Workspace, desk: FakeDesk, gateway: SlackGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A desk that never answers is given up."""
    monkeypatch.setattr("bot.chat.slack.gateway._SETTLE_SECONDS", 0.01)
    desk.is_open.clear()
    await people.command(RESPONDER, DEPLOYS, "/rollback backend")

    await gateway.stop()

    assert await texts(people, RESPONDER) == [STILL_SAVING]
    assert not await gateway.is_connected()


async def test_slacks_libraries_say_nothing_of_what_they_carry(
    people: Workspace, desk: FakeDesk, team: Team, place: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """Even when everything is logged, no words, tokens or addresses are."""
    caplog.set_level(logging.DEBUG)
    ts = await card(team)
    second = SlackGateway(team, desk)
    await second.start()

    await people.command(RESPONDER, DEPLOYS, "/rollback CANARY-TYPED")
    await people.click(MANAGER, DEPLOYS, ts, "approve")
    await told(people, MANAGER)
    await people.misbehave(kind="disconnect")
    await second.stop()

    for secret in ("CANARY-TYPED", place.bot_token, place.app_token, "ticket=", "Done.", TICKET):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"team": "T00OTHER"}, "belongs to the team T00TWOKEY"),
        ({"bot_token": "xoxb-wrong"}, "does not accept SLACK_BOT_TOKEN"),
        ({"app_token": "xapp-wrong"}, "does not accept SLACK_APP_TOKEN"),
        ({"app_token": "xoxb-local-workspace"}, "does not accept SLACK_APP_TOKEN"),
    ],
)
async def test_a_wrong_token_stops_the_start_with_a_sentence(
    place: Room, desk: FakeDesk, change: dict[str, str], sentence: str
) -> None:
    """Whoever starts Twokey reads which of the two tokens is wrong."""
    given = settings(place)
    wrong = SlackSettings(
        team=change.get("team", given.team),
        bot_token=change.get("bot_token", given.bot_token),
        app_token=change.get("app_token", given.app_token),
        api_base=given.api_base,
    )

    async with opened(wrong) as team:
        with pytest.raises((ChatRefused, ChatUnreachable), match=sentence):
            await SlackGateway(team, desk).start()


async def test_the_environment_of_the_process_changes_nothing(
    place: Room, people: Workspace, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack's libraries read variables by themselves, which must not redirect anything."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with opened(settings(place)) as team:
        other = SlackGateway(team, desk)

        await other.start()
        outcome = await people.command(RESPONDER, DEPLOYS, "/rollback backend")
        await other.stop()

    assert outcome["ok"]
