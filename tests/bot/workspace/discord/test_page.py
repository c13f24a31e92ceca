"""What the page is told, what people do there, and the process that serves it."""

import asyncio
import json
import signal
import sys

import httpx

from bot.workspace.discord import seed
from bot.workspace.discord.client import Guild
from bot.workspace.discord.server import running
from bot.workspace.pages import FILES
from bot.workspace.wire import Json
from tests.bot.workspace.discord.conftest import (
    DEPLOYS,
    GENERAL,
    MANAGER,
    OUTSIDER,
    RESPONDER,
    App,
    Join,
    Place,
)


async def test_the_state_has_everything(place: Place) -> None:
    """One object holds the guild, its people, channels, threads and messages."""
    notice = await place.post("x", nonce="rb-1", enforce_nonce=True)
    path = f"channels/{DEPLOYS}/messages/{notice['id']}/threads"
    await place.call("POST", path, {"name": "Rollback"})
    direct = await place.call("POST", "users/@me/channels", {"recipient_id": RESPONDER})
    await place.people.leave(OUTSIDER)

    state = await place.people.state()

    assert state["platform"] == "discord"
    assert state["team"] == {"id": seed.GUILD["id"], "name": "Twokey demo shop"}
    assert state["bot"] == {"id": seed.BOT, "name": "Twokey"}
    assert [one["real_name"] for one in state["people"]] == [*seed.PEOPLE.values()]
    channels = {one["id"]: one for one in state["channels"]}
    assert list(channels) == [DEPLOYS, GENERAL, notice["id"], direct["id"]]
    thread = channels[notice["id"]]
    assert (thread["type"], thread["parent_id"], thread["is_im"]) == (11, DEPLOYS, False)
    private = channels[direct["id"]]
    assert (private["members"], private["user"]) == ([RESPONDER, seed.BOT], RESPONDER)
    assert state["messages"][DEPLOYS][0]["nonce"] == "rb-1"
    assert (state["commands"], state["other"]) == ([], {})
    assert set(state["ephemerals"]) == set(state["views"]) == set(seed.PEOPLE)


async def test_commands_and_the_other_chat_are_told() -> None:
    """The page knows what can be typed here, and where the same people meet otherwise."""
    other = {"platform": "slack", "url": "http://127.0.0.1:1"}
    headers = {"Authorization": f"Bot {seed.BOT_TOKEN}"}
    here = f"/guilds/{seed.GUILD['id']}"
    async with (
        running(other=other) as room,
        Guild(room.url) as people,
        httpx.AsyncClient(base_url=room.api_url, headers=headers, trust_env=False) as api,
    ):
        for place, names in (("", "ab"), (here, "bc")):
            commands = [{"name": name, "description": place or "all"} for name in names]
            await api.put(f"applications/{seed.APP}{place}/commands", json=commands)
        state = await people.state()

    assert state["other"] == other
    told = [(one["name"], one["description"]) for one in state["commands"]]
    assert told == [("b", here), ("c", here), ("a", "all")]


async def test_every_change_is_news(place: Place) -> None:
    """A page that listens first hears everything, then each change as it comes."""
    async with (
        httpx.AsyncClient(base_url=place.room.url, trust_env=False) as page,
        page.stream("GET", "/page/events") as news,
    ):
        lines = news.aiter_lines()

        async def heard() -> Json:
            async for line in lines:
                if line:
                    told: Json = json.loads(line.removeprefix("data: "))
                    return told
            raise ConnectionError

        first = await heard()
        said = await place.post("x")
        posted = await heard()
        await place.call("DELETE", f"channels/{DEPLOYS}/messages/{said['id']}")
        gone = await heard()
        await place.call("POST", "users/@me/channels", {"recipient_id": RESPONDER})
        opened = await heard()

    assert (first["kind"], first["platform"]) == ("state", "discord")
    assert (posted["kind"], posted["channel"], posted["message"]["content"]) == (
        "message", DEPLOYS, "x",
    )  # fmt: skip
    assert gone == {"kind": "gone", "channel": DEPLOYS, "id": said["id"]}
    assert (opened["kind"], opened["channel"]["user"]) == ("channel", RESPONDER)


async def test_the_page_is_the_other_chats_page(place: Place) -> None:
    """The page and its files are served from one folder, with headers that bind them."""
    async with httpx.AsyncClient(base_url=place.room.url, trust_env=False) as page:
        index = await page.get("/")
        linked = await page.get(f"/channels/{seed.GUILD['id']}/{DEPLOYS}/5")
        script = await page.get("/static/app.js")

    assert index.text == (FILES / "index.html").read_text()
    assert "default-src 'none'" in index.headers["Content-Security-Policy"]
    assert (linked.status_code, linked.headers["Location"]) == (302, f"/#{DEPLOYS}/5")
    assert script.status_code == 200


async def test_a_wish_that_cannot_be_read_is_refused(place: Place) -> None:
    """The page says what is wrong with what it was asked."""
    async with httpx.AsyncClient(base_url=place.room.url, trust_env=False) as page:
        answer = await page.post("/page/click", json={"user": RESPONDER})

    assert answer.status_code == 400
    assert "custom_id" in answer.json()["error"]


async def test_commands_are_offered_to_whom_they_are_for(place: Place, join: Join) -> None:
    """A command is offered to whom its permissions let, and in the guild alone."""
    await join(App())
    where = f"applications/{seed.APP}/guilds/{seed.GUILD['id']}/commands"
    command = {"name": "rollback", "description": "x", "default_member_permissions": 0}
    await place.call("PUT", where, [command])
    direct = await place.call("POST", "users/@me/channels", {"recipient_id": seed.OWNER})

    plain = await place.people.command(MANAGER, DEPLOYS, "/rollback")
    owner = await place.people.command(seed.OWNER, DEPLOYS, "/rollback")
    private = await place.people.command(seed.OWNER, direct["id"], "/rollback")

    assert plain["error"] == private["error"] == "unknown_command"
    assert owner["error"] == "operation_timeout"


async def test_a_command_that_lacks_something_is_not_sent(place: Place) -> None:
    """Discord itself tells in private what is missing, and the app hears nothing of it."""
    option = {"type": 3, "name": "target", "description": "x", "required": True}
    command = {"name": "rollback", "description": "x", "options": [option]}
    await place.call("PUT", f"applications/{seed.APP}/commands", [command])

    outcome = await place.people.command(MANAGER, DEPLOYS, "/rollback")

    assert outcome["error"] == "missing_option"
    [told] = await place.people.ephemerals(MANAGER)
    assert (told["content"], told["failed"]) == (
        "/rollback: The command needs one option more.", True,
    )  # fmt: skip


async def test_whoever_left_does_nothing_in_the_guild(place: Place) -> None:
    """Who is no member any more neither writes nor presses."""
    await place.people.leave(OUTSIDER)

    assert (await place.people.say(OUTSIDER, DEPLOYS, "x"))["error"] == "not_in_channel"


async def test_the_process_says_where_it_is_and_stops_when_told() -> None:
    """One line of JSON on stdout names the addresses; a TERM ends it well."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.workspace.discord", "--port", "0", "--no-limits"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        about = json.loads(await process.stdout.readline())
        async with Guild(about["url"]) as people:
            state = await people.state()
    finally:
        process.send_signal(signal.SIGTERM)
        rest, _ = await process.communicate()

    assert about["api"] == about["url"] + "/api/v10"
    assert about["gateway"] == about["url"].replace("http", "ws") + "/gw"
    assert state["team"]["id"] == seed.GUILD["id"]
    assert (process.returncode, rest) == (0, b"")
