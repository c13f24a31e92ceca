"""How deliveries reach the app: one socket each, twice, late, after a lost connection, and back."""

import httpx
import pytest
from aiohttp import ClientSession
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.pages import FILES
from bot.workspace.wire import Json
from tests.bot.workspace.slack.conftest import Join, Place

RESPONDER, MANAGER, DEPLOYS = "U00RESPONDER", "U00MANAGER1", "C00DEPLOYS"
BUTTON: Json = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
ACTIONS: list[Json] = [{"type": "actions", "elements": [BUTTON]}]


def counting(place: Place, heard: list[str], name: str) -> AsyncApp:
    """An app that writes down, under its name, each command it hears."""
    app = AsyncApp(client=place.client)

    @app.command("/rollback")
    async def rollback(ack: AsyncAck) -> None:
        heard.append(name)
        await ack()

    return app


async def test_each_delivery_goes_to_one_socket(place: Place, join: Join) -> None:
    """With two sockets open, no command is heard twice and both have their share."""
    heard: list[str] = []
    for name in ("first", "second"):
        await join(counting(place, heard, name))

    for _ in range(6):
        assert (await place.people.command(RESPONDER, DEPLOYS, "/rollback"))["ok"]

    assert sorted(heard) == ["first"] * 3 + ["second"] * 3


async def test_a_duplicate_is_delivered_twice(place: Place, join: Join) -> None:
    """On request a delivery arrives a second time, and the one after that does not."""
    heard: list[str] = []
    await join(counting(place, heard, "app"))
    await place.people.misbehave(kind="duplicate")

    for _ in range(2):
        await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    # The duplicate's own acknowledgement is not waited for, so a third command lets it arrive.
    await place.people.command(RESPONDER, DEPLOYS, "/rollback")

    assert heard == ["app"] * 4


async def test_a_late_delivery_times_out(place: Place, join: Join) -> None:
    """The app's time runs while its delivery is under way."""
    heard: list[str] = []
    await join(counting(place, heard, "app"))
    await place.people.misbehave(kind="delay", seconds=60)

    late = await place.people.command(RESPONDER, DEPLOYS, "/rollback")
    next_one = await place.people.command(RESPONDER, DEPLOYS, "/rollback")

    assert late["error"] == "operation_timeout"
    assert next_one["ok"]
    assert heard == ["app"]


async def test_the_app_comes_back_after_a_disconnect(place: Place, join: Join) -> None:
    """Asked to reconnect, the real client opens a new socket and hears the next command."""
    heard: list[str] = []
    handler = await join(counting(place, heard, "app"))
    before = await handler.client.session_id()

    await place.people.misbehave(kind="disconnect")
    outcome: Json = {"error": "no_app"}
    while outcome.get("error") == "no_app":
        outcome = await place.people.command(RESPONDER, DEPLOYS, "/rollback")

    assert outcome["ok"]
    assert heard == ["app"]
    assert await handler.client.session_id() != before


async def test_a_ticket_opens_one_socket(place: Place) -> None:
    """A ticket cannot be used a second time."""
    opener = AsyncWebClient(token=place.room.app_token, base_url=place.room.api_url)
    url = (await opener.apps_connections_open(app_token=place.room.app_token))["url"]

    async with ClientSession() as session:
        async with session.ws_connect(url) as socket:
            hello = await socket.receive_json()
        async with session.get(url.replace("ws:", "http:")) as again:
            status = again.status

    assert hello["type"] == "hello"
    assert status == 403


async def test_commands_do_not_work_in_threads(place: Place) -> None:
    """Slack refuses an app's commands in threads, and says so to the person alone."""
    parent = await place.client.chat_postMessage(channel=DEPLOYS, text="x")
    act = {"user": RESPONDER, "channel": DEPLOYS, "text": "/rollback", "thread_ts": parent["ts"]}

    async with httpx.AsyncClient(trust_env=False) as page:
        outcome = (await page.post(place.room.url + "/page/command", json=act)).json()

    assert outcome == {"ok": False, "error": "in_thread"}
    [told] = await place.people.ephemerals(RESPONDER)
    assert told["text"] == "/rollback is not supported in threads."


async def test_talk_reaches_the_app_as_an_event(place: Place, join: Join) -> None:
    """What a person writes is heard by the app, which can answer."""
    heard: list[str] = []
    app = AsyncApp(client=place.client)

    @app.event("message")
    async def message(event: Json, client: AsyncWebClient) -> None:
        heard.append(f"{event['user']} in {event['channel_type']}")
        await client.chat_postMessage(channel=event["channel"], text="You called?")

    await join(app)

    await place.people.say(RESPONDER, DEPLOYS, "hey")
    await place.people.until(lambda state: len(state["messages"][DEPLOYS]) == 2)

    assert heard == [f"{RESPONDER} in channel"]


async def test_an_outsider_of_a_channel_cannot_press_its_buttons(place: Place) -> None:
    """Nobody acts in another's direct messages, and an unknown button is refused."""
    card = await place.client.chat_postMessage(channel=MANAGER, text="x", blocks=ACTIONS)
    channel, ts = card["channel"], card["ts"]

    stranger = await place.people.click(RESPONDER, channel, ts, "go")
    unknown = await place.people.click(MANAGER, channel, ts, "nothing")

    assert stranger["error"] == "not_in_channel"
    assert unknown["error"] == "action_not_found"


async def test_a_private_answer_can_be_pressed_and_replaced(place: Place, join: Join) -> None:
    """A button in a private message works, and its answers change that very message."""
    app = AsyncApp(client=place.client)

    @app.action("go")
    async def go(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond("Gone on.", blocks=ACTIONS, replace_original=True)
        await respond("A line for all.", response_type="in_channel", replace_original=False)

    await join(app)
    private = await place.client.chat_postEphemeral(
        channel=DEPLOYS, user=RESPONDER, text="x", blocks=ACTIONS
    )

    outcome = await place.people.click(RESPONDER, DEPLOYS, private["message_ts"], "go")
    await place.people.until(lambda state: state["messages"][DEPLOYS])

    assert outcome["ok"]
    assert [one["text"] for one in await place.people.ephemerals(RESPONDER)] == ["Gone on."]
    assert [one["text"] for one in await place.people.messages(DEPLOYS)] == ["A line for all."]


async def test_an_address_is_good_for_five_answers_and_half_an_hour(
    place: Place, join: Join
) -> None:
    """The sixth answer is refused, and so is one that comes after thirty minutes."""
    addresses: list[str] = []
    app = AsyncApp(client=place.client)

    @app.command("/rollback")
    async def rollback(ack: AsyncAck, command: Json) -> None:
        addresses.append(command["response_url"])
        await ack()

    await join(app)
    for _ in range(2):
        await place.people.command(RESPONDER, DEPLOYS, "/rollback")

    async with httpx.AsyncClient(trust_env=False) as client:
        answers = [await client.post(addresses[0], json={"text": "x"}) for _ in range(6)]
        place.clock.now += 30 * 60 + 1
        late = await client.post(addresses[1], json={"text": "x"})

    assert [answer.text for answer in answers[:5]] == ["ok"] * 5
    assert (answers[5].status_code, answers[5].json()["error"]) == (404, "used_url")
    assert (late.status_code, late.json()["error"]) == (404, "expired_url")


async def test_a_trigger_works_once_and_for_three_seconds(place: Place, join: Join) -> None:
    """A trigger opens one dialog, and only soon after it was made."""
    triggers: list[str] = []
    app = AsyncApp(client=place.client)
    title = {"type": "plain_text", "text": "Why"}
    view = {"type": "modal", "title": title, "blocks": [{"type": "divider"}]}

    @app.command("/rollback")
    async def rollback(ack: AsyncAck, command: Json) -> None:
        triggers.append(command["trigger_id"])
        await ack()

    await join(app)
    for _ in range(2):
        await place.people.command(RESPONDER, DEPLOYS, "/rollback")

    await place.client.views_open(trigger_id=triggers[0], view=view)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await place.client.views_open(trigger_id=triggers[0], view=view)
    place.clock.now += 4
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await place.client.views_open(trigger_id=triggers[1], view=view)


async def test_a_dialog_is_closed_by_whoever_sees_it(place: Place, join: Join) -> None:
    """A person can close a dialog unsent, and nobody else can."""
    app = AsyncApp(client=place.client)
    title = {"type": "plain_text", "text": "Details"}
    view: Json = {"type": "modal", "title": title, "blocks": ACTIONS}

    @app.command("/rollback")
    async def rollback(ack: AsyncAck, command: Json) -> None:
        await ack()
        await place.client.views_open(trigger_id=command["trigger_id"], view=view)

    await join(app)
    await place.people.command(RESPONDER, DEPLOYS, "/rollback")

    [dialog] = await place.people.until(lambda state: state["views"][RESPONDER])
    stranger = await place.people.close(MANAGER, dialog["id"])
    outcome = await place.people.close(RESPONDER, dialog["id"])

    assert stranger["error"] == "not_found"
    assert outcome["ok"]
    assert (await place.people.state())["views"][RESPONDER] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Origin": "http://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_other_sites_are_kept_out(place: Place, headers: dict[str, str]) -> None:
    """A request under another name, or from another site's page, is refused everywhere."""
    async with httpx.AsyncClient(base_url=place.room.url, trust_env=False) as client:
        for path in ("/", "/page/state", "/api/auth.test", "/link"):
            assert (await client.get(path, headers=headers)).status_code == 403


async def test_the_page_comes_with_a_strict_policy(place: Place) -> None:
    """The browser may load nothing from elsewhere, and no script that stands in the page."""
    async with httpx.AsyncClient(base_url=place.room.url, trust_env=False) as client:
        index = await client.get("/")

    assert "default-src 'none'" in index.headers["Content-Security-Policy"]
    assert "script-src 'self'" in index.headers["Content-Security-Policy"]


def test_the_page_knows_no_other_host_and_writes_no_markup() -> None:
    """No file of the page names an address, and none puts text in as markup."""
    for file in (path for path in FILES.rglob("*") if path.is_file()):
        assert "://" not in file.read_text()
        assert "innerHTML" not in file.read_text()
