"""What was signed once is good for one rollback, in one store, for as long as that one may take."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import approval
from bot.domain.act import Act
from bot.domain.event import Event, Happening
from bot.domain.rollback import Rollback, State
from bot.domain.target import Target
from bot.engine.change import commit
from bot.ports import Transaction
from tests.bot.builders import NOON
from tests.bot.engine.plant import Plant
from tests.bot.engine.signers import STORE, Signers, terminal, ticket_of
from tests.bot.engine.test_authority import forge_body, wait
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


async def test_a_request_is_good_for_as_long_as_its_rollback_may_take(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """What was signed last week is no signature of today, also if the request is kept open."""
    async with terminal(tmp_path, signers, ALONE) as here:
        asked = await signers.ask(here, "manager-two")
        here.clock.time += timedelta(days=7)
        forge_body(tmp_path, lambda body: body.update({"approve_by": "2026-11-30T00:00:00Z"}))
        await signers.press(here, "approve", "manager-one", asked)
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 1, [])


async def test_a_slow_rollback_is_as_good_as_a_quick_one(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """A request that is approved and started at the last moment still has its signature."""
    slow = replace(ALONE, policy=replace(ALONE.policy, start_delay=timedelta(minutes=10)))
    async with terminal(tmp_path, signers, slow) as here:
        asked = await signers.ask(here, "manager-two")
        here.clock.time = NOON + slow.policy.approve_ttl - timedelta(seconds=1)
        await signers.press(here, "approve", "manager-one", asked)
        here.clock.time += slow.policy.start_delay + slow.policy.exec_ttl - timedelta(seconds=20)
        ended = await here.end(asked)
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api"])


async def test_a_statement_is_good_in_one_store(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """An approval that was signed for another store is put into this one's chain in vain."""
    async with terminal(tmp_path, signers, ALONE) as here:
        asked = await signers.ask(here, "responder")

        def work(tx: Transaction) -> None:
            now, own = tx.load(asked.id), signers.keys["manager-one"]
            digest = ticket_of(now).digest
            _, proof = own.sign(Act("approve", now.id, digest), store=STORE[::-1], at=tx.now)
            commit(
                tx,
                here.engine.people,
                approval.approve(now, person="manager-one", digest=digest, at=tx.now),
                Happening.APPROVED,
                person="manager-one",
                account=str(own.account),
                details={
                    "digest": digest,
                    "signed": proof.text,
                    "signature": proof.signature,
                },
            )

        await here.engine.store.write(work)
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.state, plant.pulled) == (State.PENDING, [])
