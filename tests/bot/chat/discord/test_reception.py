"""Commands, clicks and forms: decided first, answered in time, and privately."""

from bot.domain.people import Account
from bot.invocation import Answer
from bot.message import Line, Message
from tests.bot.chat.discord.conftest import CARD, GUILD, TICKET, FakeDesk, Server, texts


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
    assert result.response is not None
    assert result.response.ephemeral
    assert texts(result.response.components) == "Preparing the \\*plan\\*."


async def test_a_card_has_buttons_that_reach_the_desk(server: Server, desk: FakeDesk) -> None:
    """The button's verb, value and message arrive."""
    posted = await server.chat.post(server.place, CARD, thread=None, key="rb-7f3k:card")
    message = server.deploys.last_message
    assert message is not None

    result = await server.manager.click(message, label="Approve")

    [(verb, asked)] = desk.asked
    assert (verb, asked.value, asked.message) == ("approve", TICKET, posted.message)
    assert result.response is not None
    assert texts(result.response.components) == "Done."
