"""What a demo plays on: the local workspace, the shop with its two providers, and the bot."""

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from bot.workspace.demo.config import TOKENS, configuration, secrets
from bot.workspace.demo.processes import Processes
from bot.workspace.listening import HOST
from bot.workspace.providers.effects import count_by_use, read_effects


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that runs."""

    processes: Processes
    page: str
    addresses: Mapping[str, str]
    speed: float
    since: float

    @classmethod
    async def open(
        cls, processes: Processes, *, port: int, speed: float, job_seconds: float, is_http: bool
    ) -> Self:
        """Start everything, each part when what it needs is there."""

        async def provider(name: str) -> dict[str, Any]:
            arguments = ("--log", f"{name}.effects", "--token", TOKENS[name])
            jobs = ("--job-seconds", str(job_seconds))
            return await processes.start(name, "bot.workspace.providers", name, *arguments, *jobs)

        vercel, railway = await asyncio.gather(provider("vercel"), provider("railway"))
        shop = {"frontend": f"{vercel['site']}/health", "backend": f"{railway['site']}/api/health"}
        parts = (argument for part in shop.items() for argument in ("--shop", "=".join(part)))
        limits = ("--port", str(port), "--speed", str(speed))
        bot = {"bot": f"http://{HOST}:{_free_port()}"} if is_http else {}
        to = ("--deliver-to", bot["bot"]) if is_http else ()
        chat = await processes.start("workspace", "bot.workspace.slack", *parts, *limits, *to)
        addresses = bot | {"slack": chat["api"], "vercel": vercel["api"], "railway": railway["api"]}
        stage = cls(
            processes=processes,
            page=chat["url"],
            addresses=addresses | shop,
            speed=speed,
            since=time.time(),
        )
        (processes.folder / "twokey.yaml").write_text(configuration(stage.addresses))
        await stage.start_bot()
        return stage

    async def start_bot(self) -> None:
        """Start the bot, or start it again; its time goes on as if it had never died."""
        pace = ("--speed", str(self.speed), "--since", str(self.since))
        arguments = ("--config", "twokey.yaml", *pace)
        environment = secrets(self.addresses)
        await self.processes.start("bot", "bot.workspace.demo.bot", *arguments, secrets=environment)

    async def misbehave(self, name: str, **how: object) -> None:
        """Make a provider behave badly at its next requests."""
        bearer = {"Authorization": f"Bearer {TOKENS[name]}"}
        async with httpx.AsyncClient(headers=bearer, trust_env=False) as http:
            answer = await http.post(f"{self.addresses[name]}/_local/misbehave", json=how)
        answer.raise_for_status()

    def effects(self) -> dict[str, int]:
        """Count what took effect, by the providers' own durable logs."""
        logs = (self.processes.folder / f"{name}.effects" for name in TOKENS)
        return count_by_use(effect for log in logs for effect in read_effects(log))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
