"""A plant with levers to pull: what production is to these tests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import ClassVar

import httpx

from bot.domain.errors import InDoubt, NotApplied
from bot.domain.plan import Evidence, Point, Preview, Receipt
from bot.domain.target import Effect
from bot.ports import Action, Assertion, Tools


async def nothing() -> None:
    """Let it pass."""


@dataclass
class Plant:
    """What the levers move: where each stands, and how each behaves when it is pulled."""

    stands: dict[str, str] = field(default_factory=dict[str, str])
    behaves: dict[str, str] = field(default_factory=dict[str, str])
    pulled: list[str] = field(default_factory=list[str])
    healthy: bool = True
    gate: asyncio.Event | None = None  # a pull waits for it after its effect
    slow: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])  # to preview
    fog: asyncio.Event | None = None  # reading back waits for it
    looks: int = 0  # how often somebody began to read back
    probes: int = 0  # how often somebody looked whether it happened
    leads_to: str = ""  # where a preview ends, if not where it should
    lands_after: int = 0  # looks, until a lie becomes true
    breaks: set[str] = field(default_factory=set[str])  # what stumbles over a mistake of its own
    moment: Callable[[], Awaitable[None]] = nothing  # called after each effect


PLANT: Plant = Plant()


def stumble(where: str) -> None:
    """Fail as only a mistake in a program does."""
    if where in PLANT.breaks:
        raise KeyError(where)


class Pull(Action):
    """Moves a lever from new to old."""

    use: ClassVar[str] = "lever.pull"
    effect: ClassVar[Effect] = Effect.OBSERVABLE
    lever: str
    to: str = "old"

    async def preview(self, tools: Tools) -> Preview:
        stumble("preview")
        if self.lever in PLANT.slow:
            await PLANT.slow[self.lever].wait()
        at = PLANT.stands.get(self.lever, "new")
        return Preview(
            subject=f"Lever {self.lever}",
            resource=f"lever:{self.lever}",
            before=Point(at, at),
            after=Point(PLANT.leads_to or self.to, PLANT.leads_to or self.to),
        )

    async def execute(self, tools: Tools, preview: Preview) -> Receipt:
        manner = PLANT.behaves.get(self.lever, "works")
        if manner == "refuses":
            raise NotApplied("the lever is stuck")
        if manner != "never lands":
            PLANT.pulled.append(self.lever)
        if manner not in {"lies", "never lands", "lands late"}:
            PLANT.stands[self.lever] = self.to
        await PLANT.moment()
        if PLANT.gate is not None:
            await PLANT.gate.wait()
        if manner in {"loses its answer", "never lands", "lands late", "nobody knows"}:
            raise httpx.ReadTimeout("no answer")
        return Receipt(reference=tools.key, details={})

    async def probe(self, tools: Tools, preview: Preview) -> Receipt | bool:
        stumble("probe")
        if PLANT.behaves.get(self.lever) == "nobody knows":
            raise InDoubt("it can't be seen from here")
        done = PLANT.stands.get(self.lever) == self.to
        PLANT.probes += 1
        if PLANT.behaves.get(self.lever) == "lands late" and PLANT.probes == 2:
            PLANT.stands[self.lever] = self.to  # behind the last look for it
        return Receipt(reference="probed", details={}) if done else False

    async def verify(
        self, tools: Tools, preview: Preview, receipt: Receipt
    ) -> tuple[Evidence, ...]:
        PLANT.looks += 1
        if PLANT.fog is not None:
            await PLANT.fog.wait()
        stumble("verify")
        if "evidence" in PLANT.breaks:
            return ()
        PLANT.lands_after -= 1
        if PLANT.lands_after == 0:
            PLANT.stands[self.lever] = self.to
        at = PLANT.stands.get(self.lever, "new")
        return (Evidence("lever", self.to, at, holds=at == self.to, at=tools.now()),)


class Push(Pull):
    """Moves a lever that may be moved again without harm."""

    use: ClassVar[str] = "lever.push"
    effect: ClassVar[Effect] = Effect.IDEMPOTENT


class Health(Assertion):
    """Looks whether the plant is well."""

    use: ClassVar[str] = "lever.health"

    async def observe(self, tools: Tools, name: str) -> Evidence:
        stumble("health")
        seen = "well" if PLANT.healthy else "broken"
        return Evidence(name, "well", seen, holds=PLANT.healthy, at=tools.now())

    async def confirm(self, tools: Tools, name: str) -> Evidence:
        return await self.observe(tools, name)
