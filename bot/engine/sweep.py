"""What time alone brings about: deadlines, start delays, reminders, and lost executions."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.domain import approval
from bot.domain.event import Happening
from bot.domain.rollback import Rollback, State
from bot.engine.change import commit, commit_end
from bot.engine.claim import claim
from bot.engine.core import Engine, log
from bot.engine.execute import start
from bot.engine.plan import plan
from bot.ports import Transaction


async def sweep_forever(engine: Engine) -> None:
    """Look at what is due, again and again; one bad look does not end it."""
    while True:
        try:
            wait = await sweep(engine)
        except Exception:  # noqa: BLE001 - whatever it was, deadlines have to be kept
            log.exception("the sweeper stumbled; it looks again")
            wait = engine.limits.tick
        await engine.clock.sleep(wait)


async def sweep(engine: Engine) -> float:
    """Start everything that is due and return how many seconds until the next look."""
    due, following, now = await engine.store.read(lambda tx: (tx.due(), tx.next_wake(), tx.now))
    for rollback_id in due:
        if rollback_id not in engine.running:
            engine.spawn(f"advance {rollback_id}", partial(advance, engine, rollback_id))
    await asyncio.sleep(0)
    until = following - now if following else timedelta(seconds=engine.limits.tick)
    return min(max(until.total_seconds(), 0.01), engine.limits.tick)


async def advance(engine: Engine, rollback_id: str) -> None:
    """Do for one rollback what its state and the time ask for."""
    rollback = await engine.store.read(lambda tx: tx.load(rollback_id))
    match rollback.state:
        case State.PLANNING if engine.tools is not None:
            engine.spawn(f"plan {rollback_id}", lambda: plan(engine, rollback_id))
        case State.PENDING:
            await engine.store.write(lambda tx: _expire_or_remind(tx, engine, rollback_id))
        case State.QUORUM:
            engine.spawn(f"claim {rollback_id}", lambda: claim(engine, rollback_id))
        case State.WAITING:
            await engine.store.write(lambda tx: _give_up_waiting(tx, engine, rollback_id))
        case State.CLAIMED | State.RUNNING | State.VERIFYING if engine.tools is not None:
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
    """Start a claim that nobody carries out: its execution was lost or never begun."""
    execution = rollback.execution
    if engine.is_busy(f"start {execution}") or await engine.durable.is_live(execution):
        return
    if rollback.state is State.CLAIMED:  # the process died between the claim and its start
        start(engine, rollback)
        return

    def take_over(tx: Transaction) -> Rollback | None:
        now = tx.load(rollback.id)
        if now.token != rollback.token or not now.state.is_executing:
            return None
        newer = replace(now, token=now.token + 1)
        tx.save(newer)
        return newer

    newer = await engine.store.write(take_over)
    if newer is not None:
        log.warning("%s had no execution; %s carries on", rollback.id, newer.execution)
        start(engine, newer)
