"""Whoever looks or decides is told if nobody carries it out, and does not wait for ever."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import typer

from bot.cli.looks import NOBODY, NOBODY_CAME, Watch, patiently
from bot.cli.staying import at_rest
from bot.domain.rollback import State
from bot.storage.errors import Unreadable
from bot.storage.store import SqlStore
from tests.bot.cli.shop import ended, id_in, shop
from tests.bot.cli.terminal import typed
from tests.bot.storage.samples import KEY, MONDAY, ManualClock, a_rollback, adding, running


@pytest.fixture
def clock() -> ManualClock:
    """A clock that moves when a test says so."""
    return ManualClock()


@pytest.fixture
async def store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[SqlStore]:
    """An open store on SQLite."""
    opened = SqlStore(f"sqlite:///{tmp_path}/twokey.db", clock=clock, audit_key=KEY)
    await opened.open()
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("state", "minutes"),
    [(State.PENDING, 30), (State.QUORUM, 12), (State.RUNNING, 5), (State.WAITING, 60)],
)
async def test_nobody_waits_for_ever(
    store: SqlStore, clock: ManualClock, state: State, minutes: int
) -> None:
    """Where nobody runs it is said once, and behind the deadline the command ends."""
    given = replace(
        a_rollback(),
        state=state,
        quorum_at=MONDAY + timedelta(minutes=2, seconds=-5),
        doubt_until=MONDAY + timedelta(hours=1),
    )
    await store.write(adding(given))
    told: list[str] = []

    async def nobody() -> bool:
        return False

    async def wait() -> None:
        async for _ in Watch(store, given.id, told.append, nobody, pause=0).looks():
            clock.time += timedelta(seconds=20)

    with pytest.raises(typer.Exit) as left:
        await wait()
    waited = clock.time - MONDAY
    assert left.value.exit_code == NOBODY_CAME
    assert told[0] == NOBODY
    assert len(told) == 2
    assert timedelta(0) <= waited - timedelta(minutes=minutes) < timedelta(minutes=5)


async def test_a_bot_that_is_started_again(store: SqlStore, clock: ManualClock) -> None:
    """A bot that comes back in time goes on, and whoever watches goes on, too."""
    given = running(a_rollback())
    await store.write(adding(given))
    told, glances = list[str](), 0

    async def away_for_a_moment() -> bool:
        nonlocal glances
        glances += 1
        return glances not in {1, 3}

    looks = Watch(store, given.id, told.append, away_for_a_moment, pause=0).looks()
    async for _ in looks:
        clock.time += timedelta(seconds=29)
        if glances == 5:
            break
    await looks.aclose()
    assert told == [NOBODY, NOBODY]


async def test_a_database_that_does_not_come_back() -> None:
    """Whoever only looks gives up in the end, and has been told once why nothing is shown."""
    told, tries = list[str](), 0

    async def away() -> None:
        nonlocal tries
        tries += 1
        raise Unreadable("The database can't be read right now.")

    with pytest.raises(Unreadable):
        await patiently(away, tell=told.append, longest=0.8)
    assert (tries, len(told)) == (3, 1)


async def test_a_doubt_keeps_nobody(store: SqlStore) -> None:
    """Whoever carried its own rollback out does not wait for the answer to another one's doubt."""
    await store.write(adding(replace(running(a_rollback()), state=State.WAITING)))
    async with asyncio.timeout(2):
        await at_rest(store)


def test_the_bot_dies_while_somebody_looks(tmp_path: Path) -> None:
    """Whoever follows a rollback is told that its bot is gone."""
    with shop(tmp_path, "sqlite:///twokey.db") as here:
        bot = here.serve()
        following = here.starts("responder", "rollback", "backend")
        here.until("pending")
        bot.send_signal(signal.SIGKILL)
        assert following.stderr
        while NOBODY not in (line := following.stderr.readline()):
            assert line, "it ended"
        assert here.attempts("responder", "cancel")[0] == 0
        assert ended(following).returncode == 1


def test_the_bot_dies_while_somebody_decides(tmp_path: Path) -> None:
    """Whether anybody carries it out is looked up when the decision is there, not before."""
    with shop(tmp_path, "sqlite:///twokey.db") as here:
        bot = here.serve()
        asked = here.does("responder", "rollback", "backend", "--no-follow")
        here.until("pending")
        words = ("approve", id_in(asked.stdout), "--key", "manager-one.pem")

        def dies() -> None:
            bot.kill()
            bot.wait()

        code, seen = typed(here, "yes", *words, before=dies)
        assert (code, "Nobody plans or runs at this moment" in seen) == (0, True), seen


def test_a_terminal_that_can_not_move_its_cursor(tmp_path: Path) -> None:
    """A dumb terminal is written to line by line as it goes on."""
    with shop(tmp_path, "sqlite:///twokey.db") as here:
        here.starts("responder", "rollback", "backend")
        known = here.until("pending")

        def cancelled() -> None:
            assert here.attempts("responder", "cancel")[0] == 0

        words = ("follow", known["id"])
        code, seen = typed(
            here, "", *words, asked="is to be rolled", before=cancelled, terminal="dumb"
        )
        assert (code, "cancelled" in seen) == (1, True), seen
