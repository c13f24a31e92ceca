"""Several bots on one PostgreSQL: what one of them leaves undone, another one finishes, once."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from rich.console import Console

from bot.domain.errors import TwokeyError
from bot.domain.rollback import State
from bot.workspace import postgres
from bot.workspace.demo import books
from bot.workspace.demo.player import Player
from bot.workspace.demo.processes import processes
from bot.workspace.demo.sides import SIDES, ChatName, Side
from bot.workspace.demo.stage import Setting, Stage
from bot.workspace.wire import Json

PATIENCE = 90
ROLLED_BACK = {"railway.rollback": 1}


@asynccontextmanager
async def opened(*, replicas: int, chat: ChatName = "slack") -> AsyncGenerator[Player]:
    """Open a workspace with a broken shop and this many bots on one PostgreSQL."""
    try:
        postgres.programs()
    except TwokeyError as error:
        pytest.skip(f"Nothing was tried on PostgreSQL: {error}")
    setting = Setting(store="postgres", replicas=replicas, chats=(chat,))
    # PostgreSQL's own user may not enter pytest's folders.
    with TemporaryDirectory(prefix="twokey-replicas-") as folder:
        async with processes(Path(folder)) as children, asyncio.timeout(PATIENCE):
            stage = await Stage.open(children, setting, speed=10, job_seconds=0.5)
            async with Player.on(stage, Console(file=StringIO())) as player:
                yield player


async def approved(player: Player) -> None:
    """Ask for the backend and let two managers approve."""
    await player.play("Responder", "types /rollback backend API answers 500")
    await player.play("Manager One", "presses Approve")
    await player.play("Manager Two", "presses Approve")


async def begun(player: Player) -> None:
    """Let a rollback take effect whose answer stays away."""
    await player.play("railway", {"kind": "hold", "seconds": 60})
    await approved(player)
    await player.play("everybody", "waits for an effect")


async def state_at_the_end(player: Player) -> str:
    """Wait until nothing is open and everything was shown."""
    await player.play("everybody", "waits for the end")
    rollback = await books.newest(player.store)
    assert rollback is not None
    return rollback.state


async def assert_said_once(player: Player) -> None:
    """No message of the bot stands there twice."""
    [side] = [SIDES[name] for name in player.hands]
    everything = side.everything(await player.people.state())
    keys = [key for _, message in everything if (key := side.identity(message))]
    assert keys
    assert len(keys) == len(set(keys))


async def test_the_other_replica_takes_over() -> None:
    """A replica that is killed in the middle of a call is not needed any more: nothing is lost."""
    async with opened(replicas=2) as player:
        await begun(player)
        await player.stage.processes.kill("bot")

        assert await state_at_the_end(player) == State.SUCCEEDED
        assert player.stage.effects() == ROLLED_BACK
        await assert_said_once(player)


async def test_a_replica_that_was_frozen_does_nothing_twice() -> None:
    """A replica that sleeps is replaced; when it wakes up it stands by, and can take over again."""
    async with opened(replicas=2) as player:
        await begun(player)
        frozen = player.stage.processes._children["bot"].pid
        os.kill(frozen, signal.SIGSTOP)
        state = await state_at_the_end(player)
        os.kill(frozen, signal.SIGCONT)
        await player.stage.processes.kill("bot-2")
        await player.play("Responder", "types /rollback frontend and the pages, too")
        await player.play("Manager One", "presses Approve")
        await player.play("Manager Two", "presses Approve")

        assert (state, await state_at_the_end(player)) == (State.SUCCEEDED, State.SUCCEEDED)
        assert player.stage.effects() == {**ROLLED_BACK, "vercel.rollback": 1}
        await assert_said_once(player)


async def test_another_replica_answers_as_soon_as_one_ends() -> None:
    """On Discord, where every bot hears everything, no press meets nobody while one is stopped."""
    async with opened(replicas=2, chat="discord") as player:
        await player.play("Responder", "types /rollback backend API answers 500")
        await player.play("Manager Two", "sees Approve")
        ending = player.stage.processes._children.pop("bot")

        ending.terminate()
        await player.play("Manager One", "presses Approve")
        await ending.wait()
        await player.play("Manager Two", "presses Approve")

        assert await state_at_the_end(player) == State.SUCCEEDED
        assert player.stage.effects() == ROLLED_BACK
        await assert_said_once(player)


async def test_one_talks_and_another_executes() -> None:
    """People are served without any provider's secret, and what they decide without any click."""
    async with opened(replicas=0) as player:
        start = player.stage.start_bot  # all at once: each finds no tables, and one makes them
        await asyncio.gather(
            start("talker", role="chat"),
            start("doer", role="executor"),
            start("doer-2", role="executor"),
        )
        await approved(player)

        assert await state_at_the_end(player) == State.SUCCEEDED
        assert player.stage.effects() == ROLLED_BACK
        await assert_said_once(player)


def administer(player: Player, *command: str) -> None:
    """Do something to the server, as its own user."""
    folder = Path(player.stage.database.partition("host=")[2])
    program = (str(postgres.programs() / "pg_ctl"), "-D", str(folder / "data"))
    owner = folder.owner() if os.geteuid() == 0 else None
    subprocess.run(
        [*program, *command], user=owner, cwd=folder, check=True, stdout=subprocess.DEVNULL
    )


@pytest.mark.parametrize("chat", ["slack", "discord"])
async def test_the_server_goes_away_and_comes_back(chat: ChatName) -> None:
    """While the database is away people are told so; afterwards it goes on by itself."""
    async with opened(replicas=1, chat=chat) as player:
        await player.play("Responder", "types /rollback backend API answers 500")
        await player.play("Manager One", "presses Approve")
        await player.play("Manager Two", "sees Approve")
        folder = player.stage.database.partition("host=")[2]

        administer(player, "stop", "-m", "immediate")
        await player.play("Manager Two", "presses Approve")
        for words in ("Still saving; nothing is recorded yet", "Nothing was recorded"):
            await player.people.until(partial(is_told, SIDES[chat], "Manager Two", words))
        administer(player, "start", "-l", "/dev/null", "-o", f"-k {folder} -c listen_addresses=")
        await player.play("Manager Two", "presses Approve")

        assert await state_at_the_end(player) == State.SUCCEEDED
        assert player.stage.effects() == ROLLED_BACK
        await assert_said_once(player)
        said = (player.stage.processes.folder / "bot.log").read_text()
        assert "The database is back" in said
        assert "task died" not in said


def is_told(side: Side, who: str, words: str, state: Json) -> bool:
    """Tell whether somebody reads these words privately."""
    private = state["ephemerals"][side.people[who]]
    return any(words in " ".join(side.lines(one)) for one in private)
