"""What a supervisor and a load balancer are told."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest

from bot import health as module
from bot.domain.errors import TwokeyError
from bot.health import Health
from bot.listener import Listener


@dataclass
class Part:
    """One part of the bot, whose state a test sets."""

    wrong: str | Exception = ""
    asked: int = 0
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_open.set()

    async def look(self) -> str:
        """Say what is wrong with it."""
        self.asked += 1
        await self.is_open.wait()
        if isinstance(self.wrong, Exception):
            raise self.wrong
        return self.wrong


Asked = tuple[int, dict[str, object]]


async def ask(health: Health, path: str) -> Asked:
    """Ask over a real connection."""
    listener = Listener(health.routes(), host="127.0.0.1", port=0)
    await listener.start()
    try:
        async with aiohttp.ClientSession() as http, http.get(listener.address + path) as answer:
            return answer.status, json.loads(await answer.text())
    finally:
        await listener.stop()


def health_of(now: Callable[[], float] = lambda: 0.0, **parts: Part) -> Health:
    """The health of a bot that consists of these."""
    checks: dict[str, Callable[[], Awaitable[str]]] = {
        name: part.look for name, part in parts.items()
    }
    return Health(checks, now=now)


async def test_the_process_lives_whatever_is_wrong() -> None:
    """Being restarted would mend nothing, so a missing database is no reason for it."""
    database = Part("It can't be read.")

    assert await ask(health_of(database=database), "/healthz") == (200, {"status": "ok"})
    assert database.asked == 0


async def test_ready_when_every_part_is() -> None:
    """With everything in order, each part says so."""
    told = await ask(health_of(database=Part(), chat=Part()), "/readyz")

    assert told == (200, {"status": "ready", "checks": {"database": "ok", "chat": "ok"}})


@pytest.mark.parametrize(
    "wrong", ["Slack is not connected.", TwokeyError("Slack is not connected.")]
)
async def test_not_ready_says_why(wrong: str | Exception) -> None:
    """One part that is not in order is enough, and is named with its reason."""
    told = await ask(health_of(database=Part(), chat=Part(wrong)), "/readyz")

    checks = {"database": "ok", "chat": "Slack is not connected."}
    assert told == (503, {"status": "not ready", "checks": checks})


async def test_what_is_away_and_not_needed_is_named() -> None:
    """A chat that is away beside another one is told of, and nobody is sent elsewhere for it."""
    absent = Part("Not connected: Discord.")
    health = Health({"chat": Part().look}, now=lambda: 0.0, remarks={"chat": absent.look})

    status, told = await ask(health, "/readyz")

    assert (status, told["status"]) == (200, "ready")
    assert told["remarks"] == {"chat": "Not connected: Discord."}


async def test_a_part_that_does_not_answer_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that hangs does not make the answer hang."""
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    database = Part()
    database.is_open.clear()

    async with asyncio.timeout(5):
        status, _ = await ask(health_of(database=database), "/readyz")

    assert status == 503


async def test_asking_often_costs_nothing() -> None:
    """Anybody may ask, but the parts are looked at once a second."""
    moment, database = [0.0], Part()
    health = health_of(lambda: moment[0], database=database)

    for _ in range(5):
        await ask(health, "/readyz")
    before = database.asked
    moment[0] = 1.5
    await ask(health, "/readyz")

    assert (before, database.asked) == (1, 2)
