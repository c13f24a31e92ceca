"""Two processes on one database decide as if they took turns."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.rollback import State
from bot.domain.target import Policy
from bot.storage.store import SqlStore
from tests.architecture.source import ROOT
from tests.bot.storage.samples import DEPLOYS, a_rollback, adding

IDS = [f"rb-{number:04}" for number in range(40)]


def race(url: str, *people: str) -> list[str]:
    """Let each person decide in a process of its own, started together; return what they heard."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bot.storage.race", url, person, *IDS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        for person in people
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [process.communicate(timeout=60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture
async def _many(any_store: SqlStore) -> None:
    """Forty requests without a start delay."""
    policy = Policy(start_delay=timedelta(0))
    rollbacks = [replace(a_rollback(id_, target=id_), policy=policy) for id_ in IDS]
    await any_store.write(adding(*rollbacks))


@pytest.mark.usefixtures("_many")
async def test_two_people_decide_at_once(any_store: SqlStore, url: str) -> None:
    """Of two approvals in two processes both count, and exactly one of them leads to the claim."""
    heard = race(url, "manager-one", "manager-two")

    assert sorted(" ".join(heard).split()) == ["claimed"] * len(IDS) + ["pending"] * len(IDS)
    rollbacks = await any_store.read(lambda tx: tx.open(DEPLOYS))
    assert {r.state for r in rollbacks} == {State.CLAIMED}
    assert {len(r.standing) for r in rollbacks} == {2}
    report = await any_store.verify_chain()
    assert (report.is_intact, report.sequence) == (True, 2 * len(IDS))


@pytest.mark.usefixtures("_many")
async def test_one_person_decides_twice_at_once(any_store: SqlStore, url: str) -> None:
    """One person's approval counts once, even if it comes through two processes."""
    heard = race(url, "manager-one", "manager-one")

    words = sorted(" ".join(heard).split())
    assert words == ["already_approved"] * len(IDS) + ["pending"] * len(IDS)
    rollbacks = await any_store.read(lambda tx: tx.open(DEPLOYS))
    assert {len(r.standing) for r in rollbacks} == {1}
