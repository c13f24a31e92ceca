"""A process of its own around DbosDurable: DBOS is one per process, and it has to be killed.

Usage: python -m tests.bot.engine.durable_process FOLDER EXECUTION [STEP TO DIE IN]
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.domain.errors import TwokeyError
from bot.engine.durable import DbosDurable
from bot.ports import Steps


async def main(folder: Path, execution_id: str, dies_in: str) -> None:
    """Run one execution of three pieces, two of them side by side, and write down what ran."""
    finished = asyncio.Event()

    def note(what: str) -> None:
        with (folder / "ran").open("a", encoding="ascii") as ran:
            ran.write(f"{what}\n")
            ran.flush()
            os.fsync(ran.fileno())

    async def piece(name: str) -> str:
        note(name)
        if name == dies_in:
            os.kill(os.getpid(), signal.SIGKILL)
        return f"{name} done"

    async def execution(found: str, steps: Steps) -> None:
        assert await steps.run("first", lambda: piece("first")) == "first done"
        both = await steps.run_all({"left": lambda: piece("left"), "right": lambda: piece("right")})
        assert both == {"left": "left done", "right": "right done"}
        note(f"end of {found}")
        finished.set()

    durable = DbosDurable(folder / "dbos.sqlite")
    await durable.launch(execution)
    if not await durable.is_live(execution_id):
        await durable.start(execution_id)
    await asyncio.wait_for(finished.wait(), 20)
    if dies_in == "wait":
        print("waiting", flush=True)  # noqa: T201 - the test reads it
        await asyncio.sleep(60)
    await durable.close()


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1]), sys.argv[2], (*sys.argv, "")[3]))
    except TwokeyError as error:
        sys.exit(str(error))
