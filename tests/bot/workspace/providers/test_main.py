"""A provider as a process of its own."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from bot.workspace.providers import seed
from bot.workspace.providers.effects import read_effects
from tests.bot.workspace.providers.conftest import TOKEN, rollback_path

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def start(kind: str, log: Path) -> tuple["subprocess.Popen[str]", dict[str, str]]:
    """Start a provider and wait for the line that says where it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.workspace.providers", kind, "--log", str(log),
         "--token", TOKEN, "--job-seconds", "0"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    return process, json.loads(process.stdout.readline())


def finish(process: "subprocess.Popen[str]", number: signal.Signals) -> int:
    """End the process and return how it ended."""
    process.send_signal(number)
    process.communicate(timeout=20)
    return process.returncode


def test_kill_erases_no_evidence(tmp_path: Path) -> None:
    """A provider that was killed right after its answer still serves what it said it would."""
    log = tmp_path / "log"
    process, addresses = start("vercel", log)
    answer = httpx.post(addresses["api"] + rollback_path(seed.VERCEL_GOOD), headers=BEARER)
    finish(process, signal.SIGKILL)
    effects = read_effects(log)

    process, addresses = start("vercel", log)
    health = httpx.get(addresses["site"] + "/health")
    finish(process, signal.SIGTERM)

    assert answer.status_code == 201
    assert [effect.use for effect in effects] == ["vercel.rollback"]
    assert health.json() == {"status": "healthy", "version": seed.GOOD_VERSION}


@pytest.mark.parametrize("kind", ["vercel", "railway"])
def test_process_ends_when_told_to(tmp_path: Path, kind: str) -> None:
    """Both providers say where they listen, on the loopback interface, and end cleanly."""
    process, addresses = start(kind, tmp_path / "log")

    code = finish(process, signal.SIGTERM)

    assert code == 0
    assert set(addresses) == {"api", "site"}
    assert all(url.startswith("http://127.0.0.1:") for url in addresses.values())
