"""What was signed once is good for one rollback, in one store, for as long as that one may take."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.event import Event, Happening
from bot.domain.rollback import Rollback, State
from bot.domain.target import Target
from bot.ports import Transaction
from tests.bot.engine.plant import Plant
from tests.bot.engine.signers import Signers, terminal
from tests.bot.engine.test_authority import wait
from tests.bot.engine.world import World, shop

ALONE = replace(shop(requester_counts=True), channels=())  # one asks, and one more approves


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    """A key for everybody."""
    return Signers.at(tmp_path)


async def request(here: World, rollback: Rollback) -> Event:
    """Return the entry of who asked for it."""
    events = await here.engine.store.read(lambda tx: tx.events(rollback.id))
    return next(event for event in events if event.kind is Happening.REQUESTED)


async def replay(here: World, old: Rollback, entry: Event, target: Target) -> Rollback:
    """Ask in somebody's name with what they signed before, as whoever has the audit key could."""
    anew = Rollback(
        id="rb-forged",
        target=target.name,
        environment=target.environment,
        affected=target.affected,
        places=(),
        requester=old.requester,
        asked_at=here.clock.now(),
        policy=target.policy,
        approvers=target.approvers,
        rules_digest=target.rules_digest,
    )

    def work(tx: Transaction) -> None:
        tx.add(anew)
        tx.record(replace(entry, at=tx.now, rollback_id=anew.id, sequence=0))

    await here.engine.store.write(work)
    return await here.until(anew.id, lambda r: r.state is not State.PLANNING)


async def test_a_request_is_good_for_one_rollback(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """A request that was taken back does not ask for another rollback in its signer's name."""
    async with terminal(tmp_path, signers, ALONE) as here:
        first = await signers.ask(here, "manager-two")
        await signers.press(here, "cancel", "manager-two", first)
        forged = await replay(here, first, await request(here, first), ALONE)
        await signers.press(here, "approve", "manager-one", forged)
        await wait(here, 30)
        after = await here.load(forged.id)
    assert (after.state, plant.pulled) == (State.PENDING, [])
