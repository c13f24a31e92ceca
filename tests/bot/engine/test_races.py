"""Two processes decide about the same rollback at the same moment: one order, one outcome."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.approval import approve
from bot.domain.errors import Refused
from bot.domain.event import Event, Happening
from bot.domain.rollback import Rollback, State
from bot.domain.target import Target
from bot.engine.claim import claim
from bot.ports import Kind, Posting, Reference, Transaction
from tests.bot.builders import DEPLOYS, NOON, plan, rollback
from tests.bot.engine.plant import Plant
from tests.bot.engine.trouble import Idle
from tests.bot.engine.world import World, shop, world

RACES = 130
CARD = Reference(DEPLOYS, "card")
ENVIRONMENTS = tuple(f"e{number:03}" for number in range(RACES))


def targets() -> tuple[Target, ...]:
    """Return a target for each race, since each may have one open rollback only."""
    return tuple(replace(shop(start_delay=timedelta(0)), environment=name) for name in ENVIRONMENTS)


def pending(target: Target, *approvers: str) -> Rollback:
    """Return a request for this target that these people have approved."""
    id_ = f"rb-{target.environment.rjust(5, '0')}"
    here: dict[str, Any] = {
        "environment": target.environment,
        "rules_digest": target.rules_digest,
    }
    step = plan().steps[0]
    own = replace(step, preview=replace(step.preview, resource=f"lever:{id_}"))
    made = replace(plan(own), rollback_id=id_, **here)
    asked = rollback(id=id_, plan=made, policy=target.policy, **here)
    for person in approvers:
        asked = approve(asked, person=person, digest=made.digest, at=NOON)
    return asked


def store(tx: Transaction, requests: Sequence[Rollback]) -> None:
    """Store all of them."""
    for asked in requests:
        store_one(tx, asked)


def store_one(tx: Transaction, asked: Rollback) -> None:
    """Store it as if it had come about in the usual way, with its card in the channel."""
    tx.add(asked)
    what = {"target": asked.target, "environment": asked.environment}
    account = f"slack:T00TWOKEY/{asked.requester}"
    tx.record(Event(Happening.REQUESTED, NOON, asked.id, asked.requester, account, what))
    plan = {"digest": asked.plan.digest if asked.plan else ""}
    tx.record(Event(Happening.PLANNED, NOON, asked.id, details=plan))
    for vote in asked.approvals:
        details = {"digest": vote.digest}
        account = f"slack:T00TWOKEY/{vote.person}"
        tx.record(Event(Happening.APPROVED, NOON, asked.id, vote.person, account, details))
    tx.show(Posting(asked.id, Kind.CARD, DEPLOYS))
    tx.show(Posting(asked.id, Kind.NOTICE, DEPLOYS))
    while owed := tx.due_postings(10):
        for due in owed:
            tx.shown(due, CARD)


async def act(here: World, who: str, what: str, asked: Rollback, *, late: float) -> bool:
    """Do it in this process, and tell whether it was taken."""
    await asyncio.sleep(late)
    try:
        if what == "claim":
            await claim(here.engine, asked.id)
        else:
            await here.press(what, who, asked)
    except Refused:
        return False
    return True


async def race(first: World, second: World, acts: tuple[str, str], asked: Rollback) -> Rollback:
    """Let both processes act at once; return what became of it."""
    doing: list[Coroutine[Any, Any, bool]] = []
    for here, words in zip((first, second), acts, strict=True):
        what, _, who = words.partition(" ")
        # The races are spread over the few milliseconds in which either can be the first.
        late = int(asked.id[-2:]) % 6 / 1000 if here is second else 0
        doing.append(act(here, who, what, asked, late=late))
    taken = await asyncio.gather(*doing)
    await asyncio.gather(*first.engine.tasks, *second.engine.tasks)
    after, kinds = await first.load(asked.id), await first.kinds(asked.id)
    check(after, kinds)
    assert kinds.count("refused_delivery") == taken.count(False)
    return after


def check(after: Rollback, kinds: list[str]) -> None:
    """What is stored and what is written down tell the same story, in one order."""
    assert kinds.count("claimed") == (after.state is State.CLAIMED)
    assert kinds.count("ended") == after.state.is_terminal
    assert kinds.count("claimed") + kinds.count("ended") <= 1
    assert len({vote.person for vote in after.standing}) == len(after.standing)
    if after.state is State.CLAIMED:
        assert len(after.standing) >= 2


@pytest.mark.parametrize(
    ("approvers", "acts", "outcomes"),
    [
        ("one", ("approve manager-two", "approve manager-two"), {"claimed"}),
        ("", ("approve manager-one", "approve manager-two"), {"claimed"}),
        ("one", ("approve manager-two", "reject manager-one"), {"claimed", "rejected"}),
        ("one", ("approve manager-two", "cancel responder"), {"claimed", "cancelled"}),
        ("one two", ("claim", "claim"), {"claimed"}),
        ("one two", ("claim", "reject manager-one"), {"claimed", "rejected"}),
        ("one two", ("claim", "cancel responder"), {"claimed", "cancelled"}),
        ("one two", ("claim", "withdraw manager-one"), {"claimed", "pending"}),
    ],
)
async def test_a_race_has_one_outcome(
    tmp_path: Path,
    plant: Plant,
    approvers: str,
    acts: tuple[str, str],
    outcomes: set[str],
) -> None:
    """In 130 races between two stores on one file, whoever commits first decides."""
    everything = targets()
    people = [f"manager-{name}" for name in approvers.split()]
    requests = [pending(target, *people) for target in everything]
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(world(tmp_path, *everything))
        second = await stack.enter_async_context(world(tmp_path, *everything, clock=first.clock))
        for here in (first, second):
            here.engine = replace(here.engine, durable=Idle())  # nothing is carried out
        await first.engine.store.write(lambda tx: store(tx, requests))
        seen = {(await race(first, second, acts, asked)).state for asked in requests}
    assert {str(state) for state in seen} <= outcomes
    assert plant.pulled == []
