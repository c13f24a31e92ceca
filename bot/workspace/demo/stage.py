"""What a demo plays on: the local workspace, the shop with its two providers, and the bot."""

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import httpx

from bot.config import Role
from bot.domain.errors import TwokeyError
from bot.storage.chain import load_or_create_key
from bot.workspace import postgres
from bot.workspace.demo.config import PEOPLE, TOKENS, configuration, key_of, secrets
from bot.workspace.demo.processes import Processes
from bot.workspace.demo.sides import ChatName
from bot.workspace.listening import HOST
from bot.workspace.providers.effects import count_by_use, read_effects

_FIRST: Final[tuple[ChatName, ...]] = ("slack",)
StoreKind = Literal["sqlite", "postgres"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What may differ from one performance to the next."""

    port: int = 0
    store: StoreKind = "sqlite"
    replicas: int = 1
    is_http: bool = False  # otherwise Socket Mode
    chats: tuple[ChatName, ...] | None = None  # None: as the story wants it, else Slack
    absent: tuple[ChatName, ...] = ()  # configured, and away when the story begins


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that runs."""

    processes: Processes
    setting: Setting
    pages: dict[ChatName, str]  # of the chats that are there
    database: str
    audit_key: bytes
    addresses: Mapping[str, str]
    ports: Mapping[ChatName, int]
    speed: float
    since: float

    @classmethod
    async def open(
        cls, processes: Processes, setting: Setting, *, speed: float, job_seconds: float
    ) -> Self:
        """Start everything, each part when what it needs is there."""
        database = await _database(processes, setting)
        chats = setting.chats if setting.chats is not None else _FIRST

        async def provider(name: str) -> dict[str, Any]:
            arguments = ("--log", f"{name}.effects", "--token", TOKENS[name])
            jobs = ("--job-seconds", str(job_seconds))
            return await processes.start(name, "bot.workspace.providers", name, *arguments, *jobs)

        vercel, railway = await asyncio.gather(provider("vercel"), provider("railway"))
        shop = {"frontend": f"{vercel['site']}/health", "backend": f"{railway['site']}/api/health"}
        bot = {"bot": f"http://{HOST}:{_free_port()}"} if setting.is_http else {}
        ports: dict[ChatName, int] = {name: _free_port() for name in chats}
        if setting.port and chats:
            ports[chats[0]] = setting.port
        stage = cls(
            processes=processes,
            setting=setting,
            pages={},
            database=database,
            audit_key=load_or_create_key(processes.folder / "audit.key"),
            addresses={
                **bot,
                **shop,
                **_chat_addresses(ports),
                "vercel": vercel["api"],
                "railway": railway["api"],
            },
            ports=ports,
            speed=speed,
            since=time.time(),
        )
        keys = {} if chats else {who: await stage.make_key(who) for who in PEOPLE}
        file = configuration(stage.addresses, database=database, chats=chats, keys=keys)
        (processes.folder / "twokey.yaml").write_text(file)
        here: list[ChatName] = [name for name in chats if name not in setting.absent]
        await asyncio.gather(*map(stage.open_chat, here))
        for name in ("bot", "bot-2")[: setting.replicas if chats else 0]:
            await stage.start_bot(name)
        return stage

    async def make_key(self, who: str) -> str:
        """Make somebody's key for the command line; return what the people map calls it."""
        said = worked(*await self.command("key", "--key", key_file(who)))
        return next(word for word in said.split() if word.startswith("key:"))

    @property
    def chats(self) -> tuple[ChatName, ...]:
        """Return the chats that are configured."""
        return _FIRST if self.setting.chats is None else self.setting.chats

    @property
    def page(self) -> str:
        """Return the address of the only page, or of the first."""
        return next(self.pages[name] for name in self.chats if name in self.pages)

    async def open_chat(self, name: ChatName) -> str:
        """Start a chat at the address where the bot looks for it; return its page's."""
        parts = ("frontend", "backend")
        shop = [word for part in parts for word in ("--shop", f"{part}={self.addresses[part]}")]
        limits = ("--port", str(self.ports[name]), "--speed", str(self.speed))
        to = ("--deliver-to", self.addresses["bot"]) if self.setting.is_http else ()
        others: list[ChatName] = [one for one in self.chats if one != name]
        other = [word for one in others for word in ("--other", f"{one}={self._url(one)}")]
        chat, record = f"bot.workspace.{name}", ("--record", f"{name}.requests")
        words = (*shop, *limits, *to, *other, *record)
        self.pages[name] = (await self.processes.start(name, chat, *words))["url"]
        if name == "discord":
            worked(*await self.command("discord", "sync"))
        return self.pages[name]

    def _url(self, name: ChatName) -> str:
        return f"http://{HOST}:{self.ports[name]}"

    async def start_bot(self, name: str = "bot", *, role: Role = "all") -> None:
        """Start a bot, or start it again; its time goes on as if it had never died."""
        pace = ("--speed", str(self.speed), "--since", str(self.since))
        arguments = ("--config", "twokey.yaml", "--role", role, *pace)
        environment = secrets(self.addresses, role=role, chats=self.chats)
        await self.processes.start(name, "bot.workspace.demo.bot", *arguments, secrets=environment)

    async def command(self, *words: str) -> tuple[int, str]:
        """Run ``twokey`` as people do; return how it ended, and what it said."""
        environment = secrets(self.addresses, chats=self.chats)
        return await self.processes.run("bot", *words, secrets=environment)

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


def key_file(who: str) -> str:
    """Return the file in which somebody's key is, in the demo's folder."""
    return f"{key_of(who)}.pem"


def worked(status: int, said: str) -> str:
    """Return what a command said, or end the demo if it failed."""
    if status:
        raise TwokeyError(f"A command of the demo failed.\n  {said}")
    return said


async def _database(processes: Processes, setting: Setting) -> str:
    if setting.store == "sqlite":
        return f"sqlite:///{processes.folder}/twokey.db"
    server = str(postgres.programs())
    return str((await processes.start("postgres", "bot.workspace.postgres", server))["url"])


def _chat_addresses(ports: Mapping[ChatName, int]) -> Mapping[str, str]:
    """Return where the bot looks for the chats, before they are there."""
    found: dict[str, str] = {}
    if "slack" in ports:
        found["slack"] = f"http://{HOST}:{ports['slack']}/api/"
    if "discord" in ports:
        found["discord"] = f"http://{HOST}:{ports['discord']}/api/v10"
        found["discord_gateway"] = f"ws://{HOST}:{ports['discord']}/gw"
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
