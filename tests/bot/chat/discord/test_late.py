"""What is late or lost on its way: announced, amended, or told directly, over the wire."""

import asyncio
from collections.abc import Callable

import pytest

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.gateway import DiscordGateway
from bot.chat.discord.guild import Guild
from bot.domain.target import Place
from bot.invocation import Answer
from bot.message import Dialog, Input, Message
from bot.workspace.discord.client import Guild as Workspace
from bot.workspace.wire import Json
from tests.bot.chat.discord.conftest import (
    CARD,
    COMMANDS,
    DEPLOYS,
    MANAGER,
    RECORDED,
    RESPONDER,
    SHOP,
    STILL_SAVING,
    TICKET,
    FakeDesk,
    buttons,
    eventually,
    texts,
)

ASK = "/rollback target:backend"
WHY = Dialog("Rejected", "reject_because", TICKET, (Input("because", "Why not?"),))

pytestmark = pytest.mark.usefixtures("gateway")


async def told(people: Workspace, user: str) -> list[str]:
    """What only this person sees, oldest first."""
    return [texts(one["components"]) for one in await people.ephemerals(user)]


async def until_told(people: Workspace, user: str, *sentences: str) -> None:
    """Wait until exactly this is what the person sees."""
    seen = reading(user)
    await people.until(lambda state: seen(state) == list(sentences))


def reading(user: str) -> Callable[[Json], list[str]]:
    """How to see in a state what a person reads."""
    return lambda state: [texts(one["components"]) for one in state["ephemerals"][user]]


def direct(state: Json) -> list[str]:
    """What stands on the cards that the manager got directly."""
    channels = [one["id"] for one in state["channels"] if one.get("type") == 1]
    written = [message for id_ in channels for message in state["messages"].get(id_, [])]
    return [texts(one["components"]) for one in written if one["components"]]


async def click(people: Workspace, chat: DiscordChat) -> Json:
    """Press the button of a new card."""
    posted = await chat.post(Place("discord", SHOP, DEPLOYS), CARD, thread=None, key="card")
    [message] = await people.messages(DEPLOYS)
    [button] = buttons(message["components"])
    return await people.click(MANAGER, DEPLOYS, posted.message, button["custom_id"])


async def test_a_slow_desk_is_announced_and_followed(people: Workspace, desk: FakeDesk) -> None:
    """Nobody is told that something is recorded before it is, and the outcome takes its place."""
    desk.is_open.clear()

    outcome = await people.command(RESPONDER, DEPLOYS, ASK)
    early = await told(people, RESPONDER)
    desk.is_open.set()

    assert outcome["ok"]
    assert early == [STILL_SAVING]
    await until_told(people, RESPONDER, "Done.")


async def test_a_slow_click_with_nothing_to_say_says_that_it_is_saved(
    people: Workspace, desk: FakeDesk, chat: DiscordChat
) -> None:
    """Whoever was told to wait is told how it ended."""
    desk.answer = Answer()
    desk.is_open.clear()

    outcome = await click(people, chat)
    early = await told(people, MANAGER)
    desk.is_open.set()

    assert outcome["ok"]
    assert early == [STILL_SAVING]
    await until_told(people, MANAGER, "It is saved.")


async def test_a_form_that_comes_too_late_is_admitted(
    people: Workspace, desk: FakeDesk, chat: DiscordChat
) -> None:
    """A form opens with the first answer or not at all; the decision counts without it."""
    desk.answer = Answer(Message("You rejected rb-7f3k."), WHY)
    desk.is_open.clear()

    await click(people, chat)
    desk.is_open.set()
    await people.until(lambda state: len(state["ephemerals"][MANAGER]) == 2)

    decided, no_form = sorted(await told(people, MANAGER), key=len)
    assert decided == "You rejected rb-7f3k."
    assert no_form == RECORDED


async def test_a_form_alone_that_comes_too_late_replaces_the_first_answer(
    people: Workspace, desk: FakeDesk, chat: DiscordChat
) -> None:
    """Where nothing was decided yet, nobody goes on reading that something is being saved."""
    desk.answer = Answer(dialog=WHY)
    desk.is_open.clear()

    await click(people, chat)
    early = await told(people, MANAGER)
    desk.is_open.set()
    await eventually(lambda: not answering())

    assert early == [STILL_SAVING]
    [no_form] = await told(people, MANAGER)
    assert "within the three seconds that Discord gives it" in no_form


async def test_a_form_that_does_not_open_is_admitted(
    people: Workspace, desk: FakeDesk, chat: DiscordChat
) -> None:
    """The person learns what was decided, and where the reason can be said."""
    desk.answer = Answer(Message("You rejected rb-7f3k."), WHY)
    await people.misbehave(
        kind="http", method="create_interaction_response", status=400, code=50035
    )

    await click(people, chat)
    await people.until(lambda state: len(state["ephemerals"][MANAGER]) == 2)

    no_form, decided = await told(people, MANAGER)
    assert no_form == RECORDED
    assert decided == "You rejected rb-7f3k."


@pytest.mark.parametrize(("status", "code"), [(404, 10015), (401, 50027)])
async def test_an_outcome_after_a_quarter_of_an_hour_is_told_directly(
    people: Workspace,
    desk: FakeDesk,
    chat: DiscordChat,
    caplog: pytest.LogCaptureFixture,
    status: int,
    code: int,
) -> None:
    """Then Discord takes no more answers, and how a decision ended is still theirs, once."""
    desk.is_open.clear()
    await click(people, chat)
    for method in ("update_original_webhook_message", "execute_webhook"):
        await people.misbehave(kind="http", method=method, status=status, code=code)
    await people.misbehave(kind="http", method="create_message", status=503, applied=True)

    desk.is_open.set()
    await people.until(direct)
    await eventually(lambda: not answering())

    assert direct(await people.state()) == ["Done."]
    assert await told(people, MANAGER) == [STILL_SAVING]
    assert "DISCORD_BOT_TOKEN" not in caplog.text  # it is the click's token that is worn out


async def test_whoever_can_not_be_told_directly_is_given_up(
    people: Workspace, desk: FakeDesk, chat: DiscordChat, caplog: pytest.LogCaptureFixture
) -> None:
    """The card says what is recorded, and the log whom it did not reach."""
    desk.is_open.clear()
    await click(people, chat)
    await people.shut_out_app(MANAGER)
    for method in ("update_original_webhook_message", "execute_webhook"):
        await people.misbehave(kind="http", method=method, status=404, code=10015)

    desk.is_open.set()
    await eventually(lambda: not answering())

    assert f"can't reach discord:{SHOP}/@{MANAGER}" in caplog.text


async def test_that_it_takes_longer_is_told_once_or_not_at_all(
    people: Workspace, desk: FakeDesk, chat: DiscordChat
) -> None:
    """A first line that does not get through holds up no outcome."""
    desk.is_open.clear()
    await people.misbehave(
        kind="http", method="create_interaction_response", status=404, code=10062
    )

    asking = asyncio.create_task(click(people, chat))
    await eventually(lambda: bool(desk.asked))
    await asyncio.sleep(0.4)  # longer than our patience
    desk.is_open.set()

    assert await people.until(direct) == ["Done."]
    asking.cancel()


@pytest.mark.parametrize("status", [500, 502])
async def test_our_own_earlier_try_is_no_other_bot(
    people: Workspace, desk: FakeDesk, chat: DiscordChat, status: int
) -> None:
    """Discord may take an answer and stumble; the outcome takes its place all the same."""
    desk.is_open.clear()
    await people.misbehave(
        kind="http", method="create_interaction_response", status=status, applied=True
    )

    asking = asyncio.create_task(click(people, chat))
    await people.until(lambda state: state["ephemerals"][MANAGER])
    await eventually(lambda: len(desk.asked) == 1)
    desk.is_open.set()
    await eventually(lambda: not answering())

    assert await told(people, MANAGER) == ["Done."]
    asking.cancel()


async def test_a_delivery_that_comes_twice_has_one_id(
    people: Workspace, desk: FakeDesk, chat: DiscordChat
) -> None:
    """A repeated click is recognised by the desk, and the person gets one answer."""
    await people.misbehave(kind="duplicate")

    await click(people, chat)
    await eventually(lambda: len(desk.asked) == 2 and not answering())

    [first, second] = [asked.delivery for _, asked in desk.asked]
    assert first == second
    assert "Done." in await told(people, MANAGER)


async def test_what_another_bot_answered_stays_as_it_is(
    people: Workspace, desk: FakeDesk, chat: DiscordChat, guild: Guild
) -> None:
    """Whoever learns late, and perhaps wrongly, how it ended changes neither card nor answer."""
    desk.answer = Answer()
    late = FakeDesk(answer=Answer(Message("Nothing was recorded.")))
    late.is_open.clear()
    other = DiscordGateway(guild, chat, late, COMMANDS, patience=0.3)
    await other.start()

    await click(people, chat)
    await eventually(lambda: bool(late.asked))
    await asyncio.sleep(0.5)  # longer than the other's patience
    late.is_open.set()
    await eventually(lambda: not answering())
    await other.stop()

    [card] = await people.messages(DEPLOYS)
    assert texts(card["components"]) == "Approve?"
    assert await told(people, MANAGER) == []


async def test_a_suggestion_that_takes_too_long_is_none(
    people: Workspace, desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types goes on typing."""
    monkeypatch.setattr("bot.chat.discord.reception._SUGGESTING_SECONDS", 0.05)
    desk.is_open.clear()

    outcome = await people.autocomplete(RESPONDER, DEPLOYS, "/rollback target:b", "target")

    assert outcome["ack"]["choices"] == []


def answering() -> list[asyncio.Task[object]]:
    """What the reception is still busy with."""
    return [task for task in asyncio.all_tasks() if "Reception._" in repr(task)]
