"""Mistakes, lost executions and late starts: nothing is stuck, and nothing is claimed falsely."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.rollback import Rollback, State, StepState
from bot.engine.sweep import MOST_EXECUTIONS
from bot.storage.store import SqlStore
from tests.bot.engine.plant import Plant
from tests.bot.engine.trouble import FaultyStore, Idle, Memory, Remembering
from tests.bot.engine.world import shop, world


async def ended_with(folder: Path, plant: Plant, *broken: str) -> Rollback:
    """Play a whole rollback in which these parts stumble after the approvals."""
    async with world(folder) as here:
        quorum = await here.approved()
        plant.breaks.update(broken)
        return await here.end(quorum)


async def test_a_mistake_while_planning_is_a_refusal(tmp_path: Path, plant: Plant) -> None:
    """An adapter that stumbles over its own mistake refuses the plan, and the target is free."""
    plant.breaks.add("preview")
    async with world(tmp_path) as here:
        refused = await here.ask()
        plant.breaks.clear()
        assert refused.state is State.REFUSED
        assert refused.outcome
        assert "KeyError" in refused.outcome.because
        assert (await here.ask()).state is State.PENDING


async def test_a_request_that_was_never_planned_expires(tmp_path: Path) -> None:
    """A bot that comes back after the deadline of a request does not plan it any more."""
    async with world(tmp_path) as here:
        asked = await here.ask_for()
        await here.engine.close()  # it dies before it can plan
        clock = here.clock
    await clock.sleep(31 * 60)
    async with world(tmp_path, clock=clock) as later:
        assert (await later.end(asked)).state is State.EXPIRED


async def test_the_deadline_counts_from_the_request(tmp_path: Path) -> None:
    """A plan that took a restart to be made does not give the approvers more time."""
    async with world(tmp_path) as here:
        asked = await here.ask_for()
        await here.engine.close()
        clock = here.clock
    await clock.sleep(20 * 60)
    async with world(tmp_path, clock=clock) as later:
        planned = await later.until(asked.id, lambda r: r.state is not State.PLANNING)
    assert planned.approve_by == planned.asked_at + planned.policy.approve_ttl


async def test_a_mistake_before_the_call_changes_nothing(tmp_path: Path, plant: Plant) -> None:
    """A preview that stumbles right before the call fails the step, and nothing is pulled."""
    ended = await ended_with(tmp_path, plant, "preview")
    assert (ended.state, plant.pulled) == (State.FAILED, [])


@pytest.mark.parametrize("broken", ["verify", "evidence", "health"])
async def test_what_can_not_be_looked_at_is_unverified(
    tmp_path: Path, plant: Plant, broken: str
) -> None:
    """A read-back or a check that stumbles, or that brings no evidence, is never a success."""
    ended = await ended_with(tmp_path, plant, broken)
    assert (ended.state, plant.pulled) == (State.UNVERIFIED, ["api"])


async def test_a_probe_that_stumbles_asks_a_person(tmp_path: Path, plant: Plant) -> None:
    """If the answer is lost and the look for it stumbles, nobody guesses."""
    plant.behaves["api"] = "loses its answer"
    async with world(tmp_path) as here:
        quorum = await here.approved()
        plant.breaks.add("probe")
        waiting = await here.until(quorum.id, lambda r: r.state is State.WAITING)
    assert waiting.run("api").state is StepState.IN_DOUBT


async def test_a_late_effect_is_still_seen(tmp_path: Path, plant: Plant) -> None:
    """What is not to be seen at the first look back is looked for again before it is doubted."""
    plant.behaves["api"] = "lies"
    plant.lands_after = 3
    async with world(tmp_path) as here:
        ended = await here.end(await here.approved())
    assert ended.state is State.SUCCEEDED


async def test_nothing_to_do_elsewhere_is_stale(tmp_path: Path, plant: Plant) -> None:
    """A system that has nothing to do at another version than the approved one is not done."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        plant.leads_to = plant.stands["api"] = "elsewhere"
        ended = await here.end(quorum)
    assert (ended.state, plant.pulled) == (State.STALE, [])


async def test_an_idempotent_step_is_sent_again(tmp_path: Path, plant: Plant) -> None:
    """A call that provably never landed is sent once more, if the action can't do harm by that."""
    plant.behaves["api"] = "never lands"
    async with world(tmp_path, shop(use="lever.push")) as here:
        quorum = await here.approved()
        ended = await here.end(quorum)
    assert (ended.state, ended.run("api").attempt) == (State.FAILED, 2)


async def test_a_start_that_failed_is_made_up_for(tmp_path: Path) -> None:
    """A claim whose first execution broke off at once is carried out by the next one."""
    faults: dict[int, str] = {}

    def through(store: SqlStore) -> FaultyStore:
        return FaultyStore(store, faults=faults)

    durable = Remembering(Memory())
    async with world(tmp_path, shop(), durable=durable, through=through) as here:
        quorum = await here.approved()
        store: Any = here.engine.store
        faults[store.writes + 2] = "refused"  # the claim is recorded, its beginning is not
        ended = await here.end(quorum)
    assert (ended.state, ended.token) == (State.SUCCEEDED, 2)


async def test_what_breaks_off_for_ever_needs_a_person(tmp_path: Path, plant: Plant) -> None:
    """An execution that breaks off again and again ends as a question to people."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        here.engine.registry.actions.clear()  # an upgrade took the action away
        ended = await here.end(quorum)
    assert (ended.state, ended.token) == (State.NEEDS_HUMAN, MOST_EXECUTIONS)
    assert plant.pulled == []


async def test_a_claim_that_lay_around_is_stale(tmp_path: Path, plant: Plant) -> None:
    """A bot that comes back hours after the claim does not start what people approved then."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        here.engine = replace(here.engine, durable=Idle())  # it claims, and dies before it starts
        claimed = await here.until(quorum.id, lambda r: r.state is State.CLAIMED)
        clock = here.clock
    await clock.sleep(3 * 3600)
    async with world(tmp_path, clock=clock) as later:
        ended = await later.end(claimed)
        again = await later.ask()
    assert (ended.state, plant.pulled, again.state) == (State.STALE, [], State.PENDING)


async def test_a_stop_of_the_process_asks_nobody(tmp_path: Path, plant: Plant) -> None:
    """A process that is told to end in the middle of a call leaves the question to the next one."""
    plant.gate = asyncio.Event()
    async with world(tmp_path) as here:
        quorum = await here.approved()
        await here.until(quorum.id, lambda _r: plant.pulled == ["api"])
        await here.engine.close()
        interrupted = await here.load(quorum.id)
        clock = here.clock
    plant.gate = None
    async with world(tmp_path, clock=clock) as later:
        ended = await later.end(quorum)
    assert interrupted.run("api").state is StepState.RUNNING
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api"])
