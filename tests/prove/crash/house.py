"""Everything that a bot works with, in this process, and the bot's lives, each a process."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

from bot.storage.chain import load_or_create_key
from bot.workspace.demo.config import TOKENS, configuration, secrets
from bot.workspace.demo.processes import _environment
from bot.workspace.demo.sides import ChatName
from bot.workspace.providers.effects import EffectLog, count_by_use, read_effects
from bot.workspace.providers.railway import Railway
from bot.workspace.providers.server import Misbehaviour, Provider
from bot.workspace.providers.vercel import Vercel
from tests.prove.crash.books import Books, Journal
from tests.prove.crash.chats import Chat, opened
from tests.prove.crash.fate import DIED, TRACE
from tests.prove.crash.lives import Life
from tests.prove.crash.moment import Moment

JOB_SECONDS: Final = 0.3
# Behind the demo's own targets: two parts, one after the other.
IN_ORDER: Final = """
  - name: inorder
    environment: production
    affected: Frontend, then backend
    channels: ["{place}"]
    approvers: *approvers
    steps: [*pages, {{{api}, needs: [pages]}}]
    checks: [*page, *health]
"""


@dataclass(kw_only=True)
class House:
    """One chat, one shop, one database, and a bot that lives in it again and again."""

    folder: Path
    speed: float
    since: float
    chat: Chat
    providers: dict[str, Provider]
    addresses: dict[str, str]
    books: Books
    moments: Sequence[Moment]
    forgets: bool
    deaths: int = 0
    journals: list[Journal] = field(default_factory=list[Journal])  # as each death left it
    replicas: int = 1
    _lives: dict[int, Life] = field(default_factory=dict[int, Life])
    _is_closing: bool = False

    async def live(self) -> None:
        """Keep the bot alive until ``close``: whoever dies at a moment is started again."""
        await asyncio.gather(*(self._keep(number) for number in range(self.replicas)))

    async def _keep(self, number: int) -> None:
        while not self._is_closing:
            life = self._lives[number] = self._born()
            status = await life.wait()
            if self._is_closing:
                return
            if status != -signal.SIGKILL or self.deaths == len(self._died()):
                raise AssertionError(f"a bot ended by itself with {status}:\n{self.last_words()}")
            self.deaths = len(self._died())
            self.journals.append(self.books.journal(self.effects()))
            if self.forgets:
                self.books.forget()
            # Long enough for the other one, if there is one, to notice and to carry on.
            await asyncio.sleep(0.0 if self.replicas == 1 else 3.0)

    def _died(self) -> list[Path]:
        return list(self.folder.glob(f"{DIED}*"))

    @property
    def is_up(self) -> bool:
        """Tell whether a bot lives and is connected."""
        return self.chat.is_up()

    def silence(self, *, is_on: bool) -> None:
        """Make Railway unreadable after its next effect, whose answer is lost; or end that."""
        railway = self.providers["railway"]
        assert isinstance(railway, _Railway)
        railway.is_silent = is_on
        if is_on:
            railway._misbehaviours.append(Misbehaviour(kind="lose_answer"))

    def end_lives(self) -> None:
        """Take the next end for the last one."""
        self._is_closing = True

    async def close(self) -> int:
        """Let every bot end in order, and return how the worst did."""
        self._is_closing = True
        ends = [await life.end() for life in self._lives.values()]
        # Of two replicas one may just be starting, or dying at its moment.
        cut_short = {-signal.SIGTERM, -signal.SIGKILL} if self.replicas > 1 else set[int]()
        return max((status for status in ends if status not in cut_short), default=0, key=abs)

    def effects(self) -> dict[str, int]:
        """Count what took effect, by the providers' own durable logs."""
        logs = (self.folder / f"{name}.effects" for name in TOKENS)
        return count_by_use(effect for log in logs for effect in read_effects(log))

    def passed(self) -> list[str]:
        """Return every moment that was passed, in order, over all lives."""
        trace = self.folder / TRACE
        return trace.read_text().splitlines() if trace.exists() else []

    def last_words(self) -> str:
        """Return the end of the bot's log."""
        return "\n".join((self.folder / "bot.log").read_text().splitlines()[-30:])

    def _born(self) -> Life:
        fate = " ".join(map(str, self.moments))
        pace = ("--speed", str(self.speed), "--since", str(self.since))
        options = ("--config", "twokey.yaml", *pace)
        known = secrets(self.addresses, chats=(self.chat.side.name,))
        return Life(self.folder, fate, options, _environment(self.folder, known))


class _Railway(Railway):
    """A provider that can be made silent: once something took effect, nothing can be read."""

    is_silent = False

    def _failure(self, *, is_write: bool) -> web.Response | None:
        if self.is_silent and self.log.effects:
            return self.failure(500, "Internal Server Error")
        return super()._failure(is_write=is_write)


KINDS: Final[dict[str, type[Provider]]] = {"vercel": Vercel, "railway": _Railway}


@contextlib.asynccontextmanager
async def house(
    folder: Path,
    *,
    chat: ChatName,
    database: str,
    replicas: int,
    moments: Sequence[Moment],
    speed: float,
    forgets: bool,
) -> AsyncGenerator[House]:
    """Build a house in an empty folder; the bot is born when ``live`` is called."""
    async with contextlib.AsyncExitStack() as stack:
        addresses: dict[str, str] = {}
        shop: dict[str, str] = {}
        providers: dict[str, Provider] = {}
        for name, kind in KINDS.items():
            log = EffectLog(folder / f"{name}.effects", now=time.time())
            one = kind(log, token=TOKENS[name], job_seconds=JOB_SECONDS, clock=time.time)
            at = await stack.enter_async_context(one.serve())
            providers[name], addresses[name] = one, at.api
            shop[one.part] = at.site + one.health_path
        here = await stack.enter_async_context(opened(chat, folder, shop=shop, speed=speed))
        addresses |= {**here.addresses, **shop}
        load_or_create_key(folder / "audit.key")
        (folder / "twokey.yaml").write_text(_configuration(addresses, database, here))
        built = House(
            folder=folder,
            speed=speed,
            since=time.time(),
            chat=here,
            providers=providers,
            addresses=addresses,
            books=Books(database),
            replicas=replicas,
            moments=moments,
            forgets=forgets,
        )
        stack.callback(built.books.close)
        stack.push_async_callback(built.close)
        yield built


def _configuration(addresses: dict[str, str], database: str, chat: Chat) -> str:
    text = configuration(addresses, database=database, chats=(chat.side.name,))
    api = text.split("&api {", 1)[1].split("}", 1)[0].replace("\n", " ")
    return text + IN_ORDER.format(place=chat.side.place, api=api)
