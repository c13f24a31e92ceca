"""The demo's child processes: started in one folder, watched, and ended with the demo."""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Final, Self, TypeVar, cast

from bot.domain.errors import TwokeyError

T = TypeVar("T")

_READY_WITHIN: Final = 60.0
_ENDS_WITHIN: Final = 5.0
_LAST_LINES: Final = 12
_SOURCE: Final = Path(__file__).parents[3]  # holds the package ``bot``


class Processes:
    """All children of one demo, by name; a context manager that leaves none behind."""

    def __init__(self, folder: Path) -> None:
        """Let everything happen in this folder."""
        self._folder = folder
        self._children: dict[str, Process] = {}
        self._watchers: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._death: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._children:  # the youngest first
            await _end(self._children.popitem()[1])
        await asyncio.gather(*self._watchers)

    async def start(
        self, name: str, module: str, *arguments: str, secrets: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Start a module and return what it says, in one line of JSON, when it is ready."""
        command = (sys.executable, "-P", "-m", "bot.workspace.demo.leash", module, *arguments)
        with self._log(name).open("wb") as log:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,  # the leash
                stdout=PIPE,
                stderr=log,
                cwd=self._folder,
                env=_environment(self._folder) | (secrets or {}),
                start_new_session=True,  # Ctrl-C reaches the demo alone, which ends them in order
            )
        self._children[name] = child
        watcher = asyncio.create_task(self._watch(name, child))
        self._watchers.add(watcher)
        try:
            said = await asyncio.wait_for(_first_line(child), _READY_WITHIN)
        except TimeoutError as error:
            raise TwokeyError(f"The demo's {name} was not ready in {_READY_WITHIN:g} s.") from error
        if not said:
            raise TwokeyError(self._obituary(name))
        return cast("dict[str, Any]", json.loads(said))

    async def kill(self, name: str) -> None:
        """End a child the way ``kill -9`` does."""
        child = self._children.pop(name)
        child.kill()
        await child.wait()

    async def while_all_live(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work; it fails as soon as a child ends that should live."""
        task = asyncio.create_task(work)
        try:
            await asyncio.wait({task, self._death}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise TwokeyError(self._obituary(self._death.result()))
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self, name: str, child: Process) -> None:
        await child.wait()
        if self._children.get(name) is child and not self._death.done():
            self._death.set_result(name)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _obituary(self, name: str) -> str:
        last = self._log(name).read_text(errors="replace").splitlines()[-_LAST_LINES:]
        words = "\n  ".join(["Its last words:", *last] if last else ["It said nothing."])
        return f"The demo's {name} ended although it should not have. {words}"


def _environment(folder: Path) -> dict[str, str]:
    """Return all that a child is told: nothing of what the user's own environment holds."""
    return {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(_SOURCE),
    }


async def _first_line(child: Process) -> bytes:
    return await child.stdout.readline() if child.stdout else b""


async def _end(child: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), _ENDS_WITHIN)
    except TimeoutError:
        child.kill()
        await child.wait()
