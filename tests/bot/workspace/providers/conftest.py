"""Running providers with a clock that the tests move, and the vendors' own specifications."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.workspace.providers import seed
from bot.workspace.providers.effects import EffectLog, read_effects
from bot.workspace.providers.railway import Railway
from bot.workspace.providers.server import Addresses, Provider
from bot.workspace.providers.vercel import Vercel

TOKEN = "local-token"
JOB_SECONDS = 30


@dataclass
class Clock:
    """A time that stands still until a test moves it."""

    now: float = 1_800_000_000

    def __call__(self) -> float:
        return self.now


@dataclass
class Running:
    """A provider on its sockets, and clients for its interface and its site."""

    addresses: Addresses
    clock: Clock
    log: Path
    api: httpx.AsyncClient
    site: httpx.AsyncClient
    provider: Provider = field(repr=False)

    def uses(self) -> list[tuple[str, str]]:
        """What took effect, as the disk has it."""
        return [(effect.use, effect.target) for effect in read_effects(self.log)]

    async def misbehave(self, **how: Any) -> None:
        """Order a bad day."""
        answer = await self.api.post("/_local/misbehave", json=how)
        assert answer.status_code == 200, answer.text

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Ask Railway a GraphQL question and return its whole answer."""
        answer = await self.api.post("/graphql/v2", json={"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        whole: dict[str, Any] = answer.json()
        return whole


@asynccontextmanager
async def running(kind: type[Provider], log: Path, clock: Clock) -> AsyncIterator[Running]:
    """Start a provider on free ports."""
    provider = kind(EffectLog(log, now=clock()), token=TOKEN, job_seconds=JOB_SECONDS, clock=clock)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    async with AsyncExitStack() as stack:
        addresses = await stack.enter_async_context(provider.serve())
        api = httpx.AsyncClient(base_url=addresses.api, headers=bearer)
        site = httpx.AsyncClient(base_url=addresses.site)
        await stack.enter_async_context(api)
        await stack.enter_async_context(site)
        yield Running(addresses, clock, log, api, site, provider)


@pytest.fixture
async def vercel(tmp_path: Path) -> AsyncIterator[Running]:
    """The frontend's provider."""
    async with running(Vercel, tmp_path / "vercel.log", Clock()) as provider:
        yield provider


@pytest.fixture
async def railway(tmp_path: Path) -> AsyncIterator[Running]:
    """The backend's provider."""
    async with running(Railway, tmp_path / "railway.log", Clock()) as provider:
        yield provider


def rollback_path(deployment: str, version: str = "v1") -> str:
    """Where Vercel takes a rollback to this deployment."""
    return f"/{version}/projects/{seed.VERCEL_PROJECT}/rollback/{deployment}"
