"""A shop that no chat knows: real processes, a real provider on a socket, and people with keys."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from typer.testing import CliRunner

from bot.chat.terminal.keys import OwnKey, make
from bot.cli import cli
from bot.domain.errors import TwokeyError
from bot.workspace.providers import seed
from bot.workspace.providers.effects import count_by_use, read_effects
from tests.architecture.source import ROOT

PEOPLE: Final = ("responder", "manager-one", "manager-two", "outsider")
PATIENCE: Final = 120.0  # the machine may have much else to do
_FILE: Final = """\
version: 1
database: {database}
audit_key: file:audit.key
{chats}people:
{people}
secrets: {{RAILWAY_TOKEN: env:RAILWAY_TOKEN}}
endpoints: {{railway: {railway}}}
policy: {{start_delay: {start_delay}}}
targets:
  - name: backend
    environment: production
    affected: Backend (Railway api)
    {channels}approvers: [responder, manager-one, manager-two]
    steps:
      - {{name: api, use: railway.rollback, project: {project}, service: {service},
         environment: {environment}}}
    checks:
      - {{name: API health, use: check.http, url: {site}/api/health, expect: {{status: healthy}},
         interval: 1, internal: true, allow_plain: true}}
"""

_PROVIDER: Final = (
    *("--log", "railway.effects"),
    *("--token", "local-railway"),
    *("--job-seconds", "0.3"),
)

Done = subprocess.CompletedProcess[str]
Process = subprocess.Popen[str]


@dataclass
class Shop:
    """Everything that runs, and the hands of its people."""

    folder: Path
    database: str
    keys: dict[str, OwnKey]
    children: list[Process] = field(default_factory=list[Process])

    def environment(self, **more: str) -> dict[str, str]:
        """Return what a process of the shop finds in its environment."""
        given = {
            "RAILWAY_TOKEN": "local-railway",
            "SLACK_BOT_TOKEN": "xoxb-local",
            "SLACK_APP_TOKEN": "xapp-local",
            "SLACK_API_BASE": "http://127.0.0.1:1/api",  # where nobody answers
            "COLUMNS": "100",
            "PYTHONPATH": str(ROOT),
        }
        return {**os.environ, **given, **more}  # noqa: TID251 - the processes need their own

    def start(self, *words: str) -> Process:
        """Start ``twokey`` and let it run."""
        return self.start_module("bot", *words)

    def start_module(self, module: str, *words: str, **environment: str) -> Process:
        """Start a program and let it run."""
        child = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            env=self.environment(**environment),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.children.append(child)
        return child

    def starts(self, person: str, *words: str) -> Process:
        """Start a command of somebody's."""
        return self.start(*words, "--key", f"{person}.pem")

    def run(self, *words: str) -> Done:
        """Run ``twokey`` to its end."""
        return ended(self.start(*words))

    def does(self, person: str, *words: str) -> Done:
        """Let somebody decide."""
        return ended(self.starts(person, *words))

    def serve(self) -> Process:
        """Start the bot, and wait until it plans and runs."""
        child = self.start("serve")
        assert child.stderr
        while "is connected" not in (line := child.stderr.readline()):
            assert line, "the bot ended before it was ready"
        return child

    def says(self, *words: str) -> tuple[int, str]:
        """Run ``twokey`` in this process, which is faster, and return how it ends and what it says.

        As in the process of its own, a mistake is a sentence and exit code 2.
        """
        here = ("--config", str(self.folder / "twokey.yaml"))
        done = CliRunner(env=self.environment()).invoke(cli, [*words, *here])
        if isinstance(done.exception, TwokeyError):
            return 2, str(done.exception)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    def attempts(self, person: str, *words: str) -> tuple[int, str]:
        """Let somebody try in this process."""
        return self.says(*words, "--key", str(self.folder / f"{person}.pem"))

    def status(self, *words: str) -> list[dict[str, Any]]:
        """Read what is open, as a program does; nothing is before there is a database."""
        code, said = self.says("status", "--json", *words)
        found: list[dict[str, Any]] = json.loads(said) if code == 0 else []
        return found

    def until(self, state: str, *words: str) -> dict[str, Any]:
        """Wait until the one rollback that is meant is in a state."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = self.status(*words)
            if [one["state"] for one in found] == [state]:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"it never became {state}")

    def approve(self, person: str, known: dict[str, Any]) -> Done:
        """Approve as a script does."""
        return self.does(person, "approve", known["id"], "--digest", known["digest"])

    def effects(self) -> dict[str, int]:
        """Count what took effect at the provider, by its own log."""
        return count_by_use(read_effects(self.folder / "railway.effects"))


def ended(child: Process) -> Done:
    """Wait for the end of a command."""
    out, err = child.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(child.args, child.returncode, out, err)


def id_in(text: str) -> str:
    """Find the id of a rollback in what was said."""
    found = re.search(r"rb-[0-9a-z]{4,12}", text)
    assert found, text
    return found[0]


@contextmanager
def shop(
    folder: Path, database: str, *, chats: str = "", channels: str = "", start_delay: str = "0s"
) -> Generator[Shop]:
    """Open a shop for as long as the block lasts; ``chats`` and ``channels`` are YAML, if any."""
    here = Shop(folder, database, {one: make(folder / f"{one}.pem") for one in PEOPLE})
    provider = subprocess.Popen(
        [sys.executable, "-m", "bot.workspace.providers", "railway", *_PROVIDER],
        env=here.environment(),
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    here.children.append(provider)
    try:
        assert provider.stdout
        said = json.loads(provider.stdout.readline())
        people = "".join(
            f"  {key}: {{name: {key.replace('-', ' ').title()}, accounts: [{own.account}]}}\n"
            for key, own in here.keys.items()
        )
        text = _FILE.format(
            database=database,
            chats=chats,
            channels=channels,
            people=people,
            railway=said["api"],
            site=said["site"],
            start_delay=start_delay,
            project=seed.RAILWAY_PROJECT,
            service=seed.RAILWAY_SERVICE,
            environment=seed.RAILWAY_ENVIRONMENT,
        )
        (folder / "twokey.yaml").write_text(text)
        (folder / "audit.key").write_text("ab" * 32)
        (folder / "audit.key").chmod(0o600)
        yield here
    finally:
        for child in here.children:
            child.kill()
            child.communicate()
