"""A step that finds its system where it should be: nothing is sent, and it is read back anyway."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.rollback import State, StepState
from tests.bot.engine.plant import Plant
from tests.bot.engine.world import shop, world


async def test_what_is_there_already_is_read_back(tmp_path: Path, plant: Plant) -> None:
    """A step with nothing to do sends nothing, and holds the evidence that doing it would hold."""
    # given
    async with world(tmp_path, shop("api", "web")) as here:
        quorum = await here.approved()
        plant.stands["web"] = "old"  # somebody else was faster

        # when
        ended = await here.end(quorum)

    # then
    skipped = ended.run("web")
    assert (ended.state, plant.pulled, skipped.state) == (State.SUCCEEDED, ["api"], "skipped")
    assert [(one.expected, one.holds) for one in skipped.evidence] == [("old", True)]


@pytest.mark.parametrize(
    ("broken", "why"), [("verify", "reading it back failed"), ("evidence", "nothing was read back")]
)
async def test_what_only_seems_to_be_there_is_not_started(
    tmp_path: Path, plant: Plant, broken: str, why: str
) -> None:
    """Without evidence a step with nothing to do is stale: it was not sent, and it is not done."""
    # given
    async with world(tmp_path, shop("api", "web", needs={"web": ("api",)})) as here:
        quorum = await here.approved()
        plant.stands["api"] = "old"
        plant.breaks.add(broken)

        # when
        ended = await here.end(quorum)

    # then
    states = [run.state for run in ended.steps]
    assert (ended.state, states) == (State.STALE, [StepState.STALE, StepState.NOT_STARTED])
    assert plant.pulled == []
    assert why in ended.run("api").note


async def test_a_stop_counts_while_it_is_read_back(tmp_path: Path, plant: Plant) -> None:
    """Whoever stops it while a step with nothing to do is read back leaves it not started."""
    # given
    async with world(tmp_path) as here:
        quorum = await here.approved()
        plant.stands["api"] = "old"
        plant.fog = asyncio.Event()
        await here.until(quorum.id, lambda _r: plant.looks == 1)

        # when
        await here.press("stop", "manager-one", quorum)
        plant.fog.set()
        ended = await here.end(quorum)

    # then
    assert (ended.state, ended.run("api").state) == (State.ABORTED, StepState.NOT_STARTED)


async def test_what_was_sent_before_is_never_called_not_started(
    tmp_path: Path, plant: Plant
) -> None:
    """An attempt that landed after it was given up, and can't be read back, is unverified."""
    # given
    plant.behaves["api"] = "lands late"
    plant.breaks.add("verify")
    async with world(tmp_path, shop(use="lever.push")) as here:
        quorum = await here.approved()

        # when
        ended = await here.end(quorum)

    # then
    assert (ended.state, ended.run("api").state) == (State.UNVERIFIED, StepState.UNVERIFIED)
    assert plant.pulled == ["api"]
