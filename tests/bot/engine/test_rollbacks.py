"""Whole rollbacks through the use cases, on a real store and with a virtual clock."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.errors import Refusal, Refused
from bot.domain.people import Membership
from bot.domain.rollback import State, StepState
from bot.domain.target import Place
from bot.engine import decide
from bot.engine.step import run_step
from bot.engine.sweep import sweep
from bot.message import Ticket
from tests.bot.builders import DEPLOYS
from tests.bot.engine.plant import PLANT, Plant
from tests.bot.engine.world import account, shop, world


async def test_two_approvals_roll_it_back(tmp_path: Path) -> None:
    """After two approvals and the start delay the lever is pulled once and verified."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        assert (quorum.state, PLANT.pulled) == (State.QUORUM, [])
        done = await here.end(quorum)
    assert (done.state, PLANT.pulled, PLANT.stands) == (State.SUCCEEDED, ["api"], {"api": "old"})
    assert done.claimed_at
    assert done.quorum_at
    assert (done.claimed_at - done.quorum_at).total_seconds() >= 5


async def test_a_refusal_is_written_down_once(tmp_path: Path) -> None:
    """The requester's own click is refused, audited with its code, and counts for nothing."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        with pytest.raises(Refused) as refused:
            await here.press("approve", "responder", rollback)
        kinds = await here.kinds(rollback.id)
        after = await here.load(rollback.id)
    assert refused.value.code is Refusal.OWN_REQUEST
    assert kinds.count("refused_delivery") == 1
    assert after.given == 0


async def test_a_delivery_counts_once(tmp_path: Path) -> None:
    """The same delivery again changes nothing."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        assert rollback.plan
        ticket = Ticket(rollback.id, rollback.plan.digest)
        click = here.invocation("manager-one")
        await decide.approve(here.engine, click, ticket)
        with pytest.raises(Refused) as refused:
            await decide.approve(here.engine, click, ticket)
        assert refused.value.code is Refusal.DUPLICATE
        assert (await here.load(rollback.id)).given == 1


@pytest.mark.parametrize(
    ("place", "digest", "code"),
    [
        (DEPLOYS, "", Refusal.STALE_CARD),  # it is said to be an older card, whoever pressed it
        (Place.direct(account("manager-one")), "", Refusal.STALE_CARD),
        (DEPLOYS, "f" * 64, Refusal.TAMPERED),
        (Place("slack", "T00ELSEWHERE", "C00DEPLOYS"), "", Refusal.TAMPERED),
    ],
)
async def test_a_button_elsewhere_is_refused(
    tmp_path: Path, place: Place, digest: str, code: Refusal
) -> None:
    """A decision counts only from a message that we posted for this rollback, the newest one."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        assert rollback.plan
        with pytest.raises(Refused) as refused:
            await decide.approve(
                here.engine,
                here.invocation("manager-one", message="another message", place=place),
                Ticket(rollback.id, digest or rollback.plan.digest),
            )
        after = await here.load(rollback.id)
    assert (refused.value.code, after.given) == (code, 0)
    assert "Nothing was changed" in str(refused.value)


@pytest.mark.parametrize("kind", [kind for kind in Membership if kind is not Membership.FULL])
async def test_only_full_members_decide(tmp_path: Path, kind: Membership) -> None:
    """Whoever the directory does not call a full member is refused, an unreadable one as well."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        here.members.kinds["manager-one"] = kind
        with pytest.raises(Refused):
            await here.press("approve", "manager-one", rollback)
        assert (await here.load(rollback.id)).given == 0


async def test_an_approver_who_left_does_not_count_at_the_claim(tmp_path: Path) -> None:
    """Somebody deactivated between the click and the claim has to be replaced."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        here.members.kinds["manager-two"] = Membership.DEACTIVATED
        back = await here.until(quorum.id, lambda r: r.state is not State.QUORUM)
    assert (back.state, back.given, PLANT.pulled) == (State.PENDING, 1, [])


async def test_time_runs_out(tmp_path: Path) -> None:
    """Without enough approvals it is reminded once, then expires, and nothing is touched."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        await here.clock.sleep(15 * 60)
        await here.until(rollback.id, lambda r: r.reminded_at is not None)
        await here.clock.sleep(15 * 60)
        ended = await here.end(rollback)
        kinds = await here.kinds(rollback.id)
    assert (ended.state, PLANT.pulled) == (State.EXPIRED, [])
    assert kinds.count("reminded") == 1


@pytest.mark.parametrize(
    ("verb", "person", "state"),
    [
        ("reject", "manager-one", State.REJECTED),
        ("cancel", "responder", State.CANCELLED),
        ("stop", "manager-one", State.CANCELLED),
    ],
)
async def test_it_ends_before_the_claim(
    tmp_path: Path, verb: str, person: str, state: State
) -> None:
    """A no, a Cancel or a Stop in the start delay leaves production alone."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        ended = await here.press(verb, person, quorum)
        await here.clock.sleep(60)
        await sweep(here.engine)
        assert ended.state is state
        assert (await here.load(quorum.id)).state is state
    assert PLANT.pulled == []


async def test_a_second_request_is_pointed_to_the_first(tmp_path: Path) -> None:
    """While one is open, another request for the same target names it."""
    async with world(tmp_path) as here:
        first = await here.ask()
        with pytest.raises(Refused) as refused:
            await here.ask("manager-one")
    assert (refused.value.code, refused.value.rollback_id) == (Refusal.BUSY, first.id)


@pytest.mark.parametrize(
    ("manner", "state", "pulls"),
    [
        ("works", State.SUCCEEDED, 1),
        ("loses its answer", State.SUCCEEDED, 1),
        ("refuses", State.FAILED, 0),
        ("never lands", State.FAILED, 0),
        ("lies", State.UNVERIFIED, 1),
    ],
)
async def test_the_end_is_what_was_proven(
    tmp_path: Path, manner: str, state: State, pulls: int
) -> None:
    """However the system behaves, the lever is pulled at most once and the end is true."""
    PLANT.behaves["api"] = manner
    async with world(tmp_path) as here:
        ended = await here.end(await here.approved())
    assert (ended.state, len(PLANT.pulled)) == (state, pulls)


async def test_health_decides_about_success(tmp_path: Path) -> None:
    """A rollback whose checks fail afterwards is unverified, not succeeded."""
    PLANT.healthy = False
    async with world(tmp_path) as here:
        ended = await here.end(await here.approved())
    assert ended.state is State.UNVERIFIED


async def test_half_is_partial_and_stays_locked(tmp_path: Path) -> None:
    """One step done and one refused is partial, and the resources stay locked until resolved."""
    PLANT.behaves["web"] = "refuses"
    async with world(tmp_path, shop("api", "web")) as here:
        ended = await here.end(await here.approved())
        assert ended.state is State.PARTIAL
        again = await here.ask()
        assert again.state is State.REFUSED
        await here.post_card(ended.id)
        await here.press("resolve", "responder", ended, words="redeployed by hand")
        await here.press("confirm_resolution", "manager-one", ended)
        PLANT.stands["api"] = "new"
        assert (await here.ask()).state is State.PENDING
        assert (await here.load(ended.id)).state is State.PARTIAL


async def test_a_step_waits_for_what_it_needs(tmp_path: Path) -> None:
    """A step behind a failed one is never started."""
    PLANT.behaves["api"] = "refuses"
    levers = shop("api", "web", needs={"web": ("api",)})
    async with world(tmp_path, levers) as here:
        ended = await here.end(await here.approved())
    states = {run.name: run.state for run in ended.steps}
    assert states == {"api": StepState.FAILED, "web": StepState.NOT_STARTED}


async def test_what_changed_since_the_approval_is_stale(tmp_path: Path) -> None:
    """If the lever moved elsewhere after the approvals, nothing is pulled."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        PLANT.stands["api"] = "somewhere else"
        ended = await here.end(quorum)
    assert (ended.state, PLANT.pulled) == (State.STALE, [])


async def test_nothing_to_do_is_said_at_once(tmp_path: Path) -> None:
    """If the lever stands right already, there is no plan to approve."""
    PLANT.stands["api"] = "old"
    async with world(tmp_path) as here:
        refused = await here.ask()
    assert refused.state is State.REFUSED
    assert refused.outcome
    assert "nothing to do" in refused.outcome.because


async def test_stop_lets_no_further_step_start(tmp_path: Path, plant: Plant) -> None:
    """A Stop while the first step is in flight finishes that one and starts no other."""
    plant.gate = asyncio.Event()
    async with world(tmp_path, shop("api", "web", needs={"web": ("api",)})) as here:
        quorum = await here.approved()
        await here.until(quorum.id, lambda _r: plant.pulled == ["api"])
        await here.press("stop", "manager-one", quorum)
        plant.gate.set()
        ended = await here.end(quorum)
    assert (ended.state, plant.pulled) == (State.ABORTED, ["api"])


@pytest.mark.parametrize(("happened", "state"), [(True, State.SUCCEEDED), (False, State.FAILED)])
async def test_a_person_settles_a_doubt(tmp_path: Path, happened: bool, state: State) -> None:
    """What nobody can read back waits for a person, and is never sent a second time."""
    PLANT.behaves["api"] = "nobody knows"
    async with world(tmp_path) as here:
        waiting = await here.until((await here.approved()).id, lambda r: r.state is State.WAITING)
        await here.press("settle", "manager-one", waiting, about="api", happened=happened)
        ended = await here.end(waiting)
    assert (ended.state, PLANT.pulled) == (state, ["api"])


async def test_an_unanswered_doubt_needs_a_person(tmp_path: Path) -> None:
    """After a day without an answer it ends as needing a person."""
    PLANT.behaves["api"] = "nobody knows"
    async with world(tmp_path) as here:
        waiting = await here.until((await here.approved()).id, lambda r: r.state is State.WAITING)
        await here.clock.sleep(86_400)
        assert (await here.end(waiting)).state is State.NEEDS_HUMAN


async def test_a_crash_in_the_middle_of_a_step_repeats_nothing(
    tmp_path: Path, plant: Plant
) -> None:
    """A process that died between the effect and its answer leaves one effect, found by a probe."""
    plant.gate = asyncio.Event()
    async with world(tmp_path) as here:
        quorum = await here.approved()
        await here.until(quorum.id, lambda _r: plant.pulled == ["api"])
        clock = here.clock
    plant.gate = None
    async with world(tmp_path, clock=clock) as later:
        ended = await later.end(quorum)
    assert (ended.state, plant.pulled, ended.token) == (State.SUCCEEDED, ["api"], 2)


async def test_an_older_execution_touches_nothing(tmp_path: Path, plant: Plant) -> None:
    """An execution that was replaced can't start a step any more."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        ended = await here.end(quorum)
        assert ended.plan
        plant.stands["api"] = "new"
        await run_step(here.engine, ended.id, ended.plan.steps[0], 0)
    assert plant.pulled == ["api"]


async def test_rules_changed_meanwhile_make_it_stale(tmp_path: Path) -> None:
    """Approvals given under other rules start nothing."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        clock = here.clock
    async with world(tmp_path, shop(approvals=1), clock=clock) as later:
        ended = await later.end(quorum)
    assert (ended.state, PLANT.pulled) == (State.STALE, [])


async def test_secrets_never_reach_a_note(tmp_path: Path) -> None:
    """What a system says is scrubbed before it is kept or shown."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        PLANT.stands["api"] = "hunter2"
        ended = await here.end(quorum)
    assert "hunter2" not in str(ended.steps)
