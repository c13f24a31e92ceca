"""What time alone brings about: deadlines, start delays, reminders, and lost executions."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.domain import approval
from bot.domain.errors import TwokeyError
from bot.domain.event import Happening
from bot.domain.rollback import Rollback, State
from bot.engine.bell import Bell
from bot.engine.change import commit, commit_end
from bot.engine.claim import claim
from bot.engine.core import Engine, log
from bot.engine.execute import start
from bot.engine.plan import plan
from bot.engine.turns import AT_ONCE
from bot.faultpoints import FaultPoint, reached
from bot.ports import Transaction

MOST_EXECUTIONS: Final = 20  # what breaks off so often needs a person, not another try
_CARRIED_OUT: Final = frozenset({State.CLAIMED, State.RUNNING, State.VERIFYING})


async def sweep_forever(engine: Engine, bell: Bell) -> None:
    """Look at what is due, again and again; one bad look does not end it."""
    while True:
        bell.quieten()
        try:
            wait = await sweep(engine)
        except TwokeyError as error:
            log.warning("the sweeper looks again: %s", error)
            wait = engine.limits.tick
        except Exception:  # noqa: BLE001 - whatever it was, deadlines have to be kept
            log.exception("the sweeper stumbled; it looks again")
            wait = engine.limits.tick
        await bell.wait(engine.clock, wait)


async def sweep(engine: Engine) -> float:
    """Start everything that is due and return how many seconds until the next look."""
    besides = engine.in_good_hands
    due, following, now = await engine.store.read(
        lambda tx: (tx.due(besides), tx.next_wake(), tx.now)
    )
    lost = [one for one in due if one.state in _CARRIED_OUT and engine.executes]
    if lost:
        engine.spawn(f"take over {lost[0].execution}", partial(_take_over_all, engine, lost))
    for rollback in due:
        if rollback.state not in _CARRIED_OUT and not engine.is_busy(f"plan {rollback.id}"):
            engine.spawn(f"advance {rollback.id}", partial(advance, engine, rollback, now))
    await asyncio.sleep(0)
    until = following - now if following else timedelta(seconds=engine.limits.tick)
    return min(max(until.total_seconds(), 0.01), engine.limits.tick)


async def advance(engine: Engine, rollback: Rollback, now: datetime) -> None:
    """Do for one rollback what its state and the time ask for."""
    match rollback.state:
        case State.PLANNING if not approval.is_overdue(rollback, now):
            if engine.executes:
                engine.spawn(f"plan {rollback.id}", lambda: plan(engine, rollback.id))
        case State.PLANNING | State.PENDING:
            await engine.store.write(lambda tx: _expire_or_remind(tx, engine, rollback.id))
            reached(FaultPoint.DEADLINE_RECORDED)
        case State.QUORUM if engine.executes:
            engine.spawn(f"claim {rollback.id}", lambda: claim(engine, rollback.id))
        case State.WAITING:
            await engine.store.write(lambda tx: _give_up_waiting(tx, engine, rollback.id))
            reached(FaultPoint.DEADLINE_RECORDED)
        case _:
            pass


def _expire_or_remind(tx: Transaction, engine: Engine, rollback_id: str) -> None:
    rollback = tx.load(rollback_id)
    if approval.is_overdue(rollback, tx.now):
        commit_end(tx, engine.people, approval.expire(rollback, at=tx.now))
    elif rollback.remind_at is not None and tx.now >= rollback.remind_at:
        reminded = replace(rollback, reminded_at=tx.now)
        commit(tx, engine.people, reminded, Happening.REMINDED)


def _give_up_waiting(tx: Transaction, engine: Engine, rollback_id: str) -> None:
    rollback = tx.load(rollback_id)
    if rollback.state is not State.WAITING or rollback.doubt_until is None:
        return
    if tx.now >= rollback.doubt_until:
        because = "nobody answered whether the step in doubt happened"
        ended = rollback.end(State.NEEDS_HUMAN, at=tx.now, because=because)
        commit_end(tx, engine.people, ended)


async def _take_over_all(engine: Engine, lost: Sequence[Rollback]) -> None:
    """Go on with claims that nobody carries out: their executions were lost, or never begun.

    Group by group, each behind the calls of the one before: begun together, a thousand would hold
    each other up until the first of them is through.
    """
    engine.to_take_over.update(one.id for one in lost)
    try:
        for first in range(0, len(lost), AT_ONCE):
            group = lost[first : first + AT_ONCE]
            await engine.turns.room()
            await _take_over_group(engine, group)
            engine.to_take_over.difference_update(one.id for one in group)
    finally:
        engine.to_take_over.difference_update(one.id for one in lost)


async def _take_over_group(engine: Engine, group: Sequence[Rollback]) -> None:
    """Start each by a new execution: the lost one may be known as ended, and never run again."""
    idle = [one for one in group if not engine.is_at_work(one)]
    live = await engine.durable.live([one.execution for one in idle])
    if not engine.executes:
        return
    works = [
        engine.store.write(partial(_take_over, engine=engine, seen=one))
        for one in idle
        if one.execution not in live
    ]
    for newer in await asyncio.gather(*works, return_exceptions=True):  # they share a commit
        if isinstance(newer, BaseException):
            log.warning("an execution that was lost is looked at again: %s", newer)
        elif newer is not None:
            reached(FaultPoint.TAKEOVER_RECORDED)
            log.warning("%s had no execution; %s carries on", newer.id, newer.execution)
            start(engine, newer)


def _take_over(tx: Transaction, *, engine: Engine, seen: Rollback) -> Rollback | None:
    rollback = tx.load(seen.id)
    if (rollback.token, rollback.state) != (seen.token, seen.state):
        return None
    if rollback.token >= MOST_EXECUTIONS:
        because = f"its execution broke off {rollback.token} times"
        ended = rollback.end(State.NEEDS_HUMAN, at=tx.now, because=because)
        commit_end(tx, engine.people, ended)
        return None
    newer = replace(rollback, token=rollback.token + 1)
    tx.save(newer)
    return newer
