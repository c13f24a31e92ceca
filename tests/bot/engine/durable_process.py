"""A process of its own around DbosDurable: DBOS is one per process, and it has to be killed.

Usage: python -m tests.bot.engine.durable_process FOLDER EXECUTION [STEP TO DIE IN]
"""

import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

from dbos import DBOS

from bot.domain.errors import TwokeyError
from bot.engine.durable import DbosDurable
from bot.ports import Steps
from bot.storage.owner import Owner


def note(folder: Path, what: str) -> None:
    """Write down what ran, so that it survives a kill."""
    with (folder / "ran").open("a", encoding="ascii") as ran:
        ran.write(f"{what}\n")
        ran.flush()
        os.fsync(ran.fileno())


async def piece(folder: Path, name: str, dies_in: str) -> str:
    """Run one piece, which may be the last one of this process, or fail beside a slow one."""
    note(folder, name)
    if name == dies_in:
        os.kill(os.getpid(), signal.SIGKILL)
    if (name, dies_in) == ("left", "fails"):
        raise TwokeyError("left broke off")
    if (name, dies_in) == ("right", "fails"):
        await asyncio.sleep(0.3)
        note(folder, "right ended")
    return f"{name} done"


async def main(folder: Path, execution_id: str, dies_in: str) -> None:
    """Run one execution of three pieces, two of them side by side, and write down what ran."""
    finished = asyncio.Event()

    async def execution(found: str, steps: Steps) -> None:
        pieces = {name: partial(piece, folder, name, dies_in) for name in ("left", "right")}
        assert await steps.run("first", partial(piece, folder, "first", dies_in)) == "first done"
        try:
            both = await steps.run_all(pieces)
        except TwokeyError:
            note(folder, "broke off")
            finished.set()
            raise
        assert both == {"left": "left done", "right": "right done"}
        note(folder, f"end of {found}")
        finished.set()

    owner = Owner(folder / "dbos.sqlite.lock", folder / "twokey.db")
    await owner.join()
    durable = DbosDurable(f"sqlite:///{folder / 'dbos.sqlite'}", executor=owner.name)
    await durable.launch(execution)
    is_live = execution_id in await durable.live([execution_id])
    if dies_in == "asks":
        print(is_live, flush=True)  # noqa: T201 - the test reads it
        await DBOS.get_workflow_status_async(execution_id)  # the whole row, as DBOS may any time
    elif not is_live:
        await durable.start(execution_id)
    if dies_in != "asks":
        await asyncio.wait_for(finished.wait(), 20)
    if dies_in == "wait":
        print("waiting", flush=True)  # noqa: T201 - the test reads it
        await asyncio.sleep(60)
    await durable.close()
    await owner.close()


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1]), sys.argv[2], (*sys.argv, "")[3]))
    except TwokeyError as error:
        sys.exit(str(error))
