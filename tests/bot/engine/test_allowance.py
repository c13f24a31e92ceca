"""What the store counts is what the limits see; and a reason that was approved stays."""

from functools import partial
from pathlib import Path

import pytest

from bot.domain.errors import Refusal, Refused
from bot.domain.rollback import Rollback, State
from bot.ports import Reference, Transaction
from tests.bot import builders
from tests.bot.engine.world import World, shop, world


async def rejected(here: World) -> None:
    """Ask for the backend, and reject it."""
    rollback = await here.ask()
    await here.press("reject", "manager-one", rollback)


def _add(rollback: Rollback, tx: Transaction) -> None:
    tx.add(rollback)


async def test_a_target_that_was_rejected_three_times_cools_down(tmp_path: Path) -> None:
    """The fourth request is refused, written down, and goes out half an hour later."""
    async with world(tmp_path) as here:
        for _ in range(3):
            await rejected(here)
        with pytest.raises(Refused, match="rejected 3 times") as refusal:
            await here.ask_for("manager-two")
        strays = await here.engine.store.read(lambda tx: tx.events(None))
        await here.clock.sleep(1800)
        again = await here.ask_for()
    assert refusal.value.code is Refusal.LIMIT
    assert [event.details["code"] for event in strays] == ["limit"]
    assert again.state is State.PLANNING


async def test_one_person_may_ask_for_ten(tmp_path: Path) -> None:
    """The eleventh request within ten minutes is refused; somebody else's is not."""
    async with world(tmp_path) as here:
        now = here.clock.now()
        for number in range(10):
            ended = builders.rollback(id=f"rb-{number:04}", state=State.CANCELLED, asked_at=now)
            await here.engine.store.write(partial(_add, ended))
        with pytest.raises(Refused, match="10 rollbacks within ten minutes"):
            await here.ask_for("responder")
        assert (await here.ask_for("manager-one")).state is State.PLANNING


async def test_undecided_requests_are_counted(tmp_path: Path) -> None:
    """What waits for people counts, what was decided does not, and neither do other teams."""
    async with world(tmp_path, shop()) as here:
        first = await here.ask()
        store = here.engine.store
        elsewhere = type(first.places[0])("slack", "T00OTHER", "C00DEPLOYS")
        counts = [
            await store.read(lambda tx: tx.count_undecided(first.places[0])),
            await store.read(lambda tx: tx.count_undecided(elsewhere)),
        ]
        await here.press("cancel", "responder", first)
        counts.append(await store.read(lambda tx: tx.count_undecided(first.places[0])))
    assert counts == [1, 0, 0]


async def test_a_reason_that_was_approved_does_not_change(tmp_path: Path) -> None:
    """Nobody's approval comes to stand under words that they never saw."""
    async with world(tmp_path) as here:
        rollback = await here.ask(reason="API answers 500")
        await here.press("give_reason", "responder", rollback, words="API answers 502")
        await here.press("approve", "manager-one", rollback)
        with pytest.raises(Refused, match="Somebody approved it with the reason as it stands"):
            await here.press("give_reason", "responder", rollback, words="a drill")
        kept = (await here.load(rollback.id)).reason
        await here.press("withdraw", "manager-one", rollback)
        await here.press("give_reason", "responder", rollback, words="a drill")
        changed = (await here.load(rollback.id)).reason
    assert (kept, changed) == ("API answers 502", "a drill")


async def test_a_first_reason_after_an_approval_is_said_aloud(tmp_path: Path) -> None:
    """Whoever approved without a reason reads it in the thread, and can still withdraw."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        await here.press("give_reason", "responder", rollback, words="API answers 500")
        early = await lines(here, rollback.id)
        await here.press("cancel", "responder", rollback)
        other = await here.ask()
        await here.press("approve", "manager-one", other)
        await here.press("give_reason", "responder", other, words="API answers 502")
        late = await lines(here, other.id)
    assert early == []
    assert late == ["approved", "reason_given"]


async def lines(here: World, rollback_id: str) -> list[str]:
    """Show everything; return the events that came as lines of their own."""

    def work(tx: Transaction) -> list[str]:
        about: set[int] = set()
        while owed := tx.due_postings(99):
            for due in owed:
                tx.shown(due, Reference(due.posting.place, str(due.posting.kind)))
                if due.posting.rollback_id == rollback_id:
                    about.add(due.posting.about)
        return [str(one.kind) for one in tx.events(rollback_id) if one.sequence in about]

    return await here.engine.store.write(work)
