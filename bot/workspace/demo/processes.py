"""The demo's child processes: started in one folder, watched, and ended with the demo."""

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bot.domain.errors import TwokeyError

_READY_WITHIN: Final = 60.0
_ENDS_WITHIN: Final = 5.0
_LAST_LINES: Final = 12
_SOURCE: Final = Path(__file__).parents[3]  # holds the package ``bot``


@dataclass(frozen=True)
class Processes:
    """All children of one demo, by name."""

    folder: Path
    watchers: asyncio.TaskGroup
    _children: dict[str, Process] = field(default_factory=dict[str, Process], init=False)

    async def start(
        self, name: str, module: str, *arguments: str, secrets: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Start a module and return what it says, in one line of JSON, when it is ready."""
        leash = (sys.executable, "-P", "-m", "bot.workspace.demo.leash")
        with self._log(name).open("wb") as log:
            child = await asyncio.create_subprocess_exec(
                *(*leash, module, *arguments),
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                cwd=self.folder,
                env=_environment(self.folder, secrets or {}),
                start_new_session=True,  # Ctrl-C reaches the demo alone, which ends them in order
            )
        self._children[name] = child
        self.watchers.create_task(self._watch(name, child))
        try:
            async with asyncio.timeout(_READY_WITHIN):
                said = await child.stdout.readline() if child.stdout else b""
        except TimeoutError as error:
            raise TwokeyError(f"The demo's {name} was not ready in {_READY_WITHIN:g} s.") from error
        if not said:
            await asyncio.Event().wait()  # it died: whoever watches it says why, and ends this
        return dict(json.loads(said))

    async def run(
        self, module: str, *arguments: str, secrets: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run a module to its end, and return how it ended and what it printed."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", module, *arguments),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            cwd=self.folder,
            env=_environment(self.folder, secrets or {}),
            start_new_session=True,
        )
        said = (await child.communicate())[0].decode(errors="replace")
        return child.returncode or 0, said

    async def kill(self, name: str) -> None:
        """End a child the way ``kill -9`` does."""
        child = self._children.pop(name)
        child.kill()
        await child.wait()

    async def end(self) -> None:
        """End all children, the youngest first."""
        while self._children:
            _, child = self._children.popitem()
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            try:
                await asyncio.wait_for(child.wait(), _ENDS_WITHIN)
            except TimeoutError:
                child.kill()
                await child.wait()

    async def _watch(self, name: str, child: Process) -> None:
        await child.wait()
        if self._children.get(name) is child:
            last = self._log(name).read_text(errors="replace").splitlines()[-_LAST_LINES:]
            words = "\n  ".join(last or ["It said nothing."])
            raise TwokeyError(f"The demo's {name} ended although it should not have.\n  {words}")

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


@contextlib.asynccontextmanager
async def processes(folder: Path) -> AsyncGenerator[Processes]:
    """Keep children as long as the block lasts; if one dies, the block is cancelled and fails."""
    async with asyncio.TaskGroup() as watchers:
        children = Processes(folder, watchers)
        try:
            yield children
        finally:
            await children.end()


def _environment(folder: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    """Return all that a child is told; nothing of what the user's own environment holds."""
    return {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(_SOURCE),
        **secrets,
    }
