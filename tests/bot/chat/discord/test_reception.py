"""Commands, clicks and forms: decided first, answered in time, and privately."""

from typing import Any

import pytest
from simcord.results import InteractionResult

from bot.domain.people import Account
from bot.domain.target import Place
from bot.invocation import Answer
from bot.message import Dialog, Input, Line, Message
from tests.bot.chat.discord.conftest import (
    CARD,
    GUILD,
    TICKET,
    FakeDesk,
    Server,
    texts,
)

WHY = Dialog(
    "Rejected",
    "reject_because",
    TICKET,
    (Input("because", "Why not?", hint="in a sentence", is_long=True),),
)


def told(result: InteractionResult) -> list[str]:
    """What the person reads as answers, which only they may see."""
    answers = [result.response, *result.followups]
    seen = [answer for answer in answers if answer is not None]
    assert all(answer.ephemeral for answer in seen)
    return [texts(answer.components) for answer in seen]


async def card(server: Server, place: Place | None = None) -> Any:
    """A message with a button."""
    await server.chat.post(place or server.place, CARD, thread=None, key="rb-7f3k:card")
    assert server.deploys.last_message is not None
    return server.deploys.last_message


async def test_a_command_is_answered_privately(server: Server, desk: FakeDesk) -> None:
    """The desk gets who, where and what was filled in, and only the person sees the answer."""
    desk.answer = Answer(Message("Preparing.", (Line(("Preparing the *plan*.",)),)))

    result = await server.responder.slash(
        server.deploys, "rollback", target="backend", reason="API answers 500"
    )

    [(verb, asked)] = desk.asked
    assert verb == "rollback"
    assert asked.account == Account("discord", GUILD, str(server.responder.id))
    assert asked.place == server.place
    assert asked.fields == {"target": "backend", "reason": "API answers 500"}
    assert told(result) == ["Preparing the \\*plan\\*."]


async def test_another_command_is_a_part_of_twokey(server: Server, desk: FakeDesk) -> None:
    """What else can be typed stands under one name."""
    await server.responder.slash(server.deploys, "twokey status", id="rb-7f3k")

    [(verb, asked)] = desk.asked
    assert (verb, asked.fields) == ("status", {"id": "rb-7f3k"})


async def test_a_click_reaches_the_desk_and_its_answer_the_person(
    server: Server, desk: FakeDesk
) -> None:
    """The button's verb, value and message arrive, and the card itself stays as it is."""
    message = await card(server)

    result = await server.manager.click(message, label="Approve")

    [(verb, asked)] = desk.asked
    assert (verb, asked.value, asked.message) == ("approve", TICKET, str(message.id))
    assert asked.account.user == str(server.manager.id)
    assert told(result) == ["Done."]
    assert server.deploys.history() == [message]


async def test_a_button_works_after_a_restart(server: Server, desk: FakeDesk) -> None:
    """All that it needs is in its id: no process has to remember it."""
    message = await card(server)

    await server.restart()
    result = await server.manager.click(message, label="Approve")

    assert [(verb, asked.value) for verb, asked in desk.asked] == [("approve", TICKET)]
    assert told(result) == ["Done."]


async def test_a_click_in_direct_messages_counts_the_same(server: Server, desk: FakeDesk) -> None:
    """The place of a click in a direct message is the opened channel, and its server is ours."""
    account = Account("discord", GUILD, str(server.manager.id))
    posted = await server.chat.post(Place.direct(account), CARD, thread=None, key="ask")
    user = server.manager.user
    message = user.dm_channel.last_message

    result = await user.click(message, label="Approve")

    [(_, asked)] = desk.asked
    assert asked.account == account
    assert asked.place == posted.place
    assert told(result) == ["Done."]


async def test_a_click_in_a_thread_names_the_thread(server: Server, desk: FakeDesk) -> None:
    """A card stands in the thread of its notice, and is answered there."""
    notice = await server.chat.post(server.place, CARD, thread=None, key="notice")
    reply = await server.chat.post(server.place, CARD, thread=notice, key="card")
    [thread] = server.deploys.threads

    result = await server.manager.click(thread.history()[-1], label="Approve")

    [(_, asked)] = desk.asked
    assert (asked.place.channel, asked.message) == (notice.message, reply.message)
    assert told(result) == ["Done."]


async def test_a_command_in_a_thread_counts_for_its_channel(server: Server, desk: FakeDesk) -> None:
    """Whoever asks under a notice asks in its channel."""
    notice = await server.chat.post(server.place, CARD, thread=None, key="notice")
    await server.chat.post(server.place, CARD, thread=notice, key="card")
    [thread] = server.deploys.threads

    await server.responder.slash(thread, "rollback", target="backend")

    assert desk.asked[0][1].place == server.place


async def test_a_click_with_nothing_to_say_is_taken_silently(
    server: Server, desk: FakeDesk
) -> None:
    """The card says it all, so nobody gets another line."""
    desk.answer = Answer()

    message = await card(server)
    result = await server.manager.click(message, label="Approve")

    assert result.acknowledged
    assert result.followups == []
    assert server.deploys.history(viewer=server.manager) == [message]


async def test_a_command_with_nothing_to_say_leaves_nothing(server: Server, desk: FakeDesk) -> None:
    """Of too many commands only the first is answered."""
    desk.answer = Answer()

    result = await server.responder.slash(server.deploys, "rollback", target="backend")

    assert result.acknowledged
    assert server.deploys.history(viewer=server.responder) == []


async def test_a_form_opens_and_its_words_come_back(server: Server, desk: FakeDesk) -> None:
    """A click that decides opens its form, which knows what it is about and where it was opened."""
    desk.answer = Answer(Message("You rejected rb-7f3k."), WHY)
    message = await card(server)

    shown = await server.manager.click(message, label="Approve")
    desk.answer = Answer(Message("Noted."))
    result = await server.manager.submit_modal(shown, {"because": "a fix is <merged>"})

    assert shown.modal is not None
    assert shown.modal["title"] == "Rejected"
    assert told(shown) == ["You rejected rb-7f3k."]
    verb, asked = desk.asked[-1]
    assert (verb, asked.value) == ("reject_because", TICKET)
    assert asked.fields == {"because": "a fix is <merged>"}
    assert (asked.place, asked.message) == (server.place, str(message.id))
    assert told(result) == ["Noted."]


async def test_a_form_works_after_a_restart(server: Server, desk: FakeDesk) -> None:
    """Somebody may type while the bot is replaced."""
    desk.answer = Answer(dialog=WHY)
    shown = await server.manager.click(await card(server), label="Approve")

    await server.restart()
    desk.answer = Answer()
    result = await server.manager.submit_modal(shown, {"because": "x"})

    assert desk.asked[-1][0] == "reject_because"
    assert result.acknowledged


async def test_a_form_after_a_command_is_answered(server: Server, desk: FakeDesk) -> None:
    """There is no message that could stay as it is, so something is said and taken away."""
    desk.answer = Answer(dialog=WHY)
    shown = await server.responder.slash(server.deploys, "rollback", target="backend")
    desk.answer = Answer()

    result = await server.responder.submit_modal(shown, {"because": "x"})

    assert result.acknowledged
    assert server.deploys.history(viewer=server.responder) == []


async def test_an_answer_that_comes_too_late_is_told_directly(
    server: Server, desk: FakeDesk
) -> None:
    """If not even the first answer got through, the outcome does not get lost."""
    server.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062, times=1)
    server.env.inject_error("POST", "/webhooks/*", status=404, code=10015, times=None)

    await server.manager.click(await card(server), label="Approve")
    await server.env.settle()

    message = server.manager.user.dm_channel.last_message
    assert message is not None
    assert "Done." in str([one.to_dict() for one in message.components])


async def test_whoever_answers_second_says_nothing(server: Server, desk: FakeDesk) -> None:
    """Two bots get each click, and Discord takes one first answer (40060)."""
    server.env.inject_error("POST", "/interactions/*/callback", status=400, code=40060, times=1)

    result = await server.manager.click(await card(server), label="Approve")

    assert told(result) == []
    assert server.manager.user.dm_channel.last_message is None


async def test_a_broken_desk_is_admitted_without_its_words(
    server: Server, desk: FakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    """The person learns that the outcome is not known, and the log where it broke and no more."""
    desk.answer = RuntimeError("INSERT failed, parameters: SECRET-CANARY")

    result = await server.responder.slash(server.deploys, "rollback", target="backend")

    [sentence] = told(result)
    assert "it is not known whether this was recorded" in sentence
    assert "RuntimeError" in caplog.text
    assert "_answer" in caplog.text
    assert "SECRET-CANARY" not in caplog.text


async def test_an_unknown_button_is_for_the_desk_to_refuse(
    server: Server, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A button that we never drew has no verb, so that the refusal is written down."""
    monkeypatch.setattr("bot.chat.discord.components.pack", lambda *_, **__: "Shell/1")
    message = await card(server)

    result = await server.manager.click(message, label="Approve")

    [(verb, asked)] = desk.asked
    assert (verb, asked.value) == ("", "")
    assert asked.account.user == str(server.manager.id)
    assert told(result) == ["Done."]


@pytest.mark.parametrize("body", [{}, {"type": 3}, {"type": 4, "id": "1", "token": []}])
async def test_what_can_not_be_answered_is_counted(server: Server, body: dict[str, Any]) -> None:
    """A delivery without an address is nobody's."""
    server.reception.take(body)
    await server.env.settle()

    assert sum(server.reception.turned_away.values()) == 1


async def test_options_are_suggested(server: Server, desk: FakeDesk) -> None:
    """The desk sees what is filled in so far, and Discord gets what it takes: 25, none cut."""
    long = "x" * 101
    desk.suggestions = (*(f"v{number}" for number in range(30)), long)[::-1]

    choices = await server.responder.autocomplete(
        server.deploys, "rollback", "to", "v", target="backend"
    )

    [(what, asked)] = desk.asked
    assert what == "rollback?to"
    assert asked.fields == {"target": "backend", "to": "v"}
    assert [choice["value"] for choice in choices] == [f"v{n}" for n in range(29, 4, -1)]


async def test_a_failing_suggestion_is_none(server: Server, desk: FakeDesk) -> None:
    """Nobody who types is told of an error."""
    desk.suggestions = RuntimeError("SECRET-CANARY")

    assert await server.responder.autocomplete(server.deploys, "rollback", "target", "b") == []
