"""After the last step: look at production the way its users do, until it held often enough."""

import asyncio
from dataclasses import replace

from bot.domain.plan import Check, Evidence
from bot.domain.rollback import Rollback, State
from bot.engine.change import commit_end
from bot.engine.core import Engine, in_words
from bot.faultpoints import FaultPoint, reached
from bot.ports import Transaction


async def verify(engine: Engine, rollback_id: str, token: int) -> str:
    """Confirm every check and end the rollback as what they prove."""
    rollback = await engine.store.read(lambda tx: tx.load(rollback_id))
    checks = rollback.plan.checks if rollback.plan else ()
    seen = tuple(await asyncio.gather(*(_confirm(engine, rollback, check) for check in checks)))

    reached(FaultPoint.CHECKS_SEEN)

    def work(tx: Transaction) -> str:
        now = tx.load(rollback_id)
        if now.token != token or now.state is not State.VERIFYING:
            return "superseded"
        ended = _end(replace(now, checks=seen), tx)
        commit_end(tx, engine.people, ended)
        return ended.state

    state = await engine.store.write(work)
    reached(FaultPoint.END_RECORDED)
    return state


def _end(rollback: Rollback, tx: Transaction) -> Rollback:
    failing = next((check for check in rollback.checks if not check.holds), None)
    if failing is None:
        return rollback.end(State.SUCCEEDED, at=tx.now)
    because = f"{failing.name}: expected {failing.expected}, saw {failing.seen}"
    return rollback.end(State.UNVERIFIED, at=tx.now, because=because)


async def _confirm(engine: Engine, rollback: Rollback, check: Check) -> Evidence:
    assertion = engine.registry.assertion(check.use, check.params)
    tools = engine.require_tools().for_step(
        key=f"{rollback.id}/{check.name}/after", secrets=type(assertion).secrets
    )
    try:
        return await assertion.confirm(tools, check.name)
    except Exception as error:  # noqa: BLE001 - whatever it was, nothing is proven
        seen = engine.require_tools().scrub(in_words(error, doing="looking"))
        return Evidence(check.name, "an answer", seen, holds=False, at=engine.clock.now())
