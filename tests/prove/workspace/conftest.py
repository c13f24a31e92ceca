"""What the judges from outside need: their programs, and providers to judge."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODULES = HERE.parents[2] / ".node"  # ignored by git, and kept for the next time
INSTALLS_WITHIN = 300.0
ANSWERS_WITHIN = 60.0


@dataclass(frozen=True)
class Node:
    """Node.js with the judges installed."""

    folder: Path
    home: Path

    async def run(self, program: str, *arguments: str, secrets: Mapping[str, str]) -> "Ran":
        """Run one of the installed programs to its end; it learns nothing of this machine."""
        child = await asyncio.create_subprocess_exec(
            self.folder / "node_modules" / ".bin" / program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self.environment(secrets),
            cwd=self.home,
        )
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                said, _ = await child.communicate()
        finally:
            if child.returncode is None:
                child.kill()
        return Ran(await child.wait(), said.decode())

    def environment(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """Return all that a judge is told."""
        quiet = {"CI": "1", "NO_COLOR": "1", "NO_UPDATE_NOTIFIER": "1"}
        own = {"PATH": os.environ["PATH"], "HOME": str(self.home), "VERCEL_TELEMETRY_DISABLED": "1"}
        return {**own, **quiet, **secrets}


@dataclass(frozen=True)
class Ran:
    """How a program ended, and what it said."""

    status: int
    said: str


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Node.js with exactly the versions of package.json, or a loud skip."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js and npm are missing: NO outside client judged the workspace")
    MODULES.mkdir(exist_ok=True)
    shutil.copy(HERE / "package.json", MODULES)
    quietly = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")
    installed = subprocess.run(
        [npm, "install", "--prefer-offline", *quietly],
        cwd=MODULES,
        capture_output=True,
        text=True,
        timeout=INSTALLS_WITHIN,
        check=False,
    )
    if installed.returncode:
        pytest.skip(
            f"npm could not install, so NO outside client judged: {installed.stderr[-400:]}"
        )
    return Node(MODULES, tmp_path_factory.mktemp("home"))
