"""What may start a rollback is written in the audit chain; nothing else is believed."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import Refused
from bot.domain.people import Membership, People, Person
from bot.domain.rollback import State
from bot.engine.sweep import sweep
from tests.bot.engine.plant import Plant
from tests.bot.engine.trouble import Idle
from tests.bot.engine.world import EVERYONE, World, account, shop, world

ONE_PERSON_IS_ENOUGH = {"approvals": 1, "start_delay": "PT5S"}


def forge(folder: Path, *statements: str, **values: str) -> None:
    """Write into the database behind the bot's back."""
    with closing(sqlite3.connect(folder / "twokey.db", timeout=5)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            connection.execute(f"DROP TRIGGER {name}")  # they only stop mistakes
        for statement in statements:
            connection.execute(statement, values)


def forge_body(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Edit what is kept of the only rollback."""
    with closing(sqlite3.connect(folder / "twokey.db", timeout=5)) as connection, connection:
        (body,) = connection.execute("SELECT body FROM rollbacks").fetchone()
        image = json.loads(body)
        change(image)
        connection.execute("UPDATE rollbacks SET body = ?", (json.dumps(image),))


async def wait(here: World, seconds: float) -> None:
    """Let time pass, and everything happen that it brings."""
    for _ in range(10):
        await here.clock.sleep(seconds / 10)
        await sweep(here.engine)
        await asyncio.gather(*here.engine.tasks, return_exceptions=True)


async def test_a_forged_claim_starts_nothing(tmp_path: Path, plant: Plant) -> None:
    """A claim that somebody wrote into the database is not in the chain, so nothing is touched."""
    async with world(tmp_path) as here:
        asked = await here.ask()
        forge(
            tmp_path,
            "UPDATE rollbacks SET state = 'claimed', wake_at = asked_at",
            "INSERT INTO claims VALUES (:id, 1, '2026-11-21 12:00:00')",
            id=asked.id,
        )
        ended = await here.end(asked)
    assert (ended.state, plant.pulled) == (State.NEEDS_HUMAN, [])


async def test_a_plan_changed_after_the_claim_is_not_run(tmp_path: Path, plant: Plant) -> None:
    """Only the plan whose digest was claimed is carried out, whatever the database holds now."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        here.engine = replace(here.engine, durable=Idle())  # it claims, and starts nothing
        await here.until(quorum.id, lambda r: r.state is State.CLAIMED)
        clock = here.clock

    def aim_elsewhere(body: dict[str, Any]) -> None:
        body["plan"]["steps"][0]["params"]["lever"] = "another"

    forge_body(tmp_path, aim_elsewhere)
    async with world(tmp_path, clock=clock) as later:
        ended = await later.end(quorum)
    assert (ended.state, plant.pulled) == (State.NEEDS_HUMAN, [])


async def test_weaker_rules_in_the_database_start_nothing(tmp_path: Path, plant: Plant) -> None:
    """How many people it takes is what the configuration says, not the request's own copy."""
    async with world(tmp_path) as here:
        asked = await here.ask()
        forge_body(tmp_path, lambda body: body["policy"].update(ONE_PERSON_IS_ENOUGH))
        alone = await here.press("approve", "manager-one", asked)
        ended = await here.end(alone)
    assert (alone.state, ended.state, plant.pulled) == (State.QUORUM, State.STALE, [])


async def test_another_requester_in_the_database_starts_nothing(
    tmp_path: Path, plant: Plant
) -> None:
    """Whoever asked does not become an approver by an edit of the database."""
    async with world(tmp_path) as here:
        asked = await here.ask()
        forge(tmp_path, "UPDATE rollbacks SET requester = 'nobody'")
        await here.press("approve", "manager-one", asked)
        await here.press("approve", "manager-two", asked)
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 0, [])


async def test_a_withdrawal_stays_a_withdrawal(tmp_path: Path, plant: Plant) -> None:
    """An approval that was taken back does not come back by an edit of the database."""
    async with world(tmp_path) as here:
        asked = await here.ask()
        await here.press("approve", "manager-one", asked)
        await here.press("withdraw", "manager-one", asked)
        forge(tmp_path, "UPDATE approvals SET withdrawn_at = NULL")
        await here.press("approve", "manager-two", asked)
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 1, [])


async def test_a_withdrawal_cannot_be_erased(tmp_path: Path, plant: Plant) -> None:
    """Taking the entry of a withdrawal out of the chain voids every vote instead of one."""
    async with world(tmp_path) as here:
        asked = await here.ask()
        await here.press("approve", "manager-one", asked)
        await here.press("withdraw", "manager-one", asked)
        forge(
            tmp_path,
            "UPDATE approvals SET withdrawn_at = NULL",
            "DELETE FROM audit WHERE kind = 'withdrawn'",
        )
        await here.press("approve", "manager-two", asked)
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 0, [])


@pytest.mark.parametrize("kind", ["approved", "ended"])
async def test_an_entry_that_was_edited_is_not_overlooked(
    tmp_path: Path, plant: Plant, kind: str
) -> None:
    """An edited entry voids every vote, also if its seal was looked at just before."""
    async with world(tmp_path) as here:
        asked = await here.ask()
        await here.press("approve", "manager-one", asked)
        await here.press("approve", "manager-two", asked)
        if kind == "ended":
            await here.press("reject", "manager-one", asked)
        forge(
            tmp_path,
            "UPDATE approvals SET withdrawn_at = NULL",
            f"UPDATE audit SET details = '{{}}' WHERE kind = '{kind}'",  # noqa: S608
            "UPDATE rollbacks SET state = 'quorum', wake_at = asked_at",
        )
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.given, plant.pulled) == (0, [])


async def test_a_requester_edited_before_the_plan_counts_for_nobody(
    tmp_path: Path, plant: Plant
) -> None:
    """Whoever asked stays whoever asked: the chain says so, whatever the plan was made with."""
    async with world(tmp_path) as here:
        asked = await here.ask_for()
        forge(tmp_path, "UPDATE rollbacks SET requester = 'nobody'")
        planned = await here.until(asked.id, lambda r: r.state is not State.PLANNING)
        await here.post_card(planned.id)
        await here.press("approve", "manager-two", planned)
        await here.press("approve", "manager-one", planned)
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.given, plant.pulled) == (0, [])


async def test_a_plan_edited_before_the_votes_is_not_run(tmp_path: Path, plant: Plant) -> None:
    """Only the plan that was planned can be approved, whatever its digest is by now."""

    def aim_elsewhere(body: dict[str, Any]) -> None:
        body["plan"]["steps"][0]["params"]["lever"] = "another"
        body["plan"]["steps"][0]["preview"]["resource"] = "lever:another"

    async with world(tmp_path) as here:
        asked = await here.ask()
        forge_body(tmp_path, aim_elsewhere)
        edited = await here.load(asked.id)
        await here.press("approve", "manager-one", edited)
        await here.press("approve", "manager-two", edited)
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.given, plant.pulled) == (0, [])


async def test_a_started_rollback_that_lay_around_is_stale(tmp_path: Path, plant: Plant) -> None:
    """A claim that began, and whose first step never did, is not carried out hours later."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        here.engine = replace(here.engine, durable=Idle())  # it claims, and starts nothing
        claimed = await here.until(quorum.id, lambda r: r.state is State.CLAIMED)
        await here.engine.store.write(lambda tx: tx.save(claimed.to(State.RUNNING)))
        clock = here.clock
    await clock.sleep(6 * 3600)
    async with world(tmp_path, clock=clock) as later:
        ended = await later.end(quorum)
    assert (ended.state, plant.pulled) == (State.STALE, [])


@pytest.mark.parametrize("verb", ["reject", "cancel"])
async def test_what_ended_is_not_revived(tmp_path: Path, plant: Plant, verb: str) -> None:
    """A rollback that ended is not claimed again after an edit of the database."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        await here.press(verb, "manager-one", quorum)
        forge(tmp_path, "UPDATE rollbacks SET state = 'quorum', wake_at = asked_at")
        await wait(here, 30)
        after = await here.load(quorum.id)
    assert (after.state, plant.pulled) == (State.PENDING, [])


async def test_what_was_done_is_not_done_again(tmp_path: Path, plant: Plant) -> None:
    """A rollback that succeeded does not run again after an edit of the database."""
    async with world(tmp_path) as here:
        done = await here.end(await here.approved())
        plant.stands["api"] = "new"
        forge(
            tmp_path,
            "UPDATE rollbacks SET state = 'claimed', wake_at = asked_at",
            "UPDATE steps SET state = 'not_started', receipt = NULL",
        )
        await wait(here, 30)
        after = await here.load(done.id)
    assert (after.state, plant.pulled) == (State.NEEDS_HUMAN, ["api"])


async def test_a_silent_directory_only_delays(tmp_path: Path, plant: Plant) -> None:
    """While the directory can't be read nothing starts, and the approvals stay what they are."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        here.members.kinds["manager-two"] = Membership.UNREADABLE
        await wait(here, 60)
        delayed = await here.load(quorum.id)
        del here.members.kinds["manager-two"]
        ended = await here.end(quorum)
    assert (delayed.state, delayed.given) == (State.QUORUM, 2)
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api"])


async def test_a_directory_that_stays_silent_ends_it(tmp_path: Path, plant: Plant) -> None:
    """If the directory can't be read until the deadline of the start, it expires."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        here.members.kinds["manager-two"] = Membership.UNREADABLE
        await here.clock.sleep(700)
        ended = await here.end(quorum)
    assert (ended.state, plant.pulled) == (State.EXPIRED, [])


async def test_a_requester_who_left_cancels_it(tmp_path: Path, plant: Plant) -> None:
    """If whoever asked is deactivated before the start, nobody's request is carried out."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        here.members.kinds["responder"] = Membership.DEACTIVATED
        ended = await here.end(quorum)
    assert (ended.state, plant.pulled) == (State.CANCELLED, [])


async def test_two_approvers_who_are_one_person_count_once(tmp_path: Path, plant: Plant) -> None:
    """If the people map says at the claim that both accounts are one human's, one yes is left."""
    async with world(tmp_path) as here:
        quorum = await here.approved()
        clock = here.clock
    both = Person("manager-one", "Manager", (account("manager-one"), account("manager-two")))
    rest = [p for p in EVERYONE.everybody if not p.key.startswith("manager")]
    async with world(tmp_path, clock=clock, people=People([both, *rest])) as later:
        await wait(later, 30)
        after = await later.load(quorum.id)
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 1, [])


async def test_only_a_rejection_is_explained(tmp_path: Path) -> None:
    """Words can be put to one's own rejection only, never over how something else ended."""
    async with world(tmp_path, shop()) as here:
        cancelled = await here.press("cancel", "manager-one", await here.ask())
        with pytest.raises(Refused):
            await here.press("explain", "manager-one", cancelled, words="all is well")
