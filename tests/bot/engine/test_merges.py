"""Whoever asked stays whoever asked, also if the people map finds out later who they are."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.domain.errors import Refusal, Refused
from bot.domain.people import Account, People, Person
from bot.domain.rollback import Rollback, State
from tests.bot.engine.plant import Plant
from tests.bot.engine.test_authority import forge
from tests.bot.engine.test_mirrors import ON_BOTH, SERVER, on_discord
from tests.bot.engine.world import World, account, shop, world

ON_SLACK, ON_DISCORD = account("outsider"), Account(*SERVER, "manager-two")
OTHERS = (
    Person("manager-one", "Bob", (account("manager-one"), Account(*SERVER, "manager-one"))),
    Person("responder", "Responder", (account("responder"),)),
)
# Ann asks on Slack as one person and is an approver on Discord as another; then it is found out.
BEFORE = People(
    (
        *OTHERS,
        Person("outsider", "Ann on Slack", (ON_SLACK,)),
        Person("manager-two", "Ann on Discord", (ON_DISCORD,)),
    )
)
AFTER = People((*OTHERS, Person("manager-two", "Ann", (ON_SLACK, ON_DISCORD))))
FORGOTTEN = People((*OTHERS, Person("manager-two", "Ann on Discord", (ON_DISCORD,))))

Opened = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Open the same world, with one map or another."""

    @asynccontextmanager
    async def open_(people: People, **changes: object) -> AsyncGenerator[World]:
        async with world(tmp_path, ON_BOTH, people=people, **changes) as here:  # type: ignore[arg-type]
            yield here

    return open_


async def test_an_earlier_vote_of_the_requester_starts_nothing(
    opened: Opened, plant: Plant
) -> None:
    """Two signatures that turn out to be one human's and somebody else's are one too few."""
    async with opened(BEFORE) as here:
        asked = await here.ask("outsider")
        await here.press("approve", "manager-one", asked)
        await here.press("approve", "manager-two", asked, **on_discord("manager-two"))
        clock = here.clock
    async with opened(AFTER, clock=clock) as here:
        ended = await here.end(asked)
    assert (ended.state, plant.pulled) == (State.STALE, [])
    assert ended.outcome
    assert "belongs to another person" in ended.outcome.because


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("where", ["slack", "discord"])
async def test_no_account_of_the_requester_decides(
    opened: Opened, plant: Plant, verb: str, where: str
) -> None:
    """Once the map says whose the accounts are, none of them approves what one of them asked."""
    async with opened(BEFORE) as here:
        asked = await here.ask("outsider")
        clock = here.clock
    press = on_discord("manager-two") if where == "discord" else {}
    async with opened(AFTER, clock=clock) as here:
        with pytest.raises(Refused) as refused:
            await here.press(verb, "outsider", asked, **press)
        after = await here.load(asked.id)
    assert refused.value.code is Refusal.OWN_REQUEST
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 0, [])


async def test_the_requester_is_known_by_the_chain(tmp_path: Path, plant: Plant) -> None:
    """Whoever asked can't approve, whatever the database says about who asked."""
    async with world(tmp_path) as here:
        asked = await here.ask()
        forge(tmp_path, "UPDATE rollbacks SET requester = 'manager-two'")
        with pytest.raises(Refused) as refused:
            await here.press("approve", "responder", asked)
        after = await here.load(asked.id)
    assert refused.value.code is Refusal.OWN_REQUEST
    assert (after.given, plant.pulled) == (0, [])


async def test_the_requester_can_still_take_it_back(opened: Opened) -> None:
    """Whoever asked cancels it, also under another name and with another account."""
    renamed = People((*OTHERS, Person("ann", "Ann", (ON_SLACK, ON_DISCORD))))
    async with opened(BEFORE) as here:
        asked = await here.ask("outsider")
        clock = here.clock
    async with opened(renamed, clock=clock) as here:
        ended = await here.press("cancel", "ann", asked, **on_discord("manager-two"))
    assert ended.state is State.CANCELLED


async def test_nobody_confirms_their_own_resolution(tmp_path: Path) -> None:
    """The second signature under a resolution is another human's, whatever they were called."""
    opened = partial(world, tmp_path, replace(ON_BOTH, approvers=(*ON_BOTH.approvers, "outsider")))
    async with opened(people=BEFORE) as here:
        asked = await here.ask("responder")
        await here.engine.store.write(lambda tx: tx.save(_unfinished(tx.load(asked.id))))
        await here.press("resolve", "outsider", asked, words="redeployed")
        clock = here.clock
    async with opened(people=AFTER, clock=clock) as here:
        with pytest.raises(Refused) as refused:
            await here.press(
                "confirm_resolution", "manager-two", asked, **on_discord("manager-two")
            )
        confirmed = await here.press("confirm_resolution", "manager-one", asked)
    assert refused.value.code is Refusal.OWN_REQUEST
    assert confirmed.resolution
    assert confirmed.resolution.confirmed_by == "manager-one"


def _unfinished(rollback: Rollback) -> Rollback:
    return replace(rollback, state=State.PARTIAL)


@pytest.mark.parametrize("counts", [False, True])
async def test_a_requester_out_of_the_map_cancels_it(
    tmp_path: Path, plant: Plant, *, counts: bool
) -> None:
    """If an operator takes whoever asked out of the people map, nobody's request is carried out."""
    target = replace(ON_BOTH, policy=shop(requester_counts=counts).policy)
    async with world(tmp_path, target, people=BEFORE) as here:
        asked = await here.ask("outsider")
        await here.press("approve", "manager-one", asked)
        if not counts:
            await here.press("approve", "manager-two", asked, **on_discord("manager-two"))
        clock = here.clock
    async with world(tmp_path, target, people=FORGOTTEN, clock=clock) as here:
        ended = await here.end(asked)
    assert (ended.state, plant.pulled) == (State.CANCELLED, [])


async def test_a_vote_of_a_lost_account_is_given_again(opened: Opened, plant: Plant) -> None:
    """Whoever approved by an account that is theirs no longer approves by the one they have."""
    both, left = (account("manager-two"), ON_DISCORD), (ON_DISCORD,)
    async with opened(People((*OTHERS, Person("manager-two", "Ann", both)))) as here:
        asked = await here.ask()
        await here.press("approve", "manager-two", asked)
        clock = here.clock
    async with opened(People((*OTHERS, Person("manager-two", "Ann", left))), clock=clock) as here:
        again = await here.press("approve", "manager-two", asked, **on_discord("manager-two"))
        await here.press("approve", "manager-one", asked)
        ended = await here.end(asked)
        kinds = await here.kinds(asked.id)
    assert (again.given, ended.state, plant.pulled) == (1, State.SUCCEEDED, ["api"])
    assert "voided" not in kinds
