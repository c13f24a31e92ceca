"""Local providers behind mirrors, one clock for them and us, and the vendors' specifications."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.ports import Tools
from bot.tools import Scrubber, ToolBox, reachable
from bot.workspace.providers.effects import EffectLog, read_effects
from bot.workspace.providers.railway import Railway
from bot.workspace.providers.server import Addresses, Provider
from bot.workspace.providers.vercel import Vercel
from tests.adapters.mirror import NO_TLS, Mirror, mirrored

TOKEN = "local-token"
JOB_SECONDS = 6.0


@dataclass
class Clock:
    """A time that passes only while somebody waits."""

    seconds: float = 1_800_000_000

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.fromtimestamp(self.seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self.seconds += seconds
        await asyncio.sleep(0)


@dataclass
class World:
    """A provider, the mirror in front of it, and the tools of a step that reach it."""

    clock: Clock
    mirror: Mirror
    addresses: Addresses
    log: Path
    box: ToolBox
    system: str
    provider: Provider = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the names of the secrets that its actions declare."""
        return (f"{self.system.upper()}_TOKEN",)

    @property
    def tools(self) -> Tools:
        """Return the tools of a first attempt."""
        return self.box.for_step(key="rb-test/api/1", secrets=self.secrets)

    @property
    def effects(self) -> list[tuple[str, str]]:
        """Return what took effect, as the provider's disk has it."""
        return [(effect.use, effect.target) for effect in read_effects(self.log)]

    async def misbehave(self, kind: str, **how: Any) -> None:
        """Order a bad day."""
        async with httpx.AsyncClient(base_url=self.addresses.api, verify=NO_TLS) as client:
            answer = await client.post(
                "/_local/misbehave",
                json={"kind": kind, **how},
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
        assert answer.status_code == 200, answer.text


@pytest.fixture
def clock() -> Clock:
    """A time that passes only while somebody waits."""
    return Clock()


@asynccontextmanager
async def world(kind: type[Provider], system: str, log: Path, clock: Clock) -> AsyncIterator[World]:
    """Start a provider with a mirror, and make tools that reach it."""
    provider = kind(
        EffectLog(log, now=clock.seconds),
        token=TOKEN,
        job_seconds=JOB_SECONDS,
        clock=lambda: clock.seconds,
    )
    async with provider.serve() as addresses, mirrored(addresses.api) as mirror:
        box = toolbox(clock, {system: mirror.url})
        yield World(clock, mirror, addresses, log, box, system, provider)
        await box.close()


def toolbox(clock: Clock, endpoints: dict[str, str]) -> ToolBox:
    """Return the real tools for systems that answer at these addresses."""
    return ToolBox(
        clock=clock,
        secrets={"VERCEL_TOKEN": TOKEN, "RAILWAY_TOKEN": TOKEN},
        endpoints=endpoints,
        origins=reachable(endpoints, []),
        scrub=Scrubber([TOKEN]),
    )


@pytest.fixture
async def vercel(tmp_path: Path, clock: Clock) -> AsyncIterator[World]:
    """The frontend's provider."""
    async with world(Vercel, "vercel", tmp_path / "vercel.log", clock) as running:
        yield running


@pytest.fixture
async def railway(tmp_path: Path, clock: Clock) -> AsyncIterator[World]:
    """The backend's provider."""
    async with world(Railway, "railway", tmp_path / "railway.log", clock) as running:
        yield running
