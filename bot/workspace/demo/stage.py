"""What a demo plays on: the local workspace, the shop with its two providers, and the bot."""

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import httpx

from bot.config import Role
from bot.storage.chain import load_or_create_key
from bot.workspace import postgres
from bot.workspace.demo.config import TOKENS, configuration, secrets
from bot.workspace.demo.processes import Processes
from bot.workspace.listening import HOST
from bot.workspace.providers.effects import count_by_use, read_effects

StoreKind = Literal["sqlite", "postgres"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What may differ from one performance to the next."""

    port: int = 0
    store: StoreKind = "sqlite"
    replicas: int = 1
    is_http: bool = False  # otherwise Socket Mode


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that runs."""

    processes: Processes
    page: str
    database: str
    audit_key: bytes
    addresses: Mapping[str, str]
    speed: float
    since: float

    @classmethod
    async def open(
        cls, processes: Processes, setting: Setting, *, speed: float, job_seconds: float
    ) -> Self:
        """Start everything, each part when what it needs is there."""
        database = f"sqlite:///{processes.folder}/twokey.db"
        if setting.store == "postgres":
            server = (str(postgres.programs()),)
            started = await processes.start("postgres", "bot.workspace.postgres", *server)
            database = started["url"]

        async def provider(name: str) -> dict[str, Any]:
            arguments = ("--log", f"{name}.effects", "--token", TOKENS[name])
            jobs = ("--job-seconds", str(job_seconds))
            return await processes.start(name, "bot.workspace.providers", name, *arguments, *jobs)

        vercel, railway = await asyncio.gather(provider("vercel"), provider("railway"))
        shop = {"frontend": f"{vercel['site']}/health", "backend": f"{railway['site']}/api/health"}
        parts = (argument for part in shop.items() for argument in ("--shop", "=".join(part)))
        limits = ("--port", str(setting.port), "--speed", str(speed))
        bot = {"bot": f"http://{HOST}:{_free_port()}"} if setting.is_http else {}
        to = ("--deliver-to", bot["bot"]) if setting.is_http else ()
        chat = await processes.start("workspace", "bot.workspace.slack", *parts, *limits, *to)
        addresses = bot | {"slack": chat["api"], "vercel": vercel["api"], "railway": railway["api"]}
        stage = cls(
            processes=processes,
            page=chat["url"],
            database=database,
            audit_key=load_or_create_key(processes.folder / "audit.key"),
            addresses=addresses | shop,
            speed=speed,
            since=time.time(),
        )
        file = configuration(stage.addresses, database=database)
        (processes.folder / "twokey.yaml").write_text(file)
        for name in ("bot", "bot-2")[: setting.replicas]:
            await stage.start_bot(name)
        return stage

    async def start_bot(self, name: str = "bot", *, role: Role = "all") -> None:
        """Start a bot, or start it again; its time goes on as if it had never died."""
        pace = ("--speed", str(self.speed), "--since", str(self.since))
        arguments = ("--config", "twokey.yaml", "--role", role, *pace)
        environment = secrets(self.addresses, role=role)
        await self.processes.start(name, "bot.workspace.demo.bot", *arguments, secrets=environment)

    async def forget(self) -> None:
        """Lose the durable engine's tables, which are not where the truth is."""
        if self.database.startswith("sqlite"):
            for file in self.processes.folder.glob("dbos.sqlite*"):
                file.unlink()
        else:
            await postgres.execute(self.database, "DROP SCHEMA dbos CASCADE")

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
