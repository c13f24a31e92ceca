"""So many use the processor at a time; whoever waits for somebody outside does not count."""

import asyncio

import pytest

from bot.engine.turns import _MOST_ASKING, Turns

PATIENCE = 5.0


async def test_the_others_wait_for_their_turn() -> None:
    """The third of three gets in as soon as one of the first two is through, and not before."""
    # given
    turns, order = Turns(at_once=2), list[str]()
    leave = {name: asyncio.Event() for name in ("first", "second", "third")}

    async def work(name: str) -> None:
        async with turns.taken():
            order.append(f"{name} in")
            await leave[name].wait()
            order.append(f"{name} out")

    # when
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        for name in leave:
            group.create_task(work(name))
        await asyncio.sleep(0)
        for name in ("second", "first", "third"):
            leave[name].set()
            await asyncio.sleep(0)

    # then
    assert order[:4] == ["first in", "second in", "second out", "third in"]


async def test_a_slow_answer_keeps_nobody_waiting() -> None:
    """Whoever waits for somebody outside gives the turn away, and goes on without it."""
    # given
    turns, answer = Turns(at_once=1), asyncio.Event()

    # when
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(ask(turns, answer))
        await asyncio.sleep(0)
        async with turns.taken():  # while the other one still waits for its answer
            answer.set()

    # then
    assert await free(turns) == 1


async def test_a_quick_answer_keeps_the_turn() -> None:
    """Whoever was answered at once holds the turn until it is through."""
    # given
    turns = Turns(at_once=1)

    # when
    async with turns.taken() as turn:
        with turn.asking():
            await asyncio.sleep(0)
        then = await free(turns)

    # then
    assert (then, await free(turns)) == (0, 1)


async def test_not_everybody_asks_at_once() -> None:
    """Whoever would be one too many to wait for an answer keeps the turn meanwhile."""
    # given
    turns, answer = Turns(at_once=1, moment=0.001), asyncio.Event()
    in_line = [asyncio.create_task(ask(turns, answer)) for _ in range(_MOST_ASKING + 2)]

    # when
    async with asyncio.timeout(PATIENCE):
        while turns._asking < _MOST_ASKING:
            await asyncio.wait(in_line, timeout=0.01)
        await asyncio.wait(in_line, timeout=0.05)
        then = (turns._asking, turns._waiting)
        answer.set()
        await asyncio.gather(*in_line)

    # then
    assert then == (_MOST_ASKING, 1)
    assert (turns._asking, await free(turns)) == (0, 1)


async def test_there_is_room_when_nobody_waits() -> None:
    """What is not begun yet comes behind what waits for a turn, also if that gives up waiting."""
    # given
    turns = Turns(at_once=1)
    async with asyncio.timeout(PATIENCE):
        await turns.room()
        async with turns.taken():
            waiting = asyncio.create_task(take(turns))
            behind = asyncio.create_task(turns.room())
            await asyncio.sleep(0)
            is_early = behind.done()

            # when
            waiting.cancel()
            await behind

    # then
    assert not is_early
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def ask(turns: Turns, answer: asyncio.Event) -> None:
    """Ask somebody outside, and wait for the answer."""
    async with turns.taken() as turn:
        with turn.asking():
            await answer.wait()


async def take(turns: Turns) -> None:
    """Take a turn and leave."""
    async with turns.taken():
        pass


async def free(turns: Turns) -> int:
    """Return how many get in right now."""
    taken = 0
    while not turns._places.locked():
        await turns._places.acquire()
        taken += 1
    for _ in range(taken):
        turns._places.release()
    return taken
