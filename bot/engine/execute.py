"""Carry out a claimed plan: step by step, stopping at the first doubt; all truth in the store.

The execution is written so that it can be run again from the start at any time: every piece looks
at the journal first, so a second run finds what the first one did and goes on behind it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from bot.domain.event import Event, Happening
from bot.domain.plan import Plan, Step
from bot.domain.rollback import Rollback, State, StepRun, StepState
from bot.engine.announce import revise
from bot.engine.believed import is_upheld
from bot.engine.change import commit, commit_end
from bot.engine.core import Engine
from bot.engine.step import run_step
from bot.engine.verify import verify
from bot.faultpoints import FaultPoint, reached
from bot.ports import Rank, Steps, Transaction

_NOT_UPHELD: Final = (
    "its approvals no longer count, because twokey.yaml changed (an approver, an account, the "
    "requester, the target, or how many have to approve) or its claim was forged"
)


def start(engine: Engine, rollback: Rollback) -> None:
    """Start the newest execution of a claim; the same one again changes nothing."""
    execution = rollback.execution

    async def begin() -> None:
        with engine.foreground.working():
            async with engine.turns.taken():
                await engine.durable.start(execution)

    engine.spawn(f"start {execution}", begin)


async def execute(engine: Engine, execution: str, steps: Steps) -> None:
    """Run one execution to an end, or to a question that only a person can answer."""
    rollback_id, _, token = execution.rpartition(".")
    with engine.executing(execution):
        await _execute(engine, rollback_id, int(token), steps)


async def _execute(engine: Engine, rollback_id: str, token: int, steps: Steps) -> None:
    # No piece of its own: it is a look at the journal whenever it is repeated.
    with engine.foreground.working():
        async with engine.turns.taken():
            plan = await engine.store.write(lambda tx: _begin(tx, engine, rollback_id, token))
            reached(FaultPoint.EXECUTION_BEGUN)
    if plan is None:
        return
    for wave in waves(plan):
        pieces = {
            f"step {step.name}": partial(run_step, engine, rollback_id, step, token)
            for step in wave
        }
        if "superseded" in (await steps.run_all(pieces)).values():
            return
    settled = await steps.run("settle", lambda: _settle(engine, rollback_id, token))
    if settled == State.VERIFYING:
        await steps.run("verify", lambda: verify(engine, rollback_id, token))


def waves(plan: Plan) -> Iterator[tuple[Step, ...]]:
    """Yield the steps in groups that may run side by side, each behind all that it needs.

    The groups depend on the plan alone, so that a repeated execution takes the same path.
    """
    depth: dict[str, int] = {}
    for step in plan.steps:
        depth[step.name] = 1 + max((depth[need] for need in step.needs), default=0)
    for level in range(1, max(depth.values(), default=0) + 1):
        yield tuple(step for step in plan.steps if depth[step.name] == level)


def _begin(tx: Transaction, engine: Engine, rollback_id: str, token: int) -> Plan | None:
    """Return the plan to carry out, if it is still this execution's to carry out."""
    rollback = tx.load(rollback_id)
    if rollback.token != token or not rollback.state.is_executing:
        return None
    events = tx.proven_events(rollback_id)
    plan = claimed_plan(rollback, events)
    if plan is None:
        because = "the audit chain holds no claim of this very plan and journal: nothing is started"
        commit_end(tx, engine.people, rollback.end(State.NEEDS_HUMAN, at=tx.now, because=because))
        return None
    if _may_start_more(rollback) and not is_upheld(tx, engine, rollback, events):
        if not any(run.state in _IN_FLIGHT for run in rollback.steps):
            because = _held_back(_NOT_UPHELD)
            ended = rollback.end(State.NEEDS_HUMAN, at=tx.now, because=because)
            commit_end(tx, engine.people, ended)
            return None
        # What was sent is looked after all the same, and nothing is sent any more.
        rollback = replace(rollback, held=_NOT_UPHELD)
        tx.save(rollback)
        revise(tx, engine.people, rollback, Rank.DECISION)
    has_begun = any(run.attempt for run in rollback.steps)
    is_late = rollback.claim_by is not None and tx.now >= rollback.claim_by
    if is_late and not has_begun:  # people approved a rollback now, not some day
        because = "it was claimed, but could not be started in time"
        commit_end(tx, engine.people, rollback.end(State.STALE, at=tx.now, because=because))
        return None
    if rollback.state is State.CLAIMED:
        commit(tx, engine.people, rollback.to(State.RUNNING), Happening.EXECUTION_STARTED)
    return plan


def _may_start_more(rollback: Rollback) -> bool:
    """Tell whether there is a step whose call may still be made, now or once more."""
    return not rollback.held and any(not run.state.is_complete for run in rollback.steps)


def claimed_plan(rollback: Rollback, events: Sequence[Event]) -> Plan | None:
    """Return the plan if these entries of the chain hold the claim of exactly this one, no end.

    Nor may they hold more of a step than the journal does: it would be done a second time.
    """
    started = Counter(e.details.get("step") for e in events if e.kind is Happening.STEP_STARTED)
    if any(started[run.name] > run.attempt for run in rollback.steps):
        return None
    done = {event.details.get("step") for event in events if event.kind is Happening.STEP_DONE}
    if any(run.name in done and run.state is StepState.NOT_STARTED for run in rollback.steps):
        return None
    digest = rollback.plan.digest if rollback.plan else ""
    plan = None
    for event in events:
        if event.kind is Happening.ENDED:
            return None
        if event.kind is Happening.CLAIMED and event.details.get("digest") == digest:
            plan = rollback.plan
    return plan


async def _settle(engine: Engine, rollback_id: str, token: int) -> str:
    """Decide what the finished steps amount to."""

    def work(tx: Transaction) -> str:
        rollback = tx.load(rollback_id)
        if rollback.token != token:
            return "superseded"
        if rollback.state is not State.RUNNING:
            return rollback.state
        if any(run.state is StepState.RUNNING for run in rollback.steps):
            raise RuntimeError(f"{rollback_id} has a step in flight, so nothing can be settled")
        settled = settle_steps(rollback, tx, doubt=engine.limits.doubt)
        if settled.state.is_terminal:
            commit_end(tx, engine.people, settled)
        elif settled.state is State.VERIFYING:
            commit(tx, engine.people, settled, Happening.VERIFYING)
        else:
            doubtful = next(run for run in settled.steps if run.state is StepState.IN_DOUBT)
            details = {"step": doubtful.name, "note": doubtful.note}
            commit(tx, engine.people, settled, Happening.STEP_IN_DOUBT, details=details)
        return settled.state

    state = await engine.store.write(work)
    reached(FaultPoint.STEPS_SETTLED, state)
    return state


def settle_steps(rollback: Rollback, tx: Transaction, *, doubt: float) -> Rollback:
    """Move a rollback whose steps have all been tried to the state that they prove."""
    states = {run.state for run in rollback.steps}
    if StepState.IN_DOUBT in states:
        until = tx.now + timedelta(seconds=doubt)
        return replace(rollback.to(State.WAITING), doubt_until=until)
    if all(state.is_complete for state in states):
        return replace(rollback.to(State.VERIFYING), verifying_at=tx.now)
    held = _held_back(rollback.held) if rollback.held else ""
    because = "; ".join(filter(None, (*_words(rollback), held)))
    return rollback.end(_end_of(rollback, states), at=tx.now, by=rollback.abort_by, because=because)


def _held_back(why: str) -> str:
    return f"{why}, so no further step is started"


def _end_of(rollback: Rollback, states: set[StepState]) -> State:
    changed_something = bool(states & {StepState.DONE, StepState.UNVERIFIED})
    if StepState.FAILED in states:
        return State.PARTIAL if changed_something else State.FAILED
    if StepState.UNVERIFIED in states:
        return State.UNVERIFIED if states <= _AT_LEAST_SENT else State.PARTIAL
    if StepState.STALE in states:
        return State.PARTIAL if changed_something else State.STALE
    if rollback.abort_by is not None:
        return State.ABORTED
    return State.NEEDS_HUMAN


_IN_FLIGHT = {StepState.RUNNING, StepState.IN_DOUBT}
_AT_LEAST_SENT = {StepState.DONE, StepState.SKIPPED, StepState.UNVERIFIED}


def _words(rollback: Rollback) -> Iterator[str]:
    for run in rollback.steps:
        if run.note and not run.state.is_complete:
            yield _one(run)


def _one(run: StepRun) -> str:
    return f"{run.name}: {run.note}"
