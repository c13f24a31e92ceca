"""What time alone brings about: deadlines, start delays, reminders, and lost executions."""

import asyncio
from dataclasses import replace
from datetime import timedelta
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
from bot.faultpoints import FaultPoint, reached
from bot.ports import Transaction

MOST_EXECUTIONS: Final = 20  # what breaks off so often needs a person, not another try


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
    due, following, now = await engine.store.read(lambda tx: (tx.due(), tx.next_wake(), tx.now))
    for rollback_id in due:
        if not engine.is_executing(rollback_id) and not engine.is_busy(f"plan {rollback_id}"):
            engine.spawn(f"advance {rollback_id}", partial(advance, engine, rollback_id))
    await asyncio.sleep(0)
    until = following - now if following else timedelta(seconds=engine.limits.tick)
    return min(max(until.total_seconds(), 0.01), engine.limits.tick)


async def advance(engine: Engine, rollback_id: str) -> None:
    """Do for one rollback what its state and the time ask for."""
    rollback, now = await engine.store.read(lambda tx: (tx.load(rollback_id), tx.now))
    match rollback.state:
        case State.PLANNING if not approval.is_overdue(rollback, now):
            if engine.executes:
                engine.spawn(f"plan {rollback_id}", lambda: plan(engine, rollback_id))
        case State.PLANNING | State.PENDING:
            await engine.store.write(lambda tx: _expire_or_remind(tx, engine, rollback_id))
            reached(FaultPoint.DEADLINE_RECORDED)
        case State.QUORUM if engine.executes:
            engine.spawn(f"claim {rollback_id}", lambda: claim(engine, rollback_id))
        case State.WAITING:
            await engine.store.write(lambda tx: _give_up_waiting(tx, engine, rollback_id))
            reached(FaultPoint.DEADLINE_RECORDED)
        case State.CLAIMED | State.RUNNING | State.VERIFYING if engine.executes:
            await _revive(engine, rollback)
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


async def _revive(engine: Engine, rollback: Rollback) -> None:
    """Go on with a claim that nobody carries out: its execution was lost, or never begun.

    Always by a new execution: the lost one may be known as ended, and would not run again.
    """
    execution = rollback.execution
    if engine.is_busy(f"claim {rollback.id}") or engine.is_busy(f"start {execution}"):
        return
    if await engine.durable.is_live(execution):
        return
    newer = await engine.store.write(lambda tx: _take_over(tx, engine, rollback))
    if newer is not None:
        reached(FaultPoint.TAKEOVER_RECORDED)
        log.warning("%s had no execution; %s carries on", rollback.id, newer.execution)
        start(engine, newer)


def _take_over(tx: Transaction, engine: Engine, seen: Rollback) -> Rollback | None:
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
