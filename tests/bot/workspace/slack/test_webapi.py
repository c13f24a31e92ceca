"""The Web API as the real client sees it: answers, refusals, limits."""

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.wire import Json
from tests.bot.workspace.slack.conftest import Place

DEPLOYS, GENERAL, RESPONDER = "C00DEPLOYS", "C00GENERAL", "U00RESPONDER"
MODAL: Json = {"type": "modal", "title": {"type": "plain_text", "text": "Why"}, "blocks": []}


async def refused(place: Place, method: str, **arguments: object) -> Json:
    """What the client raises for this call."""
    with pytest.raises(SlackApiError) as caught:
        await place.client.api_call(method, json=arguments)
    assert isinstance(caught.value.response.data, dict)
    return caught.value.response.data


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("chat.postMessage", {"channel": "C404", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": GENERAL, "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": DEPLOYS}, "no_text"),
        (
            "chat.postMessage",
            {"channel": DEPLOYS, "text": "x", "thread_ts": "1"},
            "thread_not_found",
        ),
        ("chat.postMessage", {"channel": DEPLOYS, "blocks": "x"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": DEPLOYS, "blocks": [{"type": "x"}]}, "invalid_blocks"),
        (
            "chat.postMessage",
            {"channel": DEPLOYS, "text": "x", "metadata": {"event_type": "x"}},
            "invalid_metadata_format",
        ),
        ("chat.postEphemeral", {"channel": DEPLOYS, "user": "U404", "text": "x"}, "user_not_found"),
        ("chat.update", {"channel": DEPLOYS, "ts": "1", "text": "x"}, "message_not_found"),
        ("conversations.history", {"channel": GENERAL}, "not_in_channel"),
        ("conversations.replies", {"channel": DEPLOYS, "ts": "1"}, "thread_not_found"),
        ("conversations.open", {"users": "U404"}, "users_not_found"),
        ("users.info", {"user": "U404"}, "user_not_found"),
        ("views.open", {"trigger_id": "1.a", "view": MODAL | {"blocks": []}}, "invalid_arguments"),
        ("apps.connections.open", {}, "not_allowed_token_type"),
        ("users.list", {}, "unknown_method"),
    ],
)
async def test_refusals_carry_slacks_codes(
    place: Place, method: str, arguments: Json, code: str
) -> None:
    """What Slack refuses is refused with Slack's own code."""
    assert (await refused(place, method, **arguments))["error"] == code


@pytest.mark.parametrize(("token", "code"), [("", "not_authed"), ("xoxb-other", "invalid_auth")])
async def test_tokens_are_checked(place: Place, token: str, code: str) -> None:
    """Without the right token nothing is answered."""
    stranger = AsyncWebClient(token=token, base_url=place.room.api_url)

    with pytest.raises(SlackApiError) as caught:
        await stranger.auth_test()

    assert caught.value.response["error"] == code


async def test_long_texts_are_cut_in_posts_and_refused_in_edits(place: Place) -> None:
    """A post is cut at 40,000 characters; an edit over 4,000 is refused."""
    posted = await place.client.chat_postMessage(channel=DEPLOYS, text="x" * 40_001)

    refusal = await refused(
        place, "chat.update", channel=DEPLOYS, ts=posted["ts"], text="x" * 4_001
    )

    assert len(posted["message"]["text"]) == 40_000
    assert refusal["error"] == "msg_too_long"


async def test_only_own_messages_can_be_edited(place: Place) -> None:
    """A person's message is not the app's to edit, and a private one is out of its reach."""
    said = await place.people.say(RESPONDER, DEPLOYS, "hello")
    private = await place.client.chat_postEphemeral(channel=DEPLOYS, user=RESPONDER, text="psst")

    others = await refused(place, "chat.update", channel=DEPLOYS, ts=said["ts"], text="x")
    unseen = await refused(
        place, "chat.update", channel=DEPLOYS, ts=private["message_ts"], text="x"
    )

    assert others["error"] == "cant_update_message"
    assert unseen["error"] == "message_not_found"


async def test_text_without_blocks_removes_the_blocks(place: Place) -> None:
    """An edit that brings only text leaves only text, and keeps the metadata."""
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
    about = {"event_type": "rollback", "event_payload": {"id": "rb-1"}}
    card = await place.client.chat_postMessage(
        channel=DEPLOYS, text="x", blocks=[block], metadata=about
    )

    await place.client.chat_update(channel=DEPLOYS, ts=card["ts"], text="done")

    [message] = await place.people.messages(DEPLOYS)
    assert "blocks" not in message
    assert message["metadata"] == about


async def test_posting_to_a_person_opens_direct_messages(place: Place) -> None:
    """A message to a user id lands in the same channel that conversations.open names."""
    posted = await place.client.chat_postMessage(channel=RESPONDER, text="for you")

    opened = await place.client.conversations_open(users=RESPONDER)

    assert posted["channel"] == opened["channel"]["id"] == "D00RESPONDER"


async def test_history_and_threads_are_read_in_slacks_order(place: Place) -> None:
    """History is newest first without replies; a thread starts with its parent; pages follow on."""
    first = await place.client.chat_postMessage(channel=DEPLOYS, text="first")
    for text in ("one", "two"):
        await place.client.chat_postMessage(channel=DEPLOYS, text=text, thread_ts=first["ts"])
    second = await place.client.chat_postMessage(channel=DEPLOYS, text="second")

    history = await place.client.conversations_history(channel=DEPLOYS)
    newer = await place.client.conversations_history(channel=DEPLOYS, oldest=first["ts"])
    both = await place.client.conversations_history(
        channel=DEPLOYS, oldest=first["ts"], inclusive=True
    )
    page = await place.client.conversations_history(channel=DEPLOYS, limit=1)
    rest = await place.client.conversations_history(
        channel=DEPLOYS, cursor=page["response_metadata"]["next_cursor"]
    )
    thread = await place.client.conversations_replies(channel=DEPLOYS, ts=first["ts"])

    assert [one["text"] for one in history["messages"]] == ["second", "first"]
    assert [one["ts"] for one in newer["messages"]] == [second["ts"]]
    assert len(both["messages"]) == 2
    assert (page["has_more"], rest["has_more"]) == (True, False)
    assert [one["text"] for one in rest["messages"]] == ["first"]
    assert [one["text"] for one in thread["messages"]] == ["first", "one", "two"]
    assert thread["messages"][0]["reply_count"] == 2


async def test_metadata_is_read_back_only_when_asked_for(place: Place) -> None:
    """Metadata stays out of history unless include_all_metadata is set."""
    about = {"event_type": "rollback", "event_payload": {"id": "rb-1"}}
    await place.client.chat_postMessage(channel=DEPLOYS, text="x", metadata=about)

    plain = await place.client.conversations_history(channel=DEPLOYS)
    full = await place.client.conversations_history(channel=DEPLOYS, include_all_metadata=True)

    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == about


async def test_people_have_all_their_flags(place: Place) -> None:
    """A person's profile says what somebody is and is not."""
    person = (await place.client.users_info(user=RESPONDER))["user"]

    assert person["team_id"] == "T00TWOKEY"
    assert person["is_email_confirmed"] is True
    for flag in ("deleted", "is_bot", "is_restricted", "is_stranger", "is_workflow_bot"):
        assert person[flag] is False


@pytest.mark.parametrize(
    ("method", "arguments", "allowed", "wait"),
    [
        ("chat.postMessage", {"channel": DEPLOYS, "text": "x"}, 10, 1),
        ("chat.update", {"channel": DEPLOYS, "ts": "1", "text": "x"}, 50, 2),
        ("users.info", {"user": RESPONDER}, 100, 1),
    ],
)
async def test_too_many_calls_are_told_to_wait(
    place: Place, method: str, arguments: Json, allowed: int, wait: int
) -> None:
    """Past its allowance a method answers 429 with Retry-After, and works again after that."""
    url, headers = place.room.api_url + method, {"Authorization": f"Bearer {place.room.bot_token}"}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
        for _ in range(allowed):
            assert (await client.post(url, json=arguments)).status_code == 200

        limited = await client.post(url, json=arguments)
        place.clock.now += wait
        after = await client.post(url, json=arguments)

    assert limited.status_code == 429
    assert limited.headers["Retry-After"] == str(wait)
    assert limited.json() == {"ok": False, "error": "ratelimited"}
    assert after.status_code == 200


async def test_faults_come_as_planned(place: Place) -> None:
    """A planned fault hits the named method as often as wished; `applied` loses only the answer."""
    await place.people.misbehave(kind="http", method="chat.postMessage", status=503, times=2)
    await place.people.misbehave(kind="http", method="chat.postMessage", applied=True)

    for status in (503, 503, 500):
        with pytest.raises(SlackApiError) as caught:
            await place.client.chat_postMessage(channel=DEPLOYS, text="lost answer")
        assert caught.value.response.status_code == status

    assert [one["text"] for one in await place.people.messages(DEPLOYS)] == ["lost answer"]


async def test_forms_and_json_mean_the_same(place: Place) -> None:
    """Blocks arrive in a form, as JSON in a text, as well as in a JSON body."""
    headers = {"Authorization": f"Bearer {place.room.bot_token}"}
    form = {"channel": DEPLOYS, "blocks": '[{"type": "divider", "block_id": "line"}]'}

    async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
        await client.post(place.room.api_url + "chat.postMessage", data=form)

    [message] = await place.people.messages(DEPLOYS)
    assert message["blocks"] == [{"type": "divider", "block_id": "line"}]
