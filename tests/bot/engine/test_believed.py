"""A claim starts nothing by being in the chain: the approvals before it have to be believed.

Whoever decides at a terminal has the database and the audit key, and could write any entry.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.domain import approval
from bot.domain.event import Event, Happening
from bot.domain.people import People, Person
from bot.domain.rollback import Rollback, State, StepState
from bot.domain.target import Policy, Target
from bot.engine.change import commit
from bot.ports import Kind, Transaction
from tests.bot.engine.plant import Plant
from tests.bot.engine.signers import Signers, believing, terminal, ticket_of
from tests.bot.engine.test_authority import forge_body, wait
from tests.bot.engine.world import World, account, shop, world

ALONE = replace(shop(), channels=())


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    """A key for everybody."""
    return Signers.at(tmp_path)


def claim_it(here: World, rollback_id: str, tx: Transaction) -> None:
    """Write down a claim, as whoever has the audit key could."""
    now = tx.load(rollback_id)
    quorum = replace(now, state=State.QUORUM, quorum_at=tx.now)
    claimed = replace(quorum.to(State.CLAIMED), claimed_at=tx.now, token=1)
    details = {"token": "1", "digest": ticket_of(now).digest}
    commit(tx, here.engine.people, claimed, Happening.CLAIMED, details=details)


@pytest.mark.parametrize("approvals", [(), ("manager-one",)])
async def test_a_claim_can_not_be_invented(
    tmp_path: Path, plant: Plant, signers: Signers, approvals: tuple[str, ...]
) -> None:
    """A claim with its seal, and with too few approvals before it, starts nothing."""
    async with terminal(tmp_path, signers, ALONE) as here:
        asked = await signers.ask(here)
        for person in approvals:
            await signers.press(here, "approve", person, asked)
        await here.engine.store.write(partial(claim_it, here, asked.id))
        ended = await here.end(asked)
    assert (ended.state, plant.pulled) == (State.NEEDS_HUMAN, [])
    assert ended.outcome
    assert "no further step is started" in ended.outcome.because


async def test_nor_by_another_count_in_the_database(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """How many approvals a claim needs before it is what the configuration says."""
    async with terminal(tmp_path, signers, ALONE) as here:
        asked = await signers.ask(here)
        await signers.press(here, "approve", "manager-one", asked)
        forge_body(tmp_path, lambda body: body["policy"].update(approvals=1))
        await here.engine.store.write(partial(claim_it, here, asked.id))
        ended = await here.end(asked)
    assert (ended.state, plant.pulled) == (State.NEEDS_HUMAN, [])


async def test_a_claim_of_what_was_approved_is_carried_out(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """What these tests write down starts if it stands on two approvals that were signed."""
    async with terminal(tmp_path, signers, ALONE) as here:
        asked = await signers.ask(here)
        await signers.press(here, "approve", "manager-one", asked)
        await signers.press(here, "approve", "manager-two", asked)
        await here.engine.store.write(partial(claim_it, here, asked.id))
        ended = await here.end(asked)
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api"])


async def test_approvals_behind_the_claim_come_too_late(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """A second claim does not use the approvals of what was claimed and ended before."""
    async with terminal(tmp_path, signers, ALONE) as here:
        asked = await signers.ask(here)
        await signers.press(here, "approve", "manager-one", asked)

        def work(tx: Transaction) -> None:
            claim_it(here, asked.id, tx)
            approved(here, asked, "manager-two", str(account("manager-two")), tx)

        await here.engine.store.write(work)
        ended = await here.end(asked)
    assert (ended.state, plant.pulled) == (State.NEEDS_HUMAN, [])


def approved(here: World, asked: Rollback, person: str, name: str | None, tx: Transaction) -> None:
    """Write down an approval that nobody signed."""
    now, digest = tx.load(asked.id), ticket_of(asked).digest
    if now.state is State.PENDING:
        now = approval.approve(now, person=person, digest=digest, at=tx.now)
    details = {"digest": digest}
    commit(
        tx,
        here.engine.people,
        now,
        Happening.APPROVED,
        person=person,
        account=name,
        details=details,
    )


@pytest.mark.parametrize("with_account", [True, False])
async def test_two_entries_make_no_approval(
    tmp_path: Path, plant: Plant, signers: Signers, with_account: bool
) -> None:
    """An entry of no account, or of a foreign one, counts for nobody, whatever follows it."""
    async with terminal(tmp_path, signers, ALONE) as here:
        asked = await signers.ask(here)
        await signers.press(here, "approve", "manager-one", asked)

        def work(tx: Transaction) -> None:
            name = "slack:T00TWOKEY/nobody" if with_account else None
            approved(here, asked, "manager-two", name, tx)
            key = str(signers.account("manager-two"))
            entry = Event(Happening.APPROVED, tx.now, asked.id, "manager-two", key)
            tx.record(replace(entry, details={"digest": ticket_of(asked).digest}))

        await here.engine.store.write(work)
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 1, [])


@pytest.mark.parametrize("name", [None, "", "slack:T00TWOKEY/nobody", "slack:T00TWOKEY/outsider"])
async def test_an_entry_of_no_account_upholds_no_claim(
    tmp_path: Path, plant: Plant, signers: Signers, name: str | None
) -> None:
    """An approval counts by an account of that person only, also if a claim follows it."""
    async with terminal(tmp_path, signers, ALONE) as here:
        asked = await signers.ask(here)
        await signers.press(here, "approve", "manager-one", asked)

        def work(tx: Transaction) -> None:
            approved(here, asked, "manager-two", name, tx)
            claim_it(here, asked.id, tx)

        await here.engine.store.write(work)
        ended = await here.end(asked)
    assert (ended.state, plant.pulled) == (State.NEEDS_HUMAN, [])


TWO_STEPS = replace(shop("api", "web", needs={"web": ("api",)}), channels=())


async def in_mid_call(
    tmp_path: Path, plant: Plant, signers: Signers, target: Target
) -> tuple[World, Rollback]:
    """Approve by keys, and end the process in the middle of the first step."""
    plant.gate = asyncio.Event()
    async with terminal(tmp_path, signers, target) as here:
        asked = await signers.ask(here)
        await signers.press(here, "approve", "manager-one", asked)
        await signers.press(here, "approve", "manager-two", asked)
        await here.until(asked.id, lambda _r: plant.pulled == ["api"])
        await here.engine.close()
    plant.gate = None
    return here, asked


@pytest.fixture
async def half_done(tmp_path: Path, plant: Plant, signers: Signers) -> tuple[World, Rollback]:
    """What was approved by keys, and whose process ended in the middle of the first of two."""
    return await in_mid_call(tmp_path, plant, signers, TWO_STEPS)


async def test_other_words_do_not_stop_what_has_begun(
    tmp_path: Path, plant: Plant, signers: Signers, half_done: tuple[World, Rollback]
) -> None:
    """A run goes on after a restart with a configuration that changed in what is harmless."""
    here, asked = half_done
    policy = Policy(approve_ttl=timedelta(minutes=5), exec_ttl=timedelta(minutes=1))
    other = replace(TWO_STEPS, affected="Everything", policy=policy)
    here.clock.time += timedelta(hours=1)
    async with world(tmp_path, other, clock=here.clock, people=signers.people) as later:
        ended = await believing(later).end(asked)
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api", "web"])


@pytest.mark.parametrize("what", ["key", "approver", "count", "target"])
async def test_what_has_begun_stops_if_it_may_not_go_on(
    tmp_path: Path, plant: Plant, signers: Signers, half_done: tuple[World, Rollback], what: str
) -> None:
    """Without a key, an approver or the target only what was on its way is looked after."""
    here, asked = half_done
    target: Target = {
        "key": TWO_STEPS,
        "approver": replace(TWO_STEPS, approvers=("responder", "manager-one")),
        "count": replace(TWO_STEPS, policy=Policy(approvals=3)),
        "target": replace(TWO_STEPS, name="another"),
    }[what]
    people = _less(signers) if what == "key" else signers.people
    async with world(tmp_path, target, clock=here.clock, people=people) as later:
        ended = await believing(later).end(asked)
    assert (ended.state, plant.pulled) == (State.NEEDS_HUMAN, ["api"])
    assert [run.state for run in ended.steps] == [StepState.DONE, StepState.NOT_STARTED]
    assert ended.outcome
    assert "no further step is started" in ended.outcome.because


async def test_a_run_that_may_not_go_on_says_so_at_once(tmp_path: Path, plant: Plant) -> None:
    """While what was sent is still looked after, people are told that nothing more is started."""
    target = shop("api", "web", needs={"web": ("api",)})
    plant.gate, plant.fog = asyncio.Event(), asyncio.Event()
    async with world(tmp_path, target) as here:
        asked = await here.approved()
        await here.until(asked.id, lambda _r: plant.pulled == ["api"])
        await here.engine.close()
        await here.post_card(asked.id)
    less = replace(target, approvers=("responder", "manager-one"))
    async with world(tmp_path, less, clock=here.clock) as later:
        running = await later.until(asked.id, lambda r: bool(r.held))
        told = await later.engine.store.read(lambda tx: tx.due_postings(20))
    assert not running.state.is_terminal
    assert [one.posting.kind for one in told if one.posting.kind is Kind.NOTICE]


async def test_the_last_step_is_verified_whoever_left_meanwhile(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """Once every call is made nothing can start any more, so a smaller map stops no check."""
    here, asked = await in_mid_call(tmp_path, plant, signers, ALONE)
    async with world(tmp_path, ALONE, clock=here.clock, people=_less(signers)) as later:
        ended = await believing(later).end(asked)
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api"])


def _less(signers: Signers) -> People:
    """The people map without the key of the second manager."""
    return People(
        Person(one.key, one.name, one.accounts[: 1 if one.key == "manager-two" else 2])
        for one in signers.people.everybody
    )
