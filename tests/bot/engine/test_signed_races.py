"""Two processes decide at once, on both databases: one order, one outcome."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bot.chat.terminal.signatures import Ed25519
from bot.domain.people import People
from bot.domain.rollback import Rollback, State
from bot.domain.target import Target
from bot.engine.claim import claim
from bot.engine.core import Engine
from bot.engine.registry import Registry
from bot.ports import Transaction
from bot.storage.store import SqlStore
from tests.architecture.source import ROOT
from tests.bot.engine.plant import Health, Plant, Pull, Push
from tests.bot.engine.signed_race import people, targets
from tests.bot.engine.signers import KEY, Signers
from tests.bot.engine.test_races import pending, store
from tests.bot.engine.trouble import Idle
from tests.bot.engine.world import Members, PlainToolBox, VirtualClock


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'twokey.db'}"
    server: str = request.getfixturevalue("postgresql_url")
    return server


def both(url: str, folder: Path, ids: list[str], *acts: tuple[str, str]) -> list[list[str]]:
    """Let two people act in processes of their own, started together; return what they heard."""
    command = [sys.executable, "-m", "tests.bot.engine.signed_race", url, str(folder)]
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen([*command, *act, *ids], stdin=pipe, stdout=pipe, cwd=ROOT, text=True)
        for act in acts
    ]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        return [process.communicate(timeout=120)[0].split() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def engine_on(opened: SqlStore, known: People, targets: tuple[Target, ...]) -> Engine:
    """Return the bot that runs beside the two, and claims what they decided."""
    clock = VirtualClock()
    return Engine(
        store=opened,
        people=known,
        targets=targets,
        directories={"slack": Members()},
        registry=Registry((Pull, Push), (Health,)),
        clock=clock,
        new_id=lambda: "rb-0000",
        durable=Idle(),
        tools=PlainToolBox(clock),
        verifier=Ed25519(),
    )


@pytest.mark.parametrize(
    ("first", "second", "approvers", "outcomes"),
    [
        (
            ("manager-one", "approve"),
            ("manager-two", "approve"),
            (),
            {("pending", "quorum", State.CLAIMED), ("quorum", "pending", State.CLAIMED)},
        ),
        (
            ("manager-two", "approve"),
            ("responder", "cancel"),
            ("manager-one",),
            {
                ("quorum", "cancelled", State.CANCELLED),
                ("not_open", "cancelled", State.CANCELLED),
            },
        ),
        (
            ("manager-one", "approve"),
            ("manager-one", "click"),
            (),
            {("pending", "pending", State.PENDING)},  # one vote, by two accounts
        ),
        (
            ("manager-one", "approve"),
            ("manager-one", "approve"),
            (),
            {
                ("pending", "already_approved", State.PENDING),
                ("already_approved", "pending", State.PENDING),
            },
        ),
    ],
)
async def test_two_terminals_at_once(
    tmp_path: Path,
    url: str,
    plant: Plant,
    first: tuple[str, str],
    second: tuple[str, str],
    approvers: tuple[str, ...],
    outcomes: set[tuple[str, str, State]],
) -> None:
    """Whoever comes second hears of the first, nothing counts twice, and the chain stays whole."""
    Signers.at(tmp_path)
    known = people(tmp_path)
    opened = SqlStore(url, clock=VirtualClock(), audit_key=KEY, name="bot")
    await opened.open()
    try:
        requests = [pending(target, *approvers) for target in targets()]
        await opened.write(lambda tx: store(tx, requests))
        ids = [one.id for one in requests]
        heard = both(url, tmp_path, ids, first, second)
        engine = engine_on(opened, known, targets())
        for rollback_id in ids:
            await claim(engine, rollback_id)
        await engine.close()

        def loaded(tx: Transaction) -> list[Rollback]:
            return [tx.load(rollback_id) for rollback_id in ids]

        after = await opened.read(loaded)
        report = await opened.verify_chain()
    finally:
        await opened.close()
    seen = Counter(zip(*heard, [one.state for one in after], strict=True))
    assert set(seen) <= outcomes, seen
    assert report.is_intact
    assert all(len({vote.person for vote in r.standing}) == len(r.standing) for r in after)
