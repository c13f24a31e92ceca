"""What must never happen is refused by the database itself, whoever asks."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from bot.domain.rollback import State, StepRun, StepState
from bot.storage.errors import NotRecorded
from bot.storage.store import SqlStore
from tests.bot.storage.samples import (
    DEPLOYS,
    MONDAY,
    a_rollback,
    adding,
    approved,
    ended,
    execute,
    query,
    running,
)

APPROVE = (
    "INSERT INTO approvals (rollback_id, number, person, requester, digest, at) "
    "VALUES ('rb-aaaa', {number}, '{person}', '{requester}', 'digest', '2026-11-23 09:30:00')"
)
CLAIM = (
    "INSERT INTO claims (rollback_id, token, claimed_at) "
    "VALUES ('rb-aaaa', 1, '2026-11-23 09:30:00')"
)
INTEND = (
    "INSERT INTO steps (rollback_id, step, attempt, state, evidence, note) "
    "VALUES ('rb-aaaa', 'api', {attempt}, '{state}', '[]', '')"
)
FORBIDDEN = {
    "one's own request approved": [
        APPROVE.format(number=7, person="responder", requester="responder")
    ],
    "one's own request approved in another's name": [
        APPROVE.format(number=7, person="responder", requester="somebody")
    ],
    "another requester, once there are approvals": [
        APPROVE.format(number=7, person="manager-one", requester="responder"),
        "UPDATE rollbacks SET requester = 'manager-one'",
    ],
    "a person counted twice": [
        APPROVE.format(number=7, person="manager-one", requester="responder"),
        APPROVE.format(number=8, person="manager-one", requester="responder"),
    ],
    "an approval of nothing": [
        APPROVE.replace("rb-aaaa", "rb-none").format(
            number=7, person="manager-one", requester="responder"
        )
    ],
    "two claims": [CLAIM, CLAIM.replace("1,", "2,")],
    "a claim of nothing": [CLAIM.replace("rb-aaaa", "rb-none")],
    "an intent without a claim": [INTEND.format(attempt=1, state="running")],
    "an intent twice": [
        CLAIM,
        INTEND.format(attempt=1, state="done"),
        INTEND.format(attempt=1, state="running"),
    ],
    "a second attempt while the first is in doubt": [
        CLAIM,
        INTEND.format(attempt=1, state="in_doubt"),
        INTEND.format(attempt=2, state="running"),
    ],
    "a step in an unknown state": [CLAIM, INTEND.format(attempt=1, state="perhaps")],
    "a rollback in an unknown state": ["UPDATE rollbacks SET state = 'perhaps'"],
    "a terminal state that changes": [
        "UPDATE rollbacks SET state = 'rejected'",
        "UPDATE rollbacks SET state = 'quorum'",
    ],
    "a lock held twice": [
        "INSERT INTO locks (resource, rollback_id) VALUES ('r', 'rb-aaaa')",
        "INSERT INTO locks (resource, rollback_id) VALUES ('r', 'rb-aaaa')",
    ],
    "a lock held by nothing": ["INSERT INTO locks (resource, rollback_id) VALUES ('r', 'rb-none')"],
    "a second head of the chain": [
        "INSERT INTO audit_head (id, sequence, mac, at, seal) VALUES (2, 0, '', '2026-11-23', '')"
    ],
}


@pytest.mark.parametrize("statements", FORBIDDEN.values(), ids=FORBIDDEN.keys())
async def test_the_database_refuses(any_store: SqlStore, url: str, statements: list[str]) -> None:
    """Each of these is refused even to somebody who writes SQL by hand."""
    await any_store.write(adding(a_rollback()))
    *allowed, forbidden = statements
    execute(url, *allowed)

    with pytest.raises(DBAPIError):
        execute(url, forbidden)


async def test_a_target_has_one_open_rollback(any_store: SqlStore) -> None:
    """A second open rollback of a target is not recorded; after the first one's end it is."""
    await any_store.write(adding(a_rollback("rb-one1")))

    with pytest.raises(NotRecorded):
        await any_store.write(adding(a_rollback("rb-two2")))
    await any_store.write(lambda tx: tx.save(ended(tx.load("rb-one1"))))
    await any_store.write(adding(a_rollback("rb-two2")))

    assert [r.id for r in await any_store.read(lambda tx: tx.open(DEPLOYS))] == ["rb-two2"]


async def test_the_requester_is_not_stored_as_an_approver(any_store: SqlStore, url: str) -> None:
    """Even if every rule before the database forgot it, a requester's own yes is not recorded."""
    with pytest.raises(NotRecorded):
        await any_store.write(adding(approved(a_rollback(), "responder")))

    assert query(url, "SELECT * FROM rollbacks") == []


async def test_no_intent_is_stored_before_the_claim(any_store: SqlStore, url: str) -> None:
    """A step that starts without a claim is not recorded, so its call is never made."""
    started = StepRun("api", StepState.RUNNING, attempt=1, started_at=MONDAY)

    with pytest.raises(NotRecorded):
        await any_store.write(adding(a_rollback().with_run(started)))
    await any_store.write(adding(running(a_rollback()).with_run(started)))

    assert query(url, "SELECT step FROM steps") == [("api",)]


@pytest.mark.parametrize("state", [state for state in State if state.is_terminal])
async def test_every_terminal_state_stays(store: SqlStore, state: State) -> None:
    """None of the states that the rules call terminal can be left."""
    await store.write(adding(ended(a_rollback(), state)))

    with pytest.raises(NotRecorded):
        await store.write(lambda tx: tx.save(replace(tx.load("rb-aaaa"), state=State.PENDING)))


@pytest.mark.parametrize("state", [state for state in State if not state.is_terminal])
async def test_every_other_state_can_be_left(store: SqlStore, state: State) -> None:
    """All states that the rules don't call terminal can be left."""
    await store.write(adding(replace(a_rollback(), state=state)))

    await store.write(lambda tx: tx.save(replace(tx.load("rb-aaaa"), state=State.FAILED)))

    assert (await store.read(lambda tx: tx.load("rb-aaaa"))).state is State.FAILED
