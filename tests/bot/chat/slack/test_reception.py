"""Commands, clicks and dialogs: decided first, acknowledged in time, answered privately."""

import asyncio

import pytest

from bot.chat.slack.client import SlackChat
from bot.chat.slack.gateway import SlackGateway
from bot.chat.slack.team import Team
from bot.domain.people import Account
from bot.domain.target import Place
from bot.invocation import Answer
from bot.message import Button, Buttons, Dialog, Input, Line, Message
from bot.workspace.slack.client import Workspace
from tests.bot.chat.slack.conftest import (
    CARD,
    DEPLOYS,
    GENERAL,
    MANAGER,
    OUTSIDER,
    RECORDED,
    RESPONDER,
    STILL_SAVING,
    TICKET,
    FakeDesk,
    card,
    eventually,
    texts,
    told,
)

WHY = Dialog("Rejected", "reject_because", TICKET, (Input("because", "Why not?", is_long=True),))

pytestmark = pytest.mark.usefixtures("gateway")


async def test_a_command_is_answered_in_its_acknowledgement(
    people: Workspace, desk: FakeDesk
) -> None:
    """The desk gets who, where and the words, and the person gets the desk's answer at once."""
    desk.answer = Answer(Message("Preparing the plan.", (Line(("Preparing the *plan*.",)),)))

    outcome = await people.command(RESPONDER, GENERAL, "/rollback backend a &lt; b")

    assert outcome["ok"]
    [(verb, asked)] = desk.asked
    assert verb is None
    assert asked.account == Account("slack", "T00TWOKEY", RESPONDER)
    assert asked.place == Place("slack", "T00TWOKEY", GENERAL)
    assert asked.text == "backend a < b"
    [answer] = await people.ephemerals(RESPONDER)
    assert answer["text"] == "Preparing the plan."
    assert answer["blocks"][0]["elements"][0]["elements"][0]["text"] == "Preparing the *plan*."
    assert await texts(people, MANAGER) == []


async def test_a_slow_desk_is_announced_and_followed(people: Workspace, desk: FakeDesk) -> None:
    """Nobody is told that something is recorded before it is, and the outcome comes by itself."""
    desk.is_open.clear()

    outcome = await people.command(RESPONDER, DEPLOYS, "/rollback backend")
    early = await texts(people, RESPONDER)
    desk.is_open.set()

    assert outcome["ok"]
    assert early == [STILL_SAVING]
    assert await told(people, RESPONDER, 2) == [STILL_SAVING, "Done."]


async def test_a_click_reaches_the_desk_and_its_answer_the_person(
    people: Workspace, desk: FakeDesk, team: Team
) -> None:
    """The button's verb, value and message arrive, and the card itself stays as it is."""
    ts = await card(team)

    outcome = await people.click(MANAGER, DEPLOYS, ts, "approve")

    assert outcome["ok"]
    assert await told(people, MANAGER) == ["Done."]
    [(verb, asked)] = desk.asked
    assert verb == "approve"
    assert (asked.value, asked.message) == (TICKET, ts)
    assert asked.account.user == MANAGER
    [message] = await people.messages(DEPLOYS)
    assert "edited" not in message


async def test_a_click_in_a_thread_is_answered_in_the_thread(people: Workspace, team: Team) -> None:
    """The private answer stands where the person is looking."""
    place = Place("slack", "T00TWOKEY", DEPLOYS)
    chat = SlackChat(team)
    notice = await chat.post(place, CARD, thread=None, key="notice")
    reply = await chat.post(place, CARD, thread=notice, key="card")

    await people.click(MANAGER, DEPLOYS, reply.message, "approve")
    await told(people, MANAGER)
    await people.click(MANAGER, DEPLOYS, notice.message, "approve")
    await told(people, MANAGER, 2)

    answers = await people.ephemerals(MANAGER)
    assert [one.get("thread_ts") for one in answers] == [notice.message, None]


async def test_a_click_in_direct_messages_counts_the_same(
    people: Workspace, desk: FakeDesk, team: Team
) -> None:
    """The place of a click in a direct message is the opened channel."""
    ts = await card(team, channel=MANAGER)

    await people.click(MANAGER, "D00MANAGER1", ts, "approve")

    assert await told(people, MANAGER) == ["Done."]
    assert desk.asked[0][1].place.channel == "D00MANAGER1"


async def test_the_second_button_of_a_verb_means_the_same_verb(
    people: Workspace, desk: FakeDesk, team: Team
) -> None:
    """The number that keeps two buttons apart is no part of the verb."""
    two = Buttons((Button("Yes", "settle", "1"), Button("No", "settle", "2")))
    place = Place("slack", "T00TWOKEY", DEPLOYS)
    posted = await SlackChat(team).post(place, Message("?", (two,)), thread=None, key="card")

    await people.click(MANAGER, DEPLOYS, posted.message, "settle#2")

    [(verb, asked)] = desk.asked
    assert (verb, asked.value) == ("settle", "2")


async def test_a_slow_click_is_announced_and_followed(
    people: Workspace, desk: FakeDesk, team: Team
) -> None:
    """A click whose commit takes long says so, and later how it ended, even with nothing to say."""
    desk.is_open.clear()
    desk.answer = Answer()
    ts = await card(team)

    outcome = await people.click(MANAGER, DEPLOYS, ts, "approve")
    early = await told(people, MANAGER)
    desk.is_open.set()

    assert outcome["ok"]
    assert early == [STILL_SAVING]
    assert await told(people, MANAGER, 2) == [STILL_SAVING, "It is saved."]


async def test_a_dialog_opens_and_its_words_come_back(
    people: Workspace, desk: FakeDesk, team: Team
) -> None:
    """A click that decides opens its form afterwards, which knows what it is about."""
    ts = await card(team)
    desk.answer = Answer(Message("You rejected rb-7f3k."), WHY)

    await people.click(MANAGER, DEPLOYS, ts, "approve")
    [view] = await people.until(lambda state: state["views"][MANAGER])
    desk.answer = Answer(Message("Noted."))
    outcome = await people.submit(MANAGER, view["id"], {"because": "a fix is <merged>"})

    assert outcome["ok"]
    assert await told(people, MANAGER, 2) == ["You rejected rb-7f3k.", "Noted."]
    verb, asked = desk.asked[-1]
    assert verb == "reject_because"
    assert asked.value == TICKET
    assert asked.fields == {"because": "a fix is <merged>"}
    assert asked.place.channel == DEPLOYS
    assert (await people.state())["views"][MANAGER] == []


async def test_a_form_sent_off_where_twokey_is_not_is_answered_directly(
    people: Workspace, desk: FakeDesk
) -> None:
    """Where Slack can't show a private line, the answer comes as a direct message."""
    desk.answer = Answer(dialog=WHY)
    await people.command(OUTSIDER, GENERAL, "/rollback backend")
    [view] = await people.until(lambda state: state["views"][OUTSIDER])
    desk.answer = Answer(Message("Noted."))

    await people.submit(OUTSIDER, view["id"], {"because": "x"})
    sent = await people.until(lambda state: state["messages"].get("D00OUTSIDER"))

    assert [one["text"] for one in sent] == ["Noted."]


async def test_an_outcome_that_gets_lost_on_its_way_is_told_directly_and_once(
    people: Workspace, desk: FakeDesk, team: Team
) -> None:
    """Neither a lost private line nor a lost answer keeps the outcome from the person."""
    ts = await card(team)
    desk.is_open.clear()
    await people.click(MANAGER, DEPLOYS, ts, "approve")
    assert await told(people, MANAGER) == [STILL_SAVING]
    await people.misbehave(kind="http", method="response_url", status=500)
    await people.misbehave(kind="http", method="chat.postMessage", status=429, retry_after=0)
    await people.misbehave(kind="http", method="chat.postMessage", status=500, applied=True)
    await people.misbehave(kind="http", method="conversations.history", status=500)

    desk.is_open.set()
    await people.until(lambda state: state["messages"].get("D00MANAGER1"))
    await eventually(lambda: not answering())

    assert [one["text"] for one in await people.messages("D00MANAGER1")] == ["Done."]
    assert await texts(people, MANAGER) == [STILL_SAVING]


async def test_that_it_is_still_being_saved_is_told_once_or_not_at_all(
    people: Workspace, desk: FakeDesk, team: Team
) -> None:
    """A first line that does not get through holds up no outcome."""
    ts = await card(team)
    desk.is_open.clear()
    await people.misbehave(kind="http", method="response_url", status=500)

    await people.click(MANAGER, DEPLOYS, ts, "approve")
    desk.is_open.set()

    assert await told(people, MANAGER) == ["Done."]
    assert "D00MANAGER1" not in (await people.state())["messages"]


async def test_a_form_that_does_not_open_is_admitted(
    people: Workspace, desk: FakeDesk, team: Team
) -> None:
    """After three seconds the person learns what counts, and where the reason can be said."""
    ts = await card(team)
    desk.answer = Answer(Message("You rejected rb-7f3k."), WHY)
    await people.misbehave(kind="http", method="views.open", status=200, error="expired_trigger_id")

    await people.click(MANAGER, DEPLOYS, ts, "approve")

    no_form, decided = await told(people, MANAGER, 2)
    assert no_form == RECORDED
    assert decided == "You rejected rb-7f3k."


async def test_a_form_alone_that_does_not_open_can_be_had_again(
    people: Workspace, desk: FakeDesk, team: Team
) -> None:
    """Where nothing was decided yet, doing the same again opens the form."""
    ts = await card(team)
    desk.answer = Answer(dialog=WHY)
    await people.misbehave(kind="http", method="views.open", status=200, error="expired_trigger_id")

    await people.click(MANAGER, DEPLOYS, ts, "approve")

    [no_form] = await told(people, MANAGER)
    assert "did not open within the three seconds" in no_form
    assert "Do the same again" in no_form


async def test_a_delivery_that_comes_twice_has_one_id(
    people: Workspace, desk: FakeDesk, team: Team
) -> None:
    """Repeated commands, clicks and forms are recognised, and two acts are told apart."""
    desk.answer = Answer(dialog=WHY)
    ts = await card(team)

    await people.misbehave(kind="duplicate")
    await people.command(RESPONDER, DEPLOYS, "/rollback backend")
    await people.misbehave(kind="duplicate")
    await people.click(RESPONDER, DEPLOYS, ts, "approve")
    await people.click(RESPONDER, DEPLOYS, ts, "approve")
    await people.until(lambda state: len(state["views"][RESPONDER]) == 3)
    view = (await people.state())["views"][RESPONDER][-1]
    await people.misbehave(kind="duplicate")
    await people.submit(RESPONDER, view["id"], {"because": "x"})
    await eventually(lambda: len(desk.asked) == 7)

    ids = [asked.delivery for _, asked in desk.asked]
    assert len(ids) == 7
    assert sorted(ids.count(one) for one in set(ids)) == [1, 2, 2, 2]


async def test_a_broken_desk_is_admitted_without_its_words(
    people: Workspace, desk: FakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    """The person learns that the outcome is not known, and the log where it broke and no more."""
    desk.answer = RuntimeError("INSERT failed, parameters: SECRET-CANARY")

    await people.command(RESPONDER, DEPLOYS, "/rollback backend")

    [sentence] = await texts(people, RESPONDER)
    assert "it is not known whether this was recorded" in sentence
    assert "doing it twice counts once" in sentence
    assert "RuntimeError" in caplog.text
    assert "_answer" in caplog.text
    assert "SECRET-CANARY" not in caplog.text


async def test_an_unknown_button_goes_to_nobody(
    people: Workspace, desk: FakeDesk, team: Team, gateway: SlackGateway
) -> None:
    """A button that we never drew is acknowledged, refused with a sentence, and counted."""
    foreign = {
        "type": "button",
        "action_id": "Shell/1",
        "text": {"type": "plain_text", "text": "x"},
    }
    posted = await team.call(
        "chat.postMessage",
        channel=DEPLOYS,
        text="x",
        blocks=[{"type": "actions", "elements": [foreign]}],
    )

    outcome = await people.click(MANAGER, DEPLOYS, posted["ts"], "Shell/1")

    assert outcome["ok"]
    [sentence] = await told(people, MANAGER)
    assert sentence.endswith("Nothing was changed.")
    assert desk.asked == []
    assert sum(gateway.turned_away.values()) == 1


def answering() -> list[asyncio.Task[object]]:
    """What the reception is still busy with."""
    return [task for task in asyncio.all_tasks() if "Reception._follow" in repr(task)]
