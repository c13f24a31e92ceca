"""Messages on the wire, and what Slack's refusals mean."""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web

from bot.chat.slack.client import SlackChat
from bot.chat.slack.team import METHODS, SlackSettings, Team, opened
from bot.domain.target import Place
from bot.message import Line, Message
from bot.ports import ChatBusy, ChatRefused, ChatUnreachable, Reference, Remedy
from bot.workspace.slack.client import Workspace

DEPLOYS = Place("slack", "T00TWOKEY", "C00DEPLOYS")
GENERAL = Place("slack", "T00TWOKEY", "C00GENERAL")
MANAGER = Place("slack", "T00TWOKEY", "@U00MANAGER1")
ASKED = Message("Asked.", (Line(("Asked",)),))
ENDED = Message("Ended.", (Line(("Ended",)),))

Odd = tuple[Team, dict[str, Callable[[], web.Response]]]


async def test_a_message_is_posted_edited_and_linked(team: Team, people: Workspace) -> None:
    """The same message changes in place, keeps its key, and has an address."""
    chat = SlackChat(team)

    posted = await chat.post(DEPLOYS, ASKED, thread=None, key="rb-1:notice")
    await chat.edit(posted, ENDED)
    link = await chat.link(posted)

    [message] = await people.messages("C00DEPLOYS")
    assert message["text"] == "Ended."
    assert message["metadata"]["event_payload"] == {"key": "rb-1:notice"}
    assert posted == Reference(DEPLOYS, message["ts"])
    assert link.endswith(f"/archives/C00DEPLOYS/p{posted.message.replace('.', '')}")


async def test_a_thread_hangs_on_its_notice(team: Team, people: Workspace) -> None:
    """What is posted with a thread stands under it."""
    chat = SlackChat(team)

    notice = await chat.post(DEPLOYS, ASKED, thread=None, key="notice")
    card = await chat.post(DEPLOYS, ASKED, thread=notice, key="card")

    [reply] = await people.thread("C00DEPLOYS", notice.message)
    assert reply["ts"] == card.message


async def test_a_place_that_is_a_person_means_their_direct_messages(
    team: Team, people: Workspace
) -> None:
    """The reference of a direct message names the opened channel, so that it can be edited."""
    chat = SlackChat(team)

    posted = await chat.post(MANAGER, ASKED, thread=None, key="ask")
    await chat.edit(posted, ENDED)

    assert posted.place.channel == "D00MANAGER1"
    assert [one["text"] for one in await people.messages("D00MANAGER1")] == ["Ended."]


async def test_a_message_whose_answer_was_lost_is_found_by_its_key(
    team: Team, people: Workspace
) -> None:
    """After a lost answer the message is there, and only its own key finds it."""
    chat = SlackChat(team)
    await people.misbehave(kind="http", method="chat.postMessage", status=500, applied=True)

    with pytest.raises(ChatUnreachable):
        await chat.post(DEPLOYS, ASKED, thread=None, key="rb-1:notice")
    found = await chat.find(DEPLOYS, thread=None, key="rb-1:notice")
    other = await chat.find(DEPLOYS, thread=None, key="rb-2:notice")

    [message] = await people.messages("C00DEPLOYS")
    assert found == Reference(DEPLOYS, message["ts"])
    assert other is None


async def test_a_lost_reply_is_found_in_its_thread(team: Team) -> None:
    """A reply is looked for where it would stand."""
    chat = SlackChat(team)
    notice = await chat.post(DEPLOYS, ASKED, thread=None, key="notice")
    card = await chat.post(DEPLOYS, ASKED, thread=notice, key="card")

    assert await chat.find(DEPLOYS, thread=notice, key="card") == card
    assert await chat.find(DEPLOYS, thread=None, key="card") is None


async def test_looking_for_a_message_ends(odd_team: Odd) -> None:
    """A channel without end is read for three pages."""
    team, answers = odd_team
    pages: list[int] = []

    def history() -> web.Response:
        pages.append(1)
        more = {"next_cursor": "on"}
        return web.json_response({"ok": True, "messages": [], "response_metadata": more})

    answers["conversations.history"] = history

    found = await SlackChat(team).find(DEPLOYS, thread=None, key="rb-1:notice")

    assert found is None
    assert len(pages) == 3


async def test_a_channel_without_twokey_names_the_way_in(team: Team) -> None:
    """Whoever reads the refusal knows what to type where."""
    with pytest.raises(ChatRefused, match="type /invite @Twokey") as refusal:
        await SlackChat(team).post(GENERAL, ASKED, thread=None, key="notice")

    assert "C00GENERAL" in str(refusal.value)
    assert refusal.value.remedy is Remedy.LATER


async def test_a_message_that_is_gone_may_be_posted_anew(team: Team) -> None:
    """An edit of a deleted message is refused in a way that says so."""
    gone = Reference(DEPLOYS, "1.000001")

    with pytest.raises(ChatRefused) as refusal:
        await SlackChat(team).edit(gone, ASKED)

    assert refusal.value.remedy is Remedy.ANEW


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message"])
async def test_a_message_that_can_not_change_may_be_posted_anew(odd_team: Odd, code: str) -> None:
    """A closed edit window, or a message of somebody else, asks for a new message."""
    team, answers = odd_team
    answers["chat.update"] = lambda: web.json_response({"ok": False, "error": code})

    with pytest.raises(ChatRefused) as refusal:
        await SlackChat(team).edit(Reference(DEPLOYS, "1.000001"), ASKED)

    assert refusal.value.remedy is Remedy.ANEW


async def test_slack_asks_to_wait(team: Team, people: Workspace) -> None:
    """The time that Slack names is handed on, and nothing is sent twice."""
    await people.misbehave(kind="http", method="chat.postMessage", status=429, retry_after=7)

    with pytest.raises(ChatBusy) as busy:
        await SlackChat(team).post(DEPLOYS, ASKED, thread=None, key="notice")

    assert busy.value.seconds == 7
    assert await people.messages("C00DEPLOYS") == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.json_response({"ok": False, "error": "internal_error"}, status=502),
        lambda: web.json_response({"ok": False, "error": "internal_error"}),
        lambda: web.json_response({"ok": False, "error": "token_revoked"}),
        lambda: web.Response(text="<h1>Gateway</h1>", content_type="text/html"),
        lambda: web.Response(text="blocked by the proxy"),
        lambda: web.Response(text="{", content_type="application/json"),
        lambda: web.Response(status=503),
    ],
)
async def test_an_answer_that_says_nothing_leaves_it_open(
    odd_team: Odd, answer: Callable[[], web.Response]
) -> None:
    """Whatever does not prove a refusal may have posted the message, and is tried again."""
    team, answers = odd_team
    answers["chat.postMessage"] = answer

    with pytest.raises(ChatUnreachable):
        await SlackChat(team).post(DEPLOYS, ASKED, thread=None, key="notice")


async def test_nobody_listens() -> None:
    """A connection that is refused leaves it open as well."""
    nobody = SlackSettings(
        team="T00TWOKEY", bot_token="xoxb-1", app_token="xapp-1", api_base="http://127.0.0.1:9/"
    )

    async with opened(nobody) as team:
        with pytest.raises(ChatUnreachable):
            await SlackChat(team).post(DEPLOYS, ASKED, thread=None, key="notice")


async def test_a_post_is_sent_once() -> None:
    """A connection that breaks after the post may have posted, so it is not repeated."""
    posts: list[bytes] = []

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        posts.append(await reader.readuntil(b"\r\n"))
        writer.close()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    broken = SlackSettings(
        team="T1", bot_token="xoxb-1", app_token="xapp-1", api_base=f"http://127.0.0.1:{port}/api/"
    )

    async with server, opened(broken) as team:
        with pytest.raises(ChatUnreachable):
            await SlackChat(team).post(DEPLOYS, ASKED, thread=None, key="notice")

    assert posts == [b"POST /api/chat.postMessage HTTP/1.1\r\n"]


async def test_every_method_has_its_scopes(team: Team) -> None:
    """A method without an entry in the table can't be called at all."""
    assert "chat.delete" not in METHODS
    with pytest.raises(KeyError, match="no entry in METHODS"):
        await team.call("chat.delete", channel="C00DEPLOYS", ts="1.000001")
