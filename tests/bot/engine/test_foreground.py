"""What somebody waits for goes first, and nothing else waits for ever."""

import asyncio

import pytest

from bot.engine.foreground import Foreground


async def test_other_work_waits_until_nobody_waits() -> None:
    """A message lets two decisions pass, also when the second begins while the first ends."""
    here, order = Foreground(), list[str]()

    async def show() -> None:
        await here.over()
        order.append("message")

    with here.working():
        showing = asyncio.create_task(show())
        await asyncio.sleep(0)
        order.append("first")
    with here.working():
        order.append("second")
    await showing

    assert order == ["first", "second", "message"]


async def test_nothing_waits_for_ever() -> None:
    """Work that never ends keeps the others back for a while only."""
    here = Foreground(patience=0.01)

    with here.working():
        await here.over()


async def test_nobody_waits_for_nothing() -> None:
    """Where no decision is being made, a message does not even give up its turn."""
    turn = Foreground().over()

    with pytest.raises(StopIteration):
        turn.send(None)
