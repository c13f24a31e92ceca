"""Rollbacks come back as they went in, and only one version of each goes on."""

import logging
import re
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, make_url

from bot.domain.errors import Refusal, Refused
from bot.domain.rollback import Rollback, State, StepRun, StepState
from bot.ports import Transaction
from bot.storage.connection import make_engine
from bot.storage.errors import Conflict, NotRecorded, Quarantined
from bot.storage.migrate import migrate
from bot.storage.rollbacks import _ASKED, _LATEST, _NEWEST_OPEN, _OPEN_FOR, _OPEN_IN, _UNDECIDED
from bot.storage.store import SqlStore
from tests.bot.storage.samples import (
    DEPLOYS,
    EVIDENCE,
    MONDAY,
    RECEIPT,
    ManualClock,
    a_rollback,
    adding,
    approved,
    ended,
    execute,
    query,
    running,
)


async def load(store: SqlStore, rollback_id: str = "rb-aaaa") -> Rollback:
    """Load one in a read of its own."""
    return await store.read(lambda tx: tx.load(rollback_id))


async def change(store: SqlStore, rollback: Rollback) -> Rollback:
    """Save one in a write of its own and load it again."""
    await store.write(lambda tx: tx.save(rollback))
    return await load(store, rollback.id)


async def test_a_rollback_comes_back_whole(any_store: SqlStore) -> None:
    """What is stored is what is loaded, down to the digest of the plan."""
    rollback = a_rollback()

    await any_store.write(adding(rollback))

    loaded = await load(any_store)
    assert loaded == rollback
    assert loaded.plan is not None
    assert rollback.plan is not None
    assert loaded.plan.digest == rollback.plan.digest


async def test_every_kind_of_change_comes_back(any_store: SqlStore) -> None:
    """Approvals, their withdrawal, the claim, its tokens and the journal are loaded as saved."""
    await any_store.write(adding(a_rollback()))

    first = await change(any_store, approved(await load(any_store)))
    (vote,) = first.approvals
    withdrawn = replace(vote, withdrawn_at=MONDAY + timedelta(minutes=1))
    second = await change(any_store, approved(replace(first, approvals=(withdrawn,))))
    third = await change(any_store, running(second))
    run = StepRun("api", StepState.RUNNING, attempt=1, started_at=MONDAY)
    fourth = await change(any_store, replace(third.with_run(run), token=2))
    done = replace(run, state=StepState.DONE, ended_at=MONDAY, receipt=RECEIPT, evidence=EVIDENCE)
    fifth = await change(any_store, fourth.with_run(done))

    assert second.approvals == (withdrawn, vote)
    assert (third.state, third.claimed_at, third.token) == (State.RUNNING, MONDAY, 1)
    assert (fourth.steps, fourth.token) == ((run, StepRun("worker")), 2)
    assert fifth.steps == (done, StepRun("worker"))


async def test_the_newest_attempt_counts(any_store: SqlStore, url: str) -> None:
    """A second attempt at a step is a second row of the journal, and the one that is loaded."""
    failed = StepRun("api", StepState.FAILED, attempt=1, started_at=MONDAY, note="no")
    again = StepRun("api", StepState.RUNNING, attempt=2, started_at=MONDAY)
    await any_store.write(adding(running(a_rollback()).with_run(failed)))

    loaded = await change(any_store, (await load(any_store)).with_run(again))

    assert loaded.run("api") == again
    journal = query(url, "SELECT attempt, state FROM steps ORDER BY attempt")
    assert journal == [(1, "failed"), (2, "running")]


async def test_an_unknown_rollback_is_refused(any_store: SqlStore) -> None:
    """Loading what does not exist is a refusal with a code."""
    with pytest.raises(Refused) as refused:
        await load(any_store, "rb-zzzz")

    assert refused.value.code is Refusal.NOT_FOUND


async def test_the_second_of_two_changes_is_a_conflict(any_store: SqlStore) -> None:
    """Who changes an older version than the stored one is told so, and changes nothing."""
    await any_store.write(adding(a_rollback()))
    seen_by_both = await load(any_store)

    await change(any_store, replace(seen_by_both, reason="first"))
    with pytest.raises(Conflict):
        await change(any_store, replace(seen_by_both, reason="second"))

    assert (await load(any_store)).reason == "first"


async def test_a_conflict_inside_one_transaction_is_noticed(any_store: SqlStore) -> None:
    """Two saves of the same version in one transaction are a conflict too."""
    await any_store.write(adding(a_rollback()))

    def work(tx: Transaction) -> None:
        loaded = tx.load("rb-aaaa")
        tx.save(replace(loaded, reason="first"))
        tx.save(replace(loaded, reason="second"))

    with pytest.raises(Conflict):
        await any_store.write(work)

    assert (await load(any_store)).reason == a_rollback().reason


async def test_a_terminal_state_stays(any_store: SqlStore) -> None:
    """The database itself refuses to leave a terminal state, and lets the rest be explained."""
    await any_store.write(adding(ended(a_rollback())))
    over = await load(any_store)

    with pytest.raises(NotRecorded):
        await change(any_store, replace(over, state=State.PENDING))
    explained = await change(any_store, replace(over, reason="a better word"))

    assert (explained.state, explained.reason) == (State.CANCELLED, "a better word")


async def test_finding_by_target(any_store: SqlStore) -> None:
    """The open rollback of a target is found by its name and environment, an ended one is not."""
    await any_store.write(adding(ended(a_rollback("rb-old1")), a_rollback("rb-new1")))

    found = await any_store.read(lambda tx: tx.open_for("backend", "production"))
    elsewhere = await any_store.read(lambda tx: tx.open_for("backend", "staging"))

    assert found == a_rollback("rb-new1")
    assert elsewhere is None


async def test_lists_are_in_order(any_store: SqlStore) -> None:
    """The newest come newest first, the open ones oldest first."""
    one, two, three = (
        a_rollback(f"rb-000{n}", target=f"t{n}", asked_at=MONDAY + timedelta(minutes=n))
        for n in (1, 2, 3)
    )
    await any_store.write(adding(two, three, ended(one)))

    newest = await any_store.read(lambda tx: tx.latest(DEPLOYS, 2))
    still_open = await any_store.read(lambda tx: tx.open(DEPLOYS))

    assert newest == (three, two)
    assert still_open == (two, three)


async def test_time_makes_a_rollback_due(any_store: SqlStore, clock: ManualClock) -> None:
    """A rollback is due once its next moment has come, and until then that moment is known."""
    rollback = a_rollback()
    remind_at = MONDAY + timedelta(minutes=15)
    await any_store.write(adding(rollback))

    before = await any_store.read(lambda tx: (tx.due(), tx.next_wake()))
    clock.time = remind_at
    after = await any_store.read(lambda tx: (tx.due(), tx.next_wake()))
    in_good_hands = await any_store.read(lambda tx: tx.due({"rb-aaaa"}))

    assert before == ((), remind_at)
    assert after == ((rollback,), None)
    assert in_good_hands == ()


@pytest.mark.parametrize(
    "damage",
    [
        "body = '{'",
        "body = '[]'",
        "body = '{}'",
        "body = replace(body, '\"reason\"', '\"raison\"')",
        'body = replace(body, \'"policy"\', \'"unknown": 1, "policy"\')',
        "body = replace(body, '\"503 since the deploy\"', '503')",
    ],
)
async def test_a_damaged_record_stops_nobody_else(
    any_store: SqlStore,
    url: str,
    clock: ManualClock,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A record that can't be read is named, complained about once, and left out of every list."""
    await any_store.write(adding(a_rollback(), a_rollback("rb-good", target="frontend")))
    execute(url, f"UPDATE rollbacks SET {damage} WHERE id = 'rb-aaaa'")  # noqa: S608
    clock.time += timedelta(hours=1)

    with caplog.at_level(logging.ERROR):
        lists = [
            await any_store.read(
                lambda tx: (
                    [r.id for r in tx.due()],
                    [r.id for r in tx.open(DEPLOYS)],
                    [r.id for r in tx.latest(DEPLOYS, 9)],
                )
            )
            for _ in range(2)
        ]

    assert lists == [(["rb-good"], ["rb-good"], ["rb-good"])] * 2
    assert [record.getMessage()[:25] for record in caplog.records] == ["The record of rb-aaaa is "]
    with pytest.raises(Quarantined, match="rb-aaaa"):
        await load(any_store)


async def test_the_newest_open_ones_are_few(any_store: SqlStore) -> None:
    """Of all that are open, whatever their channel, only the newest are read, newest first."""
    one, two, three = (
        a_rollback(f"rb-000{n}", target=f"t{n}", asked_at=MONDAY + timedelta(minutes=n))
        for n in (1, 2, 3)
    )
    await any_store.write(adding(one, two, ended(three)))

    newest = await any_store.read(lambda tx: tx.newest_open(1))

    assert newest == (two,)


@pytest.mark.parametrize("query", [_OPEN_IN, _UNDECIDED, _NEWEST_OPEN, _OPEN_FOR, _ASKED])
def test_what_ended_costs_nothing(tmp_path: Path, query: Select[Any]) -> None:
    """However long the history, SQLite goes through what is open, or was asked for just now."""
    engine = make_engine(make_url(f"sqlite:///{tmp_path}/twokey.db"), writes=True)
    asked = {"moment": MONDAY, "target": "", "environment": "", **asdict(DEPLOYS)}
    values = {name: asked[name] for name in query.compile().params if name in asked}
    with engine.begin() as connection:
        migrate(connection)
        words = (
            query.limit(None)
            .params(values)
            .compile(connection, compile_kwargs={"literal_binds": True})
        )
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}").scalars("detail").all()
    engine.dispose()

    assert not [step for step in plan if re.search(r"SCAN rollbacks(?! USING INDEX open_)", step)]
    assert not [step for step in plan if re.search(r"places .*\(platform", step)]


@pytest.mark.parametrize("query", [_LATEST, _NEWEST_OPEN])
def test_how_many_are_wanted_is_no_parameter(query: Select[Any]) -> None:
    """After some runs PostgreSQL plans for any number of rows, and would sort a whole channel."""
    dialect, shown = make_url("postgresql+psycopg://").get_dialect()(), {"render_postcompile": True}
    words = query.params(limit=3, **asdict(DEPLOYS)).compile(dialect=dialect, compile_kwargs=shown)

    assert str(words).rstrip().endswith("LIMIT 3")
