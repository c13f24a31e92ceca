"""What the platform refuses or never answers: the others go on, and it is shown all the same."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.rollback import Rollback, State
from bot.domain.target import Place
from bot.engine.deliver import Delivery
from bot.message import Message
from bot.ports import ChatBusy, ChatRefused, ChatUnreachable, Reference, Remedy
from tests.bot.engine.test_deliver import fails, outbox, planned, shown
from tests.bot.engine.trouble import Wall, who
from tests.bot.engine.world import World, shop, world


async def test_a_call_that_hangs_holds_up_no_other_message(tmp_path: Path) -> None:
    """While the post of one direct message gets no answer, the decision is seen on the card."""
    wall = Wall(slow_for=":ask:")
    async with world(tmp_path) as here:
        rollback = await planned(here)
        store: Any = here.engine.store
        delivery = outbox(here, wall)
        store.on_commit(delivery.wake)
        wall.slow = asyncio.Event()
        running = asyncio.create_task(delivery.run_forever())
        async with asyncio.timeout(5):
            await _until(lambda: any(":card:" in key for key in wall.keys))
            await here.press("approve", "manager-one", rollback, message=wall.at(":card:"))
            await _until(lambda: any(":line:" in key for key in wall.keys))
        meanwhile = [key for key in wall.keys if ":ask:" in key]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert meanwhile == []
    assert len(wall.keys) == len(set(wall.keys))


async def test_a_thread_whose_notice_was_deleted_goes_on_under_a_new_one(tmp_path: Path) -> None:
    """A line for a deleted thread brings notice and card back, each once, and hangs under them."""
    wall = Wall()
    async with world(tmp_path) as here:
        rollback = await planned(here)
        delivery = outbox(here, wall)
        await shown(here, delivery)
        await here.press("approve", "manager-one", rollback, message=wall.at(":card:"))
        wall.delete(wall.at(":notice:"))
        wall.delete(wall.at(":card:"))
        await shown(here, delivery)
    notice = wall.at(":notice:")
    assert [key.split(":")[1] for key in wall.keys].count("notice") == 1
    assert [key.split(":")[1] for key in wall.keys].count("card") == 1
    assert {wall.notes[wall.at(one)].thread for one in (":card:", ":line:")} == {notice}


async def test_a_card_that_the_platform_does_not_take_is_said_in_a_sentence(
    tmp_path: Path,
) -> None:
    """What is refused for its form is shown without blocks, and nobody can decide on it."""
    wall = Wall()

    async def strict(place: Any, message: Message, **how: Any) -> Any:
        if message.blocks and ":card:" in how["key"]:
            raise ChatRefused("Slack does not take it.", remedy=Remedy.PLAINER)
        return await plain_post(place, message, **how)

    plain_post, wall.post = wall.post, strict  # type: ignore[method-assign]
    async with world(tmp_path) as here:
        await planned(here)
        await shown(here, outbox(here, wall))
    card = wall.notes[wall.at(":card:")]
    assert card.message.text
    assert card.verbs == set()


async def test_a_channel_that_is_closed_for_now_gets_everything_later(tmp_path: Path) -> None:
    """What people have to mend first is tried again, and shown without anything new happening."""
    wall = fails(
        ChatRefused("Twokey is not in the channel.", remedy=Remedy.LATER),
        key="C00DEPLOYS",
        times=3,
    )
    async with world(tmp_path) as here:
        await planned(here)
        await shown(here, outbox(here, wall))
    assert sorted(key.split(":")[1] for key in wall.keys) == ["ask", "ask", "card", "notice"]


async def test_a_channel_that_stays_closed_is_given_up_a_day_after_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody mends ends with a line in the log that says why, and not before."""
    wall = fails(
        ChatRefused("The channel is archived.", remedy=Remedy.LATER), key="C00DEPLOYS", times=9999
    )
    async with world(tmp_path) as here:
        rollback = await planned(here)
        delivery = outbox(here, wall)
        await here.clock.sleep(1000)
        await delivery.run_once()
        at = wall.notes[wall.at(":ask:")].place
        await here.press("reject", who(at), rollback, message=wall.at(":ask:"), place=at)
        await here.clock.sleep(86_000)
        await delivery.run_once()
        assert "it is given up" not in caplog.text
        await here.clock.sleep(1000)
        await shown(here, delivery)
    assert "The channel is archived.; it is given up" in caplog.text


async def test_a_busy_channel_keeps_no_other_waiting(tmp_path: Path) -> None:
    """When the platform asks to wait with posts to one channel, the others go on at once."""
    wall = fails(ChatBusy("Slack asks us to wait.", seconds=30), key="C00DEPLOYS")
    async with world(tmp_path) as here:
        await planned(here)
        delivery = outbox(here, wall)
        for _ in range(3):
            await delivery.run_once()
    assert [key.split(":")[1] for key in wall.keys] == ["ask", "ask"]


POISON = [
    ChatRefused("The thread is locked.", remedy=Remedy.LATER),
    ChatUnreachable("Slack says 500."),
]


async def _one_thread_in_trouble(here: World, error: Exception) -> tuple[Delivery, Rollback, Wall]:
    """Approve something whose lines the platform never takes."""
    rollback = await planned(here)
    wall = Wall()
    delivery = outbox(here, wall)
    await shown(here, delivery)

    def trouble(call: str, what: str) -> None:
        if call == "post" and what.startswith(f"{rollback.id}:line:"):
            raise error

    wall.trouble = trouble
    await here.press("approve", "manager-one", rollback, message=wall.at(":card:"))
    for _ in range(3):
        await here.clock.sleep(min(await delivery.run_once(), 2))
    return delivery, rollback, wall


@pytest.mark.parametrize("error", POISON, ids=["refused", "unanswered"])
async def test_one_thread_in_trouble_silences_no_other(tmp_path: Path, error: Exception) -> None:
    """A line that the platform never takes keeps no notice of another rollback waiting."""
    async with world(tmp_path, shop(), replace(shop(), name="frontend")) as here:
        delivery, _, wall = await _one_thread_in_trouble(here, error)
        other = await here.ask_for("outsider", target="frontend")
        await here.until(other.id, lambda r: r.state is State.PENDING)
        for _ in range(8):
            await here.clock.sleep(min(await delivery.run_once(), 2))
    assert [key for key in wall.keys if key.startswith(f"{other.id}:notice:")]


@pytest.mark.parametrize("error", POISON, ids=["refused", "unanswered"])
async def test_what_is_never_taken_is_given_up_a_day_after_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """A line that always fails ends with a line in the log, and then nothing is owed any more."""
    async with world(tmp_path) as here:
        delivery, rollback, wall = await _one_thread_in_trouble(here, error)
        await here.press("cancel", "responder", rollback, message=wall.at(":card:"))
        for _ in range(10):
            await here.clock.sleep(await delivery.run_once())
        assert "it is given up" not in caplog.text
        await here.clock.sleep(86_400)
        await shown(here, delivery)
    assert f"{error}; it is given up" in caplog.text


@pytest.mark.parametrize("error", POISON, ids=["refused", "unanswered"])
async def test_what_has_failed_a_thousand_times_is_put_off_and_given_up_like_all_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """However often it was tried, the next try comes some time later, and the last one a day on."""
    async with world(tmp_path) as here:
        delivery, rollback, wall = await _one_thread_in_trouble(here, error)
        await here.clock.sleep(400)
        [due] = await here.engine.store.read(lambda tx: tx.due_postings(9))
        often, now = replace(due, failures=1_099), here.clock.now()
        await here.engine.store.write(lambda tx: tx.postpone(often, until=now))
        await delivery.run_once()
        dues, following = await here.engine.store.read(
            lambda tx: (tx.due_postings(9), tx.next_posting_at())
        )
        await here.press("cancel", "responder", rollback, message=wall.at(":card:"))
        for _ in range(3):
            await here.clock.sleep(await delivery.run_once())
        await here.clock.sleep(86_400)
        await shown(here, delivery)
    assert dues == ()
    assert following is not None
    assert timedelta(seconds=1) < following - now <= timedelta(minutes=5)
    assert f"{error}; it is given up" in caplog.text


async def test_a_message_that_alone_gets_no_answer_lets_its_thread_pass(tmp_path: Path) -> None:
    """One line that is never answered holds up the next one only while that may be chance."""
    wall, poisoned = Wall(), list[str]()
    plain = wall.post

    async def post(place: Place, message: Message, **how: Any) -> Reference:
        if ":line:" in how["key"] and not poisoned:
            poisoned.append(how["key"])
        if how["key"] in poisoned:
            raise ChatUnreachable("Slack says 500.")
        return await plain(place, message, **how)

    async with world(tmp_path) as here:
        rollback, delivery = await planned(here), outbox(here, wall)
        await shown(here, delivery)
        wall.post = post  # type: ignore[method-assign]
        for _ in range(6):
            for verb in ("approve", "withdraw"):  # and their edits are answered
                await here.press(verb, "manager-one", rollback, message=wall.at(":card:"))
                for _ in range(4):
                    await here.clock.sleep(min(await delivery.run_once(), 9))
    assert len(poisoned) == 1
    assert len([key for key in wall.keys if ":line:" in key]) > 6


async def test_in_a_quiet_workspace_it_lets_its_thread_pass_as_well(tmp_path: Path) -> None:
    """Where nothing else is said, it is the search for it that shows that the chat is there."""
    wall, poisoned = Wall(), list[str]()
    async with world(tmp_path) as here:
        rollback, delivery = await planned(here), outbox(here, wall)
        await shown(here, delivery)
        for manager in ("manager-one", "manager-two"):
            await here.press("approve", manager, rollback, message=wall.at(":card:"))
        await here.end(rollback)

        def trouble(call: str, what: str) -> None:
            if call == "post" and ":line:" in what and what in [*poisoned, what][:1]:
                poisoned[:] = [what]
                raise ChatUnreachable("Slack says 500.")

        wall.trouble = trouble
        until = here.clock.now() + timedelta(minutes=5)
        while here.clock.now() < until:
            await here.clock.sleep(max(await delivery.run_once(), 0.01))
    assert poisoned
    assert any(":summary:" in key for key in wall.keys)


async def test_a_definite_refusal_leaves_nothing_in_doubt(tmp_path: Path) -> None:
    """After a no that is certain the message is posted, and not looked for first."""
    calls: list[str] = []
    wall = fails(POISON[0], key=":notice:")
    refuse = wall.trouble

    def trouble(call: str, what: str) -> None:
        if ":notice:" in what:
            calls.append(call)
        refuse(call, what)

    wall.trouble = trouble
    async with world(tmp_path) as here:
        await planned(here)
        await shown(here, outbox(here, wall))
    assert calls == ["post", "post"]


async def test_nobody_is_waited_for_longer_than_five_minutes(tmp_path: Path) -> None:
    """However long the platform asks to wait, it is asked again soon enough for an emergency."""
    wall = fails(ChatBusy("Slack asks us to wait.", seconds=36_000), key=":notice:")
    async with world(tmp_path) as here:
        await planned(here)
        delivery = outbox(here, wall)
        for _ in range(3):
            await delivery.run_once()
        early = list(wall.keys)
        await here.clock.sleep(300)
        await delivery.run_once()
        await delivery.run_once()
    assert not any(":notice:" in key for key in early)
    assert any(":notice:" in key for key in wall.keys)


async def _until(is_true: Callable[[], bool]) -> None:
    while not is_true():  # noqa: ASYNC110 - nobody announces it
        await asyncio.sleep(0.005)
