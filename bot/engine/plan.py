"""Make the plan: preview every step against the live system and bind what was found."""

import asyncio
from dataclasses import replace

from bot.domain import approval
from bot.domain.errors import Refusal, Refused
from bot.domain.event import Happening
from bot.domain.plan import Check, Evidence, Plan, Step
from bot.domain.rollback import Rollback, State, StepRun
from bot.domain.target import StepSpec, Target
from bot.engine.change import commit, commit_end
from bot.engine.core import Engine, in_words
from bot.faultpoints import FaultPoint, reached
from bot.ports import Action, Tools, Transaction


async def plan(engine: Engine, rollback_id: str) -> None:
    """Turn a request into a plan that people can approve, or refuse it with the reason."""
    async with engine.planning:
        await engine.foreground.over()
        await _plan(engine, rollback_id)


async def _plan(engine: Engine, rollback_id: str) -> None:
    rollback = await engine.store.read(lambda tx: tx.load(rollback_id))
    if rollback.state is not State.PLANNING:
        return
    reached(FaultPoint.PLAN_READING)
    try:
        async with asyncio.timeout(engine.limits.plan):
            made = await _make(engine, rollback)
    except Exception as error:  # noqa: BLE001 - whatever it was, the target must not stay taken
        because = in_words(error, doing="Reading the live systems")
        await _refuse(engine, rollback_id, engine.require_tools().scrub(because))
    else:
        reached(FaultPoint.PLAN_MADE)
        await engine.store.write(lambda tx: _propose(tx, engine, rollback_id, made))
        reached(FaultPoint.PLAN_RECORDED)


async def _make(engine: Engine, rollback: Rollback) -> Plan:
    target = engine.target(name=rollback.target, environment=rollback.environment)
    if target is None or target.rules_digest != rollback.rules_digest:
        raise Refused(Refusal.STALE_PLAN, "The configuration of this target changed. Ask again.")
    steps, baseline = await asyncio.gather(
        asyncio.gather(*(_step(engine, rollback, spec) for spec in target.steps)),
        asyncio.gather(*(_observe(engine, rollback, spec) for spec in target.checks)),
    )
    if all(step.preview.is_noop for step in steps):
        at = steps[0].preview.after.label
        raise Refused(
            Refusal.NOT_PLANNABLE, f"{steps[0].preview.subject} is at {at} already: nothing to do."
        )
    return Plan(
        rollback_id=rollback.id,
        target=rollback.target,
        environment=rollback.environment,
        requester=rollback.requester,
        rules_digest=rollback.rules_digest,
        steps=tuple(steps),
        checks=_checks(target),
        baseline=tuple(baseline),
    )


async def _step(engine: Engine, rollback: Rollback, spec: StepSpec) -> Step:
    action = engine.registry.action(spec.use, spec.params)
    if rollback.wanted:
        action = action.wanting(rollback.wanted)
    preview = await action.preview(tools_for(engine, action, f"{rollback.id}/{spec.name}/plan"))
    bound = action.bound(preview)
    return Step(
        name=spec.name,
        use=spec.use,
        params=bound.model_dump(mode="json"),
        needs=spec.needs,
        preview=preview,
        effect=type(action).effect,
        risk=type(action).risk,
    )


async def _observe(engine: Engine, rollback: Rollback, spec: StepSpec) -> Evidence:
    assertion = engine.registry.assertion(spec.use, spec.params)
    tools = engine.require_tools().for_step(
        key=f"{rollback.id}/{spec.name}/before", secrets=type(assertion).secrets
    )
    return await assertion.observe(tools, spec.name)


def _checks(target: Target) -> tuple[Check, ...]:
    return tuple(Check(name=s.name, use=s.use, params=s.params) for s in target.checks)


def tools_for(engine: Engine, action: Action, key: str) -> Tools:
    """Return the tools of one step, with the secrets that its action declares."""
    return engine.require_tools().for_step(key=key, secrets=type(action).secrets)


def _propose(tx: Transaction, engine: Engine, rollback_id: str, made: Plan) -> None:
    rollback = tx.load(rollback_id)
    if rollback.state is not State.PLANNING:
        return
    if approval.is_overdue(rollback, tx.now):
        commit_end(tx, engine.people, approval.expire(rollback, at=tx.now))
        return
    holder = tx.holder(made.resources)
    if holder is not None:
        because = f"{rollback.target} is held by {holder}, which has to end or be resolved first."
        commit_end(tx, engine.people, rollback.end(State.REFUSED, at=tx.now, because=because))
        return
    pending = replace(
        rollback.to(State.PENDING),
        plan=made,
        planned_at=tx.now,
        approve_by=rollback.asked_at + rollback.policy.approve_ttl,
        steps=tuple(StepRun(name=step.name) for step in made.steps),
    )
    commit(tx, engine.people, pending, Happening.PLANNED, details={"digest": made.digest})


async def _refuse(engine: Engine, rollback_id: str, because: str) -> None:
    def work(tx: Transaction) -> None:
        rollback = tx.load(rollback_id)
        if rollback.state is State.PLANNING:
            refused = rollback.end(State.REFUSED, at=tx.now, because=because)
            commit_end(tx, engine.people, refused)

    await engine.store.write(work)
