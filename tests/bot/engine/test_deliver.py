"""The outbox in bad weather: everything is shown in the end, and once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.domain.event import Event
from bot.domain.rollback import Rollback, State
from bot.engine.deliver import Delivery
from bot.message import Message
from bot.ports import (
    ChatBusy,
    ChatRefused,
    ChatUnreachable,
    Posting,
    Remedy,
    Renderer,
)
from bot.storage.store import SqlStore
from notifications import renderer
from tests.bot.engine.trouble import FaultyStore, Wall, who
from tests.bot.engine.world import EVERYONE, World, world

NOBODY_IS_THERE = ChatRefused("Twokey is not in the channel.")


def outbox(here: World, wall: Wall, render: Renderer | None = None, **more: Any) -> Delivery:
    """Return what shows this world's messages on this wall."""
    return Delivery(
        store=here.engine.store,
        chats={"slack": wall},
        render=render or renderer(EVERYONE),
        clock=here.clock,
        foreground=here.engine.foreground,
        **more,
    )


async def shown(here: World, delivery: Delivery, *, most: int = 200) -> None:
    """Deliver until nothing is owed any more."""
    for _ in range(most):
        await here.clock.sleep(await delivery.run_once())
        if not await here.engine.store.read(lambda tx: tx.due_postings(1) or tx.next_posting_at()):
            return
    raise AssertionError("people are still owed something")


async def planned(here: World) -> Rollback:
    """Ask, and wait for the plan; nothing is shown yet."""
    asked = await here.ask_for()
    return await here.until(asked.id, lambda r: r.state is State.PENDING)


def fails(error: Exception, *, calls: str = "post edit", key: str = "", times: int = 1) -> Wall:
    """Return a wall on which the first calls about this key fail."""
    left = [error] * times

    def trouble(call: str, what: str) -> None:
        if call in calls and key in what and left:
            raise left.pop()

    return Wall(trouble=trouble)


async def test_one_message_that_can_not_be_made_stops_no_other(tmp_path: Path) -> None:
    """A card whose words break the renderer waits, and everything else is shown meanwhile."""
    words, broken = renderer(EVERYONE), {"card"}

    def render(posting: Posting, rollback: Rollback, events: Sequence[Event]) -> Message | None:
        if posting.kind in broken:
            raise KeyError(posting.kind)
        return words(posting, rollback, events)

    wall = Wall()
    async with world(tmp_path) as here:
        await planned(here)
        delivery = outbox(here, wall, render)
        for _ in range(5):
            await here.clock.sleep(await delivery.run_once())
        meanwhile = sorted(key.split(":")[1] for key in wall.keys)
        broken.clear()
        await here.clock.sleep(60)
        await shown(here, delivery)
    assert meanwhile == ["ask", "ask", "notice"]
    assert any(":card:" in key for key in wall.keys)


async def test_what_is_still_being_posted_is_not_posted_again(tmp_path: Path) -> None:
    """While one post hangs and another breaks off, the outbox waits before it looks again."""
    wall, faults, card = Wall(slow=asyncio.Event()), dict[int, str](), asyncio.Event()

    async def hangs() -> None:
        if ":card:" in wall.keys[-1]:
            card.set()

    wall.moment = hangs

    def through(store: SqlStore) -> FaultyStore:
        return FaultyStore(store, faults=faults)

    async with world(tmp_path, through=through) as here:
        await planned(here)
        store: Any = here.engine.store
        # Neither that the first message is about to be posted nor that it failed can be noted.
        faults.update({store.writes + 1: "refused", store.writes + 4: "refused"})
        running = asyncio.create_task(outbox(here, wall).run_forever())
        await asyncio.sleep(0.1)  # long enough for another look, if there were one
        assert wall.slow
        wall.slow.set()
        await asyncio.wait_for(card.wait(), 5)
        running.cancel()
    assert len(wall.keys) == len(set(wall.keys))


async def test_a_deleted_notice_is_posted_anew_after_other_troubles(tmp_path: Path) -> None:
    """A notice that somebody deleted comes back, even if Slack was also busy at that moment."""
    wall = Wall()
    async with world(tmp_path) as here:
        rollback = await planned(here)
        delivery = outbox(here, wall)
        await shown(here, delivery)
        await here.press("approve", "manager-one", rollback, message=wall.at(":card:"))
        troubles: list[Exception] = [
            ChatRefused("It is gone.", remedy=Remedy.ANEW),
            ChatUnreachable("Slack did not answer."),
            ChatBusy("Slack asks us to wait.", seconds=1),
        ]

        def trouble(call: str, what: str) -> None:
            if call == "edit" and ":notice:" in what and troubles:
                raise troubles.pop()

        wall.trouble = trouble
        await shown(here, delivery)
    assert [":notice:" in key for key in wall.keys].count(True) == 2
    assert troubles == []


async def test_whoever_invites_the_bot_sees_the_rest(tmp_path: Path) -> None:
    """A channel that did not let the bot in gets the notice with the next thing that happens."""
    wall = fails(NOBODY_IS_THERE, key="C00DEPLOYS")
    async with world(tmp_path) as here:
        rollback = await planned(here)
        delivery = outbox(here, wall)
        await shown(here, delivery)
        hidden = list(wall.keys)
        at = wall.notes[wall.at(":ask:")].place
        await here.press("reject", who(at), rollback, message=wall.at(":ask:"), place=at)
        await shown(here, delivery)
    assert not any(":notice:" in key for key in hidden)
    assert {":notice:", ":card:"} <= {f":{key.split(':')[1]}:" for key in wall.keys}


async def test_a_lost_answer_is_looked_for(tmp_path: Path) -> None:
    """A message whose posting was not answered is found again, and not posted twice."""
    wall = Wall(loses_answers=True)
    async with world(tmp_path) as here:
        await planned(here)
        await shown(here, outbox(here, wall))
    assert sorted(key.split(":")[1] for key in wall.keys) == ["ask", "ask", "card", "notice"]


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_jump_of_the_clock_silences_nobody(tmp_path: Path, hours: int) -> None:
    """After a jump of the clock, what had to wait a moment is shown after a moment."""
    wall = fails(ChatBusy("Slack asks us to wait.", seconds=30), times=1)
    async with world(tmp_path) as here:
        await planned(here)
        delivery = outbox(here, wall)
        await delivery.run_once()
        await here.clock.sleep(hours * 3600)
        for _ in range(60):
            await delivery.run_once()
            await here.clock.sleep(1)
    assert any(":card:" in key for key in wall.keys)


async def test_one_busy_channel_does_not_hide_the_others(tmp_path: Path) -> None:
    """Forty lines that wait for their turn in one channel don't keep a direct message waiting."""
    wall = Wall()
    async with world(tmp_path) as here:
        rollback = await planned(here)
        delivery = outbox(here, wall)
        await shown(here, delivery)
        for _ in range(20):
            await here.press("approve", "manager-one", rollback, message=wall.at(":card:"))
            await here.press("withdraw", "manager-one", rollback, message=wall.at(":card:"))
        await here.press("cancel", "responder", rollback, message=wall.at(":card:"))
        before = len(wall.keys)
        await delivery.run_once()
        await delivery.run_once()
        told = [key for key in wall.keys[before:] if ":tell:" in key]
    assert len(told) == 3


@pytest.mark.parametrize("checks", range(1, 4))
async def test_whoever_was_frozen_sends_nothing(tmp_path: Path, checks: int) -> None:
    """Who delivers no more, stops before the next call; who delivers now shows everything once."""
    wall, left = Wall(), [True] * checks
    async with world(tmp_path) as here:
        await planned(here)
        frozen = outbox(here, wall, is_ours=lambda: bool(left) and left.pop())
        await frozen.run_once()
        before = len(wall.keys)
        await shown(here, outbox(here, wall))

    assert before <= checks // 2
    assert len(wall.keys) == len(set(wall.keys)) > checks
