"""The HTTP API on the wire: its refusals, its limits, and what it keeps."""

from typing import Any

import discord
import httpx
import pytest

from bot.workspace.discord import seed
from bot.workspace.discord.server import running
from tests.bot.workspace.discord.conftest import (
    DEPLOYS,
    GENERAL,
    MANAGER,
    OUTSIDER,
    RESPONDER,
    App,
    Clock,
    Join,
    Place,
)

MESSAGES = f"channels/{DEPLOYS}/messages"
V2 = 1 << 15
GUILD = seed.GUILD["id"]


async def test_answers_are_plain_json(place: Place) -> None:
    """The media type stands alone, as the clients compare it letter by letter."""
    answer = await place.api.get("users/@me")

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["id"] == seed.BOT


@pytest.mark.parametrize("token", ["", "Bot wrong", seed.BOT_TOKEN])
async def test_a_wrong_token_opens_nothing(place: Place, token: str) -> None:
    """Without the bot's token nothing is answered, not even with the token alone."""
    answer = await place.api.get("users/@me", headers={"Authorization": token})

    assert answer.status_code == 401
    assert answer.json() == {"message": "401: Unauthorized", "code": 0}


@pytest.mark.parametrize(
    ("verb", "path", "body", "status", "code"),
    [
        ("GET", "nothing", None, 404, 0),
        ("GET", "channels/1/messages", None, 404, 10003),
        ("GET", f"{MESSAGES}/1", None, 404, 10008),
        ("PATCH", f"{MESSAGES}/1", {"content": "x"}, 404, 10008),
        ("GET", "guilds/1", None, 404, 10004),
        ("GET", f"guilds/{GUILD}/members/1", None, 404, 10013),
        ("POST", f"channels/{GENERAL}/messages", {"content": "x"}, 403, 50001),
        ("GET", f"channels/{GENERAL}", None, 403, 50001),
        ("POST", MESSAGES, {}, 400, 50006),
        ("POST", MESSAGES, {"content": "  "}, 400, 50006),
        ("POST", "users/@me/channels", {"recipient_id": seed.BOT}, 403, 50007),
        ("POST", "users/@me/channels", {"recipient_id": "1"}, 404, 10013),
        ("PUT", "applications/1/commands", [], 404, 10002),
        ("PUT", f"applications/{seed.APP}/guilds/1/commands", [], 403, 50001),
        ("POST", "interactions/1/x/callback", {"type": 5}, 404, 10062),
        ("POST", f"webhooks/{seed.APP}/x", {"content": "x"}, 404, 10015),
        ("PATCH", f"channels/{DEPLOYS}", {"name": "x"}, 403, 50013),
    ],
)
async def test_refusals_have_discords_codes(
    place: Place, verb: str, path: str, body: Any, status: int, code: int
) -> None:
    """What cannot be done is refused with Discord's status and code."""
    answer = await place.api.request(verb, path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_what_is_not_json_is_refused(place: Place) -> None:
    """A body in another form, or half of one, is refused."""
    form = await place.api.post(MESSAGES, data={"content": "x"})
    half = await place.api.post(
        MESSAGES, content='{"content', headers={"Content-Type": "application/json"}
    )

    assert form.json()["code"] == half.json()["code"] == 50109


async def test_permissions_decide_where_the_bot_speaks(place: Place) -> None:
    """A bot that sees a channel needs one permission more for each thing it does there."""
    card = await place.post("x")
    place.room.world.channels[DEPLOYS].bot_can = seed.VIEW

    said = await place.post("x")
    read = await place.call("GET", MESSAGES)
    branched = await place.call("POST", f"{MESSAGES}/{card['id']}/threads", {"name": "x"})

    assert [one["code"] for one in (said, read, branched)] == [50013] * 3


async def test_the_bot_edits_its_own_messages_only(place: Place) -> None:
    """What a person wrote is not for the bot to change or to take away."""
    said = await place.people.say(RESPONDER, DEPLOYS, "x")

    edited = await place.call("PATCH", f"{MESSAGES}/{said['id']}", {"content": "y"})
    deleted = await place.call("DELETE", f"{MESSAGES}/{said['id']}")

    assert (edited["code"], deleted["code"]) == (50005, 50013)


async def test_the_new_form_takes_the_place_of_text_for_good(place: Place) -> None:
    """Components of the new form replace a plain text, and there is no way back."""
    said = await place.post("Approve?")
    path = f"{MESSAGES}/{said['id']}"
    card = {"flags": V2, "components": [{"type": 10, "content": "Approve?"}]}

    with_text = await place.call("PATCH", path, card)
    edited = await place.call("PATCH", path, card | {"content": None})
    back = await place.call("PATCH", path, {"flags": 0, "content": "plain"})

    assert "content" in with_text["errors"]
    assert (edited["flags"], edited["content"]) == (V2, "")
    assert edited["components"] == [{"type": 10, "content": "Approve?", "id": 1}]
    assert edited["edited_timestamp"]
    assert "content" in back["errors"]


async def test_a_repeated_nonce_makes_no_second_message(place: Place) -> None:
    """A message sent again with its nonce is the first one, for some minutes."""
    first = await place.post("x", nonce="rb-1:notice", enforce_nonce=True)
    second = await place.post("x", nonce="rb-1:notice", enforce_nonce=True)
    loose = await place.post("x", nonce="rb-1:notice")
    place.clock.now += 181
    third = await place.post("x", nonce="rb-1:notice", enforce_nonce=True)

    assert first["id"] == second["id"]
    assert len({one["id"] for one in (first, loose, third)}) == 3
    assert second["nonce"] == "rb-1:notice"


async def test_messages_are_read_in_pages(place: Place) -> None:
    """Lists come newest first, bounded by an id before, after or around."""
    place.room.limits.enabled = False
    ids = [(await place.post(str(number)))["id"] for number in range(6)]

    async def read(**query: str) -> str:
        return "".join(one["content"] for one in await place.call("GET", MESSAGES, **query))

    assert await read() == "543210"
    assert await read(limit="2") == "54"
    assert await read(before=ids[3], limit="2") == "21"
    assert await read(after=ids[1], limit="2") == "32"
    assert await read(around=ids[2], limit="3") == "321"
    assert "limit" in (await place.call("GET", MESSAGES, limit="101"))["errors"]


async def test_only_named_people_are_called(place: Place) -> None:
    """Mentions call whom the app allows, and everybody if it says nothing."""
    text = f"<@{RESPONDER}> <@{MANAGER}> @everyone"

    loose = await place.post(text)
    bound = await place.post(text, allowed_mentions={"parse": [], "users": [MANAGER]})

    assert [one["id"] for one in loose["mentions"]] == [RESPONDER, MANAGER]
    assert loose["mention_everyone"]
    assert [one["id"] for one in bound["mentions"]] == [MANAGER]
    assert not bound["mention_everyone"]


async def test_a_thread_hangs_on_its_message(place: Place) -> None:
    """A thread has its message's id, exists once, and is put away and taken out again."""
    notice = await place.post("x")
    path = f"{MESSAGES}/{notice['id']}/threads"

    made = await place.api.post(path, json={"name": "Rollback", "auto_archive_duration": 1440})
    again = await place.call("POST", path, {"name": "Rollback"})
    nameless = await place.call("POST", path, {"name": "x" * 101, "auto_archive_duration": 5})
    reply = await place.post("plan", channel=notice["id"])
    await place.people.archive(RESPONDER, notice["id"])
    there = f"channels/{notice['id']}/messages/{reply['id']}"
    refused = await place.call("PATCH", there, {"content": "new plan"})
    opened = await place.call("PATCH", f"channels/{notice['id']}", {"archived": False})
    edited = await place.call("PATCH", there, {"content": "new plan"})

    assert (made.status_code, made.json()["id"]) == (201, notice["id"])
    assert made.json()["parent_id"] == DEPLOYS
    assert again["code"] == 160004
    assert set(nameless["errors"]) == {"name", "auto_archive_duration"}
    assert refused["code"] == 50083
    assert opened["thread_metadata"]["archived"] is False
    assert edited["content"] == "new plan"


async def test_a_message_takes_a_thread_out_unless_it_is_locked(place: Place) -> None:
    """Writing reopens a thread that was put away, but not one that was locked."""
    notice = await place.post("x")
    await place.call("POST", f"{MESSAGES}/{notice['id']}/threads", {"name": "Rollback"})

    await place.people.archive(RESPONDER, notice["id"])
    await place.post("back", channel=notice["id"])
    reopened = await place.call("GET", f"channels/{notice['id']}")
    await place.people.archive(RESPONDER, notice["id"], locked=True)
    locked = await place.post("back", channel=notice["id"])
    opened = await place.call("PATCH", f"channels/{notice['id']}", {"archived": False})

    assert reopened["thread_metadata"]["archived"] is False
    assert locked["code"] == 50083
    assert opened["code"] == 50013


async def test_members_are_as_people_make_them(place: Place) -> None:
    """What becomes of a member is read at once: not screened yet, timed out, gone, closed."""
    later = "2099-01-01T00:00:00+00:00"
    await place.people.become(OUTSIDER, pending=True, communication_disabled_until=later, flags=16)
    await place.people.leave(MANAGER)
    await place.people.shut_out_app(RESPONDER)
    direct = await place.call("POST", "users/@me/channels", {"recipient_id": RESPONDER})

    outsider = await place.call("GET", f"guilds/{GUILD}/members/{OUTSIDER}")
    gone = await place.call("GET", f"guilds/{GUILD}/members/{MANAGER}")
    closed = await place.post("x", channel=direct["id"])

    assert (outsider["pending"], outsider["flags"]) == (True, 16)
    assert outsider["communication_disabled_until"] == later
    assert gone["code"] == 10007
    assert closed["code"] == 50007


async def test_direct_messages_are_opened_once(place: Place) -> None:
    """One person's direct messages are one channel, however often it is opened."""
    first = await place.call("POST", "users/@me/channels", {"recipient_id": RESPONDER})
    second = await place.call("POST", "users/@me/channels", {"recipient_id": RESPONDER})

    assert first == second
    assert (first["type"], first["recipients"][0]["id"]) == (1, RESPONDER)


async def test_buckets_are_told_and_kept(place: Place) -> None:
    """Headers tell what is left in a channel, and whoever goes on is told how long to wait."""
    answers = [await place.api.post(MESSAGES, json={"content": "x"}) for _ in range(6)]
    place.clock.now += 5
    after = await place.api.post(MESSAGES, json={"content": "x"})

    assert [one.headers["X-RateLimit-Remaining"] for one in answers[:5]] == list("43210")
    assert answers[0].headers["X-RateLimit-Limit"] == "5"
    assert answers[0].headers["X-RateLimit-Reset-After"] == "5.000"
    refused = answers[5]
    assert (refused.status_code, refused.headers["Via"]) == (429, "1.1 google")
    assert refused.json()["retry_after"] == 5
    assert refused.json()["global"] is False
    assert after.status_code == 200


async def test_there_is_a_limit_for_everything_together(place: Place) -> None:
    """The 51st call within a second is refused, whatever it is."""
    statuses = [(await place.api.get(f"channels/{DEPLOYS}")).status_code for _ in range(26)]
    statuses += [(await place.api.get("users/@me")).status_code for _ in range(24)]
    refused = await place.api.get("users/@me")

    assert set(statuses) == {200}
    assert refused.status_code == 429
    assert refused.json()["global"] is True
    assert refused.headers["X-RateLimit-Scope"] == "global"


async def test_old_messages_are_edited_seldom(place: Place) -> None:
    """A message older than an hour takes two edits, and then none for a long time."""
    said = await place.post("x")
    path = f"{MESSAGES}/{said['id']}"
    place.clock.now += 3600

    answers = [await place.api.patch(path, json={"content": "y"}) for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == 30046
    assert answers[2].json()["retry_after"] == 600
    assert "Via" in answers[2].headers


async def test_age_and_speed_are_for_the_host_to_choose() -> None:
    """The age at which edits become rare is an argument, and time may run faster."""
    clock = Clock()
    headers = {"Authorization": f"Bot {seed.BOT_TOKEN}"}
    async with running(clock=clock, old_after=100, speed=10) as room:
        api = httpx.AsyncClient(base_url=room.api_url, headers=headers, trust_env=False)
        async with api:
            said = (await api.post(MESSAGES, json={"content": "x"})).json()
            clock.now += 10
            edits = [
                await api.patch(f"{MESSAGES}/{said['id']}", json={"content": "y"}) for _ in range(3)
            ]

    assert edits[0].headers["X-RateLimit-Reset-After"] == "0.500"
    assert edits[2].json()["code"] == 30046


@pytest.mark.parametrize(
    ("fault", "status", "code", "is_applied"),
    [
        ({"status": 502}, 502, 0, False),
        ({"status": 502, "applied": True}, 502, 0, True),
        ({"status": 403, "code": 50013}, 403, 50013, False),
        ({"status": 429, "code": 30046, "retry_after": 900}, 429, 30046, False),
    ],
)
async def test_faults_come_on_request(
    place: Place, fault: dict[str, Any], status: int, code: int, *, is_applied: bool
) -> None:
    """The next edit fails as it was asked to, once, and took effect only if that was asked, too."""
    said = await place.post("x")
    await place.people.misbehave(kind="http", method="update_message", **fault)

    answer = await place.api.patch(f"{MESSAGES}/{said['id']}", json={"content": "y"})
    [seen] = await place.people.messages(DEPLOYS)
    after = await place.api.patch(f"{MESSAGES}/{said['id']}", json={"content": "z"})

    assert (answer.status_code, answer.json().get("code", 0)) == (status, code)
    assert seen["content"] == ("y" if is_applied else "x")
    assert after.status_code == 200


async def test_the_library_waits_as_long_as_it_is_told(place: Place, join: Join) -> None:
    """Told that it called too often, discord.py waits and posts once."""
    app = App()
    await join(app)
    channel = app.get_channel(int(DEPLOYS))
    assert isinstance(channel, discord.TextChannel)
    fault = {"method": "create_message", "status": 429, "retry_after": 0.05}
    await place.people.misbehave(kind="http", times=2, **fault)

    await channel.send("at last")

    assert [one["content"] for one in await place.people.messages(DEPLOYS)] == ["at last"]


async def test_the_library_gives_up_what_takes_too_long(place: Place, join: Join) -> None:
    """An edit of an old message that would have to wait long is an error in discord.py."""
    app = App()
    await join(app)
    channel = app.get_channel(int(DEPLOYS))
    assert isinstance(channel, discord.TextChannel)
    said = await channel.send("x")
    place.clock.now += 3600
    for text in ("y", "z"):
        await said.edit(content=text)

    with pytest.raises(discord.RateLimited) as refusal:
        await said.edit(content="one too many")

    assert refusal.value.retry_after == 600
