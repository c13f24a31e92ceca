"""What a demo plays on: the local workspace, the shop with its two providers, and the bot."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import httpx

from bot.workspace.demo.config import RAILWAY_TOKEN, VERCEL_TOKEN, Addresses, configuration, secrets
from bot.workspace.demo.processes import Processes
from bot.workspace.providers.effects import count_by_use, read_effects

_TOKENS: Final = {"vercel": VERCEL_TOKEN, "railway": RAILWAY_TOKEN}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that runs."""

    processes: Processes
    folder: Path
    page: str
    addresses: Addresses
    speed: float
    since: float

    @classmethod
    async def open(
        cls, processes: Processes, folder: Path, *, port: int, speed: float, job_seconds: float
    ) -> Self:
        """Start everything, each part when what it needs is there."""

        async def provider(name: str) -> dict[str, Any]:
            arguments = ("--log", f"{name}.effects", "--token", _TOKENS[name])
            jobs = ("--job-seconds", str(job_seconds))
            module = "bot.workspace.providers"
            return await processes.start(name, module, name, *arguments, *jobs)

        vercel, railway = await asyncio.gather(provider("vercel"), provider("railway"))
        shop = {"frontend": f"{vercel['site']}/health", "backend": f"{railway['site']}/api/health"}
        parts = (argument for part in shop.items() for argument in ("--shop", "=".join(part)))
        limits = ("--port", str(port), "--speed", str(speed))
        slack = await processes.start("workspace", "bot.workspace.slack", *parts, *limits)
        addresses = Addresses(
            slack=slack["api"], vercel=vercel["api"], railway=railway["api"], **shop
        )
        (folder / "twokey.yaml").write_text(configuration(addresses))
        stage = cls(
            processes=processes,
            folder=folder,
            page=slack["url"],
            addresses=addresses,
            speed=speed,
            since=time.time(),
        )
        await stage.start_bot()
        return stage

    async def start_bot(self) -> None:
        """Start the bot, or start it again after a kill; its time goes on as if it had not died."""
        pace = ("--speed", str(self.speed), "--since", str(self.since))
        arguments = ("--config", "twokey.yaml", *pace)
        environment = secrets(self.addresses)
        await self.processes.start("bot", "bot.workspace.demo.bot", *arguments, secrets=environment)

    async def kill_bot(self) -> None:
        """Kill the bot, which has no chance to put anything in order."""
        await self.processes.kill("bot")

    async def misbehave(self, name: str, **how: object) -> None:
        """Make a provider behave badly at its next requests."""
        api = self.addresses.vercel if name == "vercel" else self.addresses.railway
        bearer = {"Authorization": f"Bearer {_TOKENS[name]}"}
        async with httpx.AsyncClient(headers=bearer, trust_env=False) as http:
            answer = await http.post(f"{api}/_local/misbehave", json=how)
        answer.raise_for_status()

    def effects(self) -> dict[str, int]:
        """Count what took effect, by the providers' own durable logs."""
        logs = (self.folder / f"{name}.effects" for name in _TOKENS)
        return count_by_use(effect for log in logs for effect in read_effects(log))
