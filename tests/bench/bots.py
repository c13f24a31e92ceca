"""The bot and its baselines as child processes, on a processor of their own."""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from bot.workspace import postgres
from bot.workspace.slack import seed
from bot.workspace.slack.sockets import NotDelivered
from tests.bench.chat import PATIENCE, Chat
from tests.bench.provider import Provider

_CALM_SECONDS: Final = 0.015
_CALM_USE: Final = 0.0001
# Where the system has it, no child outlives the measurement, not even by kill -9.
_LEASH: Final = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
_BASELINES: Final = "tests.bench.baselines"


@dataclass(frozen=True)
class Kind:
    """One that is measured: its program, and what its answer to a command holds."""

    program: tuple[str, ...]  # {api} and {provider} are filled in
    answer: str = ""


Store = Literal["sqlite", "postgres"]
Prepare = Callable[[Path, dict[str, str]], Awaitable[None]]

OURS: Final = Kind(("bot", "serve"), "Preparing the plan")
DEFAULT: Final = Kind((_BASELINES, "default", "{api}", "{port}"))
LEAN: Final = Kind((_BASELINES, "lean", "{api}", "{port}"))
FLOOR: Final = Kind((_BASELINES, "floor", "{api}", "{port}", "{provider}"), "requested")


@dataclass(frozen=True)
class Bot:
    """One running bot, with all that it talks to."""

    kind: Kind
    chat: Chat
    provider: Provider
    process: asyncio.subprocess.Process
    began: float

    async def first_command(self, number: int = 0) -> float:
        """Ask as soon as it is connected; return the seconds from its start to the answer."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.command(number)
                except NotDelivered:
                    if self.process.returncode is not None:
                        raise
                    await asyncio.sleep(0.002)
                else:
                    return time.perf_counter() - self.began

    async def command(self, number: int) -> float:
        """Ask for a target and return the seconds until the acknowledgement."""
        return await self.chat.command(number, answer=self.kind.answer)

    async def lone_command(self, number: int) -> float:
        """Ask for a target, and let all that follows come to its end."""
        taken = await self.command(number)
        if self.kind is OURS:
            await self.chat.answered(number + 1)
        await self.calm()
        return taken

    async def half_approved(self, *numbers: int) -> None:
        """Ask for targets, and approve each of them once."""
        for number in numbers:
            await self.command(number)
            if self.kind is not OURS:
                self.chat.show_card(number)
            await self.chat.card(number)
        await self.calm()  # a card may be pressed once the bot knows that it stands there
        for number in numbers:
            await self.chat.approve(number, place=0)
        await self.calm()

    async def approved(self, number: int, *more: str) -> float:
        """Approve a target for the second time; return the seconds until all its writes are in."""
        writing = asyncio.create_task(self.provider.last_write(f"shop{number}", *more))
        began = await self.chat.approve(number, place=1)
        return await writing - began

    async def pressed(self, number: int) -> float:
        """Ask for a target, approve it once, and return the seconds until that was acknowledged."""
        await self.command(number)
        await self.chat.card(number)
        await self.calm()
        began = await self.chat.approve(number, place=0)
        return time.perf_counter() - began

    async def calm(self) -> None:
        """Wait until it does next to nothing, so that what comes next comes alone."""
        async with asyncio.timeout(PATIENCE):
            used = -1.0
            while used < (used := self.cpu_seconds) - _CALM_USE:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(_CALM_SECONDS)

    @property
    def cpu_seconds(self) -> float:
        """Return the processor time that all its threads have used so far."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    @property
    def megabytes(self) -> float:
        """Return the memory that it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@asynccontextmanager
async def started(
    kind: Kind,
    *,
    targets: int,
    pairs: int = 0,
    prepare: Prepare | None = None,
    store: Store = "sqlite",
    is_http: bool = False,
) -> AsyncGenerator[Bot]:
    """Run a fresh bot as long as the block lasts; ``prepare`` fills the empty database before."""
    port = _free_port() if is_http else 0
    kept = database(store if kind is OURS else "sqlite", "twokey.db")  # baselines keep a file
    with tempfile.TemporaryDirectory() as folder, kept as url:
        home = Path(folder)
        (home / "audit.key").touch(0o600)
        (home / "audit.key").write_text("b" * 64)
        async with (
            Chat.opened(
                targets=targets, pairs=pairs, to=f"http://127.0.0.1:{port}" if port else ""
            ) as chat,
            Provider().serve() as provider,
        ):
            file = chat.settings(provider=provider.url, port=port, database=url)
            (home / "twokey.yaml").write_text(file)
            places = {"api": chat.room.api_url, "provider": provider.url, "port": port}
            program = [word.format_map(places) for word in kind.program]
            if prepare is not None:
                await prepare(home, _environment(chat.room.api_url))
            began = time.perf_counter()
            with (home / "log").open("wb") as log:
                child = await asyncio.create_subprocess_exec(
                    *(*_LEASH, sys.executable, "-m", *program),
                    stdout=log,
                    stderr=log,
                    cwd=home,
                    env=_environment(chat.room.api_url),
                )
                pin(child.pid, first=True)
                try:
                    yield Bot(kind, chat, provider, child, began)
                except BaseException as error:
                    error.add_note((home / "log").read_text(errors="replace")[-2000:])
                    raise
                finally:
                    if child.returncode is None:
                        child.kill()
                    await child.wait()


def database(store: Store, file: str) -> AbstractContextManager[str]:
    """Name an empty database: a file that will be made, or that of a server as long as it runs."""
    if store == "postgres":
        return postgres.server(postgres.programs())
    return nullcontext(f"sqlite:///{file}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pin(pid: int, *, first: bool) -> None:
    """Give the first processor to the bot and the second to everything else, if there are two."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {0 if first else 1})


def _environment(api: str) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "SLACK_API_BASE": api,
        "SLACK_BOT_TOKEN": seed.BOT_TOKEN,
        "SLACK_APP_TOKEN": seed.APP_TOKEN,
        "SLACK_SIGNING_SECRET": seed.SIGNING_SECRET,
        "VERCEL_TOKEN": "local-vercel",
        "RAILWAY_TOKEN": "local-railway",
    }
