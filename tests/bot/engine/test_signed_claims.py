"""The claim believes a key's signature, and neither rows nor entries nor their seals."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.act import Act
from bot.domain.people import People, Person
from bot.domain.rollback import Rollback, State
from bot.storage.chain import Entry, Head
from tests.bot.engine.plant import Plant
from tests.bot.engine.signers import Signers, believing, ticket_of
from tests.bot.engine.test_authority import forge, wait
from tests.bot.engine.world import World, account, world

Row = dict[str, Any]
KEY = b"k" * 32
FORGERIES = (
    "no signature",
    "a wrong signature",
    "another text",
    "somebody else's signature",
    "somebody else's key",
    "another rollback",
    "another plan",
    "a rejection",
    "last week",
)


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    """A key for everybody."""
    return Signers.at(tmp_path)


def rewrite(folder: Path, change: Callable[[Row], Row]) -> None:
    """Write the whole chain anew under its own key, as only whoever holds that key could."""
    with closing(sqlite3.connect(folder / "twokey.db", timeout=5)) as connection, connection:
        connection.row_factory = sqlite3.Row
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            connection.execute(f"DROP TRIGGER {name}")
        mac = ""
        for row in connection.execute("SELECT * FROM audit ORDER BY sequence").fetchall():
            values = change(dict(row)) | {"previous": mac}
            entry = Entry(**(values | {"at": moment(values["at"]), "mac": ""}))
            values["mac"] = mac = entry.sealed_with(KEY)
            sets = ", ".join(f"{name} = :{name}" for name in values)
            connection.execute(f"UPDATE audit SET {sets} WHERE sequence = :sequence", values)  # noqa: S608
        head = connection.execute("SELECT sequence, at FROM audit_head").fetchone()
        seal = Head(head["sequence"], mac, moment(head["at"])).sealed_with(KEY)
        connection.execute("UPDATE audit_head SET mac = ?, seal = ?", (mac, seal))


def moment(written: str) -> datetime:
    return datetime.fromisoformat(f"{written}+00:00")


def edit(person: str, **changes: Any) -> Callable[[Row], Row]:
    """Change one person's approval in the chain."""

    def change(row: Row) -> Row:
        if (row["kind"], row["person"]) != ("approved", person):
            return row
        details = json.loads(row["details"]) | changes.get("details", {})
        columns = {key: value for key, value in changes.items() if key != "details"}
        return row | columns | {"details": json.dumps(details, sort_keys=True)}

    return change


async def quorum(here: World, signers: Signers) -> Rollback:
    """Let both managers approve by key."""
    asked = await here.ask()
    await signers.press(here, "approve", "manager-one", asked)
    return await signers.press(here, "approve", "manager-two", asked)


def signature(signers: Signers, person: str, act: Act, at: datetime) -> dict[str, str]:
    """Return what an entry would keep of an act that this person did sign."""
    proof = signers.invocation(person, act, at).proof
    assert proof
    return {"signed": proof.text, "signature": proof.signature}


async def test_a_chain_written_anew_with_its_signatures_counts(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """What all these tests do to the chain is not by itself what stops a claim."""
    async with world(tmp_path, people=signers.people) as here:
        approved = await quorum(believing(here), signers)
        rewrite(tmp_path, lambda row: row)
        ended = await here.end(approved)
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api"])


def forgeries(signers: Signers, approved: Rollback, now: datetime) -> dict[str, dict[str, Any]]:
    """Return what could be put into the place of the second manager's approval."""
    digest = ticket_of(approved).digest
    approve = Act("approve", approved.id, digest)

    def by_two(act: Act, at: datetime = now) -> dict[str, Any]:
        return {"details": signature(signers, "manager-two", act, at)}

    one = {"details": signature(signers, "manager-one", approve, now)}
    return {
        "no signature": {"details": {"signature": ""}},
        "a wrong signature": {"details": {"signature": "0" * 128}},
        "another text": {"details": {"signed": "Twokey act 2\n{}"}},
        "somebody else's signature": one,
        "somebody else's key": one | {"account": str(signers.account("manager-one"))},
        "another rollback": by_two(replace(approve, rollback="rb-0000")),
        "another plan": by_two(replace(approve, digest="f" * 64)),
        "a rejection": by_two(replace(approve, verb="reject")),
        "last week": by_two(approve, now - timedelta(days=7)),
    }


@pytest.mark.parametrize("forged", FORGERIES)
async def test_an_approval_by_key_can_not_be_invented(
    tmp_path: Path, plant: Plant, signers: Signers, forged: str
) -> None:
    """Not even whoever can write the chain with its seals makes an approval of somebody's key."""
    async with world(tmp_path, people=signers.people) as here:
        approved = await quorum(believing(here), signers)
        known = forgeries(signers, approved, here.clock.now())
        assert tuple(known) == FORGERIES
        rewrite(tmp_path, edit("manager-two", **known[forged]))
        await wait(here, 30)
        after = await here.load(approved.id)
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 1, [])


async def test_rows_alone_are_no_approval(tmp_path: Path, plant: Plant, signers: Signers) -> None:
    """A row in the table of approvals counts for nobody."""
    async with world(tmp_path, people=signers.people) as here:
        asked = await believing(here).ask()
        await signers.press(here, "approve", "manager-one", asked)
        forge(
            tmp_path,
            "INSERT INTO approvals SELECT rollback_id, 1, 'manager-two', requester, digest, at, "
            "NULL FROM approvals",
            "UPDATE rollbacks SET state = 'quorum', wake_at = asked_at, body = json_set(body, "
            "'$.quorum_at', strftime('%Y-%m-%dT%H:%M:%SZ', asked_at))",
        )
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 1, [])


async def test_details_that_were_edited_void_every_vote(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """An edit of what was signed, without the chain's key, voids all votes and starts nothing."""
    async with world(tmp_path, people=signers.people) as here:
        approved = await quorum(believing(here), signers)
        forge(
            tmp_path,
            "UPDATE audit SET details = replace(details, 'a', 'b') WHERE person = 'manager-two'",
        )
        await wait(here, 30)
        after = await here.load(approved.id)
    assert (after.given, plant.pulled) == (0, [])


async def test_a_request_by_key_can_not_be_invented(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """Whose request it is can't be put on another key, so nobody approves their own."""
    async with world(tmp_path, people=signers.people) as here:
        asked = await signers.ask_for(believing(here), "manager-two")

        def put_on_responder(row: Row) -> Row:
            is_request = row["kind"] == "requested"
            account = str(signers.account("responder"))
            return row | ({"person": "responder", "account": account} if is_request else {})

        rewrite(tmp_path, put_on_responder)
        forge(tmp_path, "UPDATE rollbacks SET requester = 'responder'")
        planned = await here.until(asked.id, lambda r: r.state is not State.PLANNING)
        await signers.press(here, "approve", "manager-one", planned)
        await signers.press(here, "approve", "manager-two", planned)
        await wait(here, 30)
        after = await here.load(asked.id)
    assert (after.given, plant.pulled) == (0, [])


async def test_a_key_that_was_taken_out_counts_no_longer(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """A key that left the people map before the claim takes its approval along."""
    async with world(tmp_path, people=signers.people) as here:
        approved = await quorum(believing(here), signers)
        clock = here.clock
    less = People(
        replace(one, accounts=(account(one.key),)) if one.key == "manager-two" else one
        for one in signers.people.everybody
    )
    async with world(tmp_path, clock=clock, people=less) as later:
        await wait(believing(later), 30)
        after = await later.load(approved.id)
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 1, [])


async def test_a_key_that_changed_hands_is_another_persons(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """If the map gives a key to somebody else before the claim, it approved for nobody."""
    async with world(tmp_path, people=signers.people) as here:
        approved = await quorum(believing(here), signers)
        clock = here.clock
    both = Person(
        "manager-one",
        "Manager",
        (signers.account("manager-one"), signers.account("manager-two")),
    )
    rest = [one for one in signers.people.everybody if not one.key.startswith("manager")]
    async with world(tmp_path, clock=clock, people=People([both, *rest])) as later:
        await wait(believing(later), 30)
        after = await later.load(approved.id)
    assert (after.state, after.given, plant.pulled) == (State.PENDING, 1, [])
