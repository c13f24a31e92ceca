"""The desk: words and buttons find their command, and every refusal is a private answer."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.desk import CommandDesk
from bot.domain.people import Membership
from bot.domain.target import Place
from bot.invocation import Answer
from bot.message import ChannelMention, Line, Ticket
from bot.storage.store import SqlStore
from commands import COMMANDS
from tests.bot.builders import DEPLOYS
from tests.bot.engine.trouble import FaultyStore
from tests.bot.engine.world import World, world


async def no_link(_rollback_id: str, _near: Place) -> str | None:
    return "https://chat.example/notice"


def desk(here: World) -> CommandDesk:
    """Return a desk in front of this world's engine."""
    return CommandDesk(here.engine, COMMANDS, link_to=no_link)


def words(answer: Answer) -> str:
    """Return what the person reads."""
    assert answer.message
    return answer.message.text


@pytest.mark.parametrize("text", ["", "  ", "help", "--help", "-h"])
async def test_nothing_typed_is_a_call_for_help(tmp_path: Path, text: str) -> None:
    """An empty command is answered by help that names the targets."""
    async with world(tmp_path) as here:
        answer = await desk(here).typed(here.invocation("responder", text=text))
    assert words(answer) == "How to ask for a rollback."
    assert "backend" in str(answer.message)


async def test_a_request_in_the_wrong_channel_is_led_to_the_right_one(tmp_path: Path) -> None:
    """Whoever asks elsewhere reads where to ask, and nothing begins."""
    async with world(tmp_path) as here:
        elsewhere = replace(DEPLOYS, channel="C00GENERAL")
        answer = await desk(here).typed(
            here.invocation("responder", text="backend", place=elsewhere)
        )
        strays = await here.engine.store.read(lambda tx: tx.events(None))
        begun = await here.engine.store.read(lambda tx: tx.newest_open(9))
    assert "backend is rolled back from its own channel" in words(answer)
    assert answer.message
    assert answer.message.blocks[1:] == (Line(("Its channel: ", ChannelMention(DEPLOYS))),)
    assert [event.details["code"] for event in strays] == ["wrong_channel"]
    assert not begun


@pytest.mark.parametrize("text", ["approve rb-1000", "reject rb-1000", "stop"])
async def test_decisions_can_not_be_typed(tmp_path: Path, text: str) -> None:
    """Decisions are buttons on the card, so that nobody decides on what they don't see."""
    async with world(tmp_path) as here:
        answer = await desk(here).typed(here.invocation("manager-one", text=text))
        strays = await here.engine.store.read(lambda tx: tx.events(None))
    assert "is a button on the card" in words(answer)
    assert [event.details["code"] for event in strays] == ["bad_request"]


@pytest.mark.parametrize(
    ("verb", "value"),
    [
        ("approve", "garbage"),
        ("approve", ""),
        ("approve", "2|rb-1000||"),
        ("approve", "1|rb-1000|" + "f" * 63 + "|"),
        ("nonsense", str(Ticket("rb-1000"))),
        ("settle_yes", "1|rb-1000||../../etc"),
    ],
)
async def test_a_forged_button_is_refused_and_written_down(
    tmp_path: Path, verb: str, value: str
) -> None:
    """A value or a verb that is not ours changes nothing and leaves one audit entry."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        invocation = here.invocation("manager-one", value=value)
        answer = await desk(here).pressed(verb, invocation)
        strays = await here.engine.store.read(lambda tx: tx.events(None))
        assert (await here.load(rollback.id)).given == 0
    assert "Nothing was changed" in words(answer)
    assert [event.details["code"] for event in strays] == ["tampered"]


@pytest.mark.parametrize("verb", ["rollback", "status", "help"])
async def test_a_word_to_type_is_no_button(tmp_path: Path, verb: str) -> None:
    """No card has a button for a typed command, so such a click is refused."""
    async with world(tmp_path) as here:
        answer = await desk(here).pressed(verb, here.invocation("manager-one"))
    assert "Nothing was changed" in words(answer)


@pytest.mark.parametrize("person", ["manager-one", "outsider"])
async def test_a_full_disk_is_told_as_it_is(tmp_path: Path, person: str) -> None:
    """If neither the decision nor the refusal can be kept, the person reads that nothing was."""

    def through(store: SqlStore) -> FaultyStore:
        return FaultyStore(store, faults=faults)

    faults: dict[int, str] = {}
    async with world(tmp_path, through=through) as here:
        rollback = await here.ask()
        assert rollback.plan
        value = str(Ticket(rollback.id, rollback.plan.digest))
        faults.update(dict.fromkeys(range(100), "refused"))
        answer = await desk(here).pressed("approve", here.invocation(person, value=value))
        assert (await here.load(rollback.id)).given == 0
    assert words(answer) == "The disk is full."


async def test_a_busy_target_links_to_its_rollback(tmp_path: Path) -> None:
    """A second request is answered with the way to the first."""
    async with world(tmp_path) as here:
        first = await here.ask()
        again = here.invocation("manager-one", text="backend it still fails")
        answer = await desk(here).typed(again)
    assert first.id in words(answer)
    assert "https://chat.example/notice" in str(answer.message)


async def test_every_button_of_a_story_is_a_command(tmp_path: Path) -> None:
    """Approving through the desk counts, tells how many are missing and where to take it back."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        assert rollback.plan
        value = str(Ticket(rollback.id, rollback.plan.digest))
        answer = await desk(here).pressed("approve", here.invocation("manager-one", value=value))
        shown = await desk(here).pressed("details", here.invocation("outsider", value=value))
        status = await desk(here).typed(here.invocation("outsider", text="status"))
    assert words(answer) == (
        "Your approval is recorded (1 of 2). 1 more to go. "
        "Withdraw is on the card in your direct messages."
    )
    assert rollback.plan.digest in str(shown.message)
    assert "1 of 2 approvals" in words(status)


async def test_a_flood_of_commands_is_refused_once(tmp_path: Path) -> None:
    """Of thirty commands in a row the first asks, few are answered, and one line says stop."""
    async with world(tmp_path) as here:
        front = desk(here)
        answers = [
            await front.typed(here.invocation("responder", text="backend")) for _ in range(30)
        ]
        strays = await here.engine.store.read(lambda tx: tx.events(None))
        started = await here.engine.store.read(lambda tx: tx.open(DEPLOYS))
        await here.clock.sleep(30)
        later = await front.typed(here.invocation("responder", text="status"))
    said = [answer.message.text for answer in answers if answer.message]
    assert len(started) == 1
    assert said[0].startswith("Preparing the plan")
    assert sum("too much at once" in one for one in said) == 1
    assert len(said) == 6
    assert [event.details["code"] for event in strays].count("limit") == 1
    assert "too much" not in words(later)


async def test_a_flood_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    """While one person sends a thousand commands and clicks, another one's approval counts."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        assert rollback.plan
        value = str(Ticket(rollback.id, rollback.plan.digest))
        front = desk(here)
        flood = [
            asyncio.create_task(front.typed(here.invocation("outsider", text="backend")))
            for _ in range(500)
        ] + [
            asyncio.create_task(front.pressed("approve", here.invocation("outsider", value=value)))
            for _ in range(500)
        ]
        async with asyncio.timeout(3):
            click = here.invocation("manager-one", value=value)
            answer = await front.pressed("approve", click)
        await asyncio.gather(*flood)
        strays = await here.engine.store.read(
            lambda tx: (*tx.events(None), *tx.events(rollback.id))
        )
    assert "1 of 2" in words(answer)
    assert sum(event.kind == "refused_delivery" for event in strays) == 5 + 20 + 2


async def test_clicks_have_a_lane_of_their_own(tmp_path: Path) -> None:
    """Whoever typed too much can still approve."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        assert rollback.plan
        front = desk(here)
        for _ in range(30):
            await front.typed(here.invocation("manager-one", text="status"))
        value = str(Ticket(rollback.id, rollback.plan.digest))
        answer = await front.pressed("approve", here.invocation("manager-one", value=value))
    assert "1 of 2" in words(answer)


async def test_parts_that_are_filled_in_say_the_same_as_words(tmp_path: Path) -> None:
    """A command whose options came one by one asks for the same rollback as the typed words."""
    fields = {"target": "backend", "environment": "production", "reason": "API answers 500"}
    async with world(tmp_path) as here:
        answer = await desk(here).called(
            "rollback", here.invocation("responder", text="", fields=fields)
        )
        (asked,) = await here.engine.store.read(lambda tx: tx.open(DEPLOYS))
    assert "Preparing the plan" in words(answer)
    assert (asked.target, asked.environment) == ("backend", "production")
    assert asked.reason == "API answers 500"


@pytest.mark.parametrize("verb", ["approve", "nonsense"])
async def test_only_commands_can_be_called(tmp_path: Path, verb: str) -> None:
    """What is a button, or nothing at all, is refused when it comes as a command."""
    async with world(tmp_path) as here:
        answer = await desk(here).called(verb, here.invocation("manager-one"))
    assert "was not made by this version" in words(answer)


@pytest.mark.parametrize(
    ("option", "fields", "suggested"),
    [
        ("target", {"target": "ack"}, ("backend",)),
        ("target", {"target": "zzz"}, ()),
        ("environment", {"target": "backend"}, ("production",)),
        ("to", {"target": "backend", "to": "o"}, ("old",)),
        ("reason", {}, ()),
        ("nonsense", {}, ()),
    ],
)
async def test_options_are_suggested(
    tmp_path: Path, option: str, fields: dict[str, str], suggested: tuple[str, ...]
) -> None:
    """Targets, environments and the versions of earlier plans are offered while one types."""
    async with world(tmp_path) as here:
        await here.ask()
        asking = here.invocation("responder", fields=fields)
        assert await desk(here).suggested("rollback", option, asking) == suggested


async def test_strangers_are_suggested_nothing(tmp_path: Path) -> None:
    """Whoever may not ask does not learn what there is to ask for."""
    async with world(tmp_path) as here:
        nobody = here.invocation("nobody", fields={"target": ""})
        guest = here.invocation("responder", fields={"target": ""})
        here.members.kinds["responder"] = Membership.GUEST
        suggested = [
            await desk(here).suggested("rollback", "target", who) for who in (nobody, guest)
        ]
    assert suggested == [(), ()]
