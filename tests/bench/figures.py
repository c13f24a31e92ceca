"""What one round of each figure measures; the bot and its baselines take turns."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bot.domain.rollback import State
from tests.bench.bots import DEFAULT, FLOOR, LEAN, OURS, Bot, Kind, Store, started
from tests.bench.growth import growth
from tests.bench.planting import plant, plant_floor
from tests.bench.results import RTT, Samples, quantile


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much one round does."""

    commands: int = 20
    stream: int = 150
    per_second: float = 50.0
    approvals: int = 5  # few: the bot's own pace of edits ends somewhere behind
    pairs: int = 2
    at_once: int = 64
    few: int = 16
    turns: int = 3
    store: Store = "sqlite"
    waiting: int = 1000
    clicks: int = 10
    claimed: int = 1000
    short: int = 1000  # entries of the audit chain
    long: int = 1_000_000
    reads: int = 500
    settle: float = 2.0
    rest: float = 5.0


async def acknowledgements(scale: Scale) -> Samples:
    """Figure 2: from a command to its acknowledgement."""
    found: dict[str, float] = {}
    targets = 1 + scale.commands + scale.stream
    for is_http, way in ((False, ""), (True, "http ")):
        for kind, name in ((DEFAULT, "D "), (LEAN, "L "), (FLOOR, "F "), (OURS, "")):
            async with started(kind, targets=targets, store=scale.store, is_http=is_http) as bot:
                await bot.first_command()
                await bot.calm()
                alone = [await bot.lone_command(1 + n) for n in range(scale.commands)]
                stream = await _stream(bot, scale)
            found[f"{name}{way}ack"] = _ms(alone, 0.5)
            found[f"{name}{way}stream"] = _ms(stream, 0.99)
    return found


async def commands_at_once(scale: Scale) -> Samples:
    """Figure 1: how many durable commands are acknowledged in a second, over signed HTTP."""
    found: dict[str, float] = {}
    total = scale.at_once * scale.turns
    for kind, name in ((LEAN, "L "), (FLOOR, "F "), (OURS, "")):
        async with started(kind, targets=1 + total, store=scale.store, is_http=True) as bot:
            await bot.first_command()
            await bot.calm()
            began, taken = time.perf_counter(), list[float]()

            async def ask(first: int, bot: Bot = bot, taken: list[float] = taken) -> None:
                taken.extend([await bot.command(first + n) for n in range(scale.turns)])

            await asyncio.gather(*(ask(1 + n * scale.turns) for n in range(scale.at_once)))
            found[f"{name}pace"] = total / (time.perf_counter() - began)
            found[f"{name}at once"] = _ms(taken, 0.99)
    return found


async def notices(scale: Scale) -> Samples:
    """Figures 3 and 4: how many commands a second have their notice in the channel."""
    found: dict[str, float] = {}
    for many, is_http, name in ((scale.at_once, True, "64"), (scale.few, False, "16")):
        async with started(OURS, targets=1 + many, store=scale.store, is_http=is_http) as bot:
            await bot.first_command()
            await bot.calm()
            began, numbers = time.perf_counter(), range(1, 1 + many)
            await asyncio.gather(*map(bot.command, numbers))
            await bot.chat.noticed(numbers)
            found[f"{name} notices"] = many / (time.perf_counter() - began)
    return found


async def approvals(scale: Scale) -> Samples:
    """Figure 5: from the second approval to the write at the provider."""
    found: dict[str, float] = {}
    for kind, name in ((FLOOR, "F "), (OURS, "")):
        found[f"{name}write"] = await _alone(kind, scale)
        found[f"{name}64 writes"] = await _at_once(kind, scale)
    return found | {"two": await _two_providers(scale)}


async def start_and_rest(scale: Scale) -> Samples:
    """Figure 10: from a cold start to the first acknowledgement, and what rest costs."""
    async with started(FLOOR, targets=1) as bot:
        floor = await bot.first_command()
    async with started(OURS, targets=1, store=scale.store) as bot:
        ours = await bot.first_command()
        rest = await _rest(bot, scale)
    return rest | {"F start": floor * 1000, "start": ours * 1000}


async def _rest(bot: Bot, scale: Scale) -> dict[str, float]:
    """Return the memory it holds, in MB, and the share of a processor that it uses, in percent."""
    await bot.calm()
    await asyncio.sleep(scale.settle)
    memory, before, began = bot.megabytes, bot.cpu_seconds, time.perf_counter()
    await asyncio.sleep(scale.rest)
    idle = (bot.cpu_seconds - before) / (time.perf_counter() - began)
    return {"memory": memory, "idle": idle * 100}


async def waiting(scale: Scale) -> Samples:
    """Figure 6: what requests cost that wait for people."""
    found: dict[str, float] = {}
    for waits, name in ((0, "none "), (scale.waiting, "many ")):
        prepare = partial(_plant, targets=waits, state=State.PENDING)
        targets = 1 + scale.waiting + scale.clicks
        async with started(OURS, targets=targets, prepare=prepare, store=scale.store) as bot:
            await bot.first_command(targets - 1)
            clicks = [
                await bot.pressed(number)
                for number in range(scale.waiting, scale.waiting + scale.clicks)
            ]
            found[f"{name}click"] = _ms(clicks, 0.5)
            found |= {f"{name}{what}": value for what, value in (await _rest(bot, scale)).items()}
    return found | {"waiting memory": max(0.0, found["many memory"] - found["none memory"])}


async def resumption(scale: Scale) -> Samples:
    """Figure 7: from a restart until everything that was claimed is under way at its provider."""
    found: dict[str, float] = {}
    projects = [f"shop{number}" for number in range(scale.claimed)]
    plans = {
        "": (OURS, partial(_plant, targets=scale.claimed, state=State.CLAIMED)),
        "F ": (FLOOR, partial(plant_floor, projects=projects)),
    }
    for name, (kind, prepare) in plans.items():
        async with started(kind, targets=scale.claimed, prepare=prepare, store=scale.store) as bot:
            found[f"{name}resumed"] = await bot.provider.last_write(*projects) - bot.began
    return found


async def _plant(home: Path, environ: dict[str, str], *, targets: int, state: State) -> None:
    await plant(home / "twokey.yaml", environ, targets=targets, state=state)


async def history(scale: Scale) -> Samples:
    """Figure 9: what a long history costs."""
    return await growth(short=scale.short, long=scale.long, times=scale.reads, kept=scale.store)


FIGURES: Final[Mapping[str, Callable[[Scale], Awaitable[Samples]]]] = {
    "1": commands_at_once,
    "2": acknowledgements,
    "3": notices,
    "5": approvals,
    "6": waiting,
    "7": resumption,
    "9": history,
    "10": start_and_rest,
}


def _ms(seconds: list[float], share: float) -> float:
    return quantile(seconds, share) * 1000


async def _stream(bot: Bot, scale: Scale) -> list[float]:
    """Send commands at a fixed pace, whatever becomes of them."""
    first, began = 1 + scale.commands, time.perf_counter()
    sent: list[asyncio.Task[float]] = []
    for number in range(scale.stream):
        await asyncio.sleep(began + number / scale.per_second - time.perf_counter())
        sent.append(asyncio.create_task(bot.command(first + number)))
    return await asyncio.gather(*sent)


async def _alone(kind: Kind, scale: Scale) -> float:
    async with started(kind, targets=1 + scale.approvals, store=scale.store) as bot:
        await bot.first_command()
        taken: list[float] = []
        for number in range(1, 1 + scale.approvals):
            await bot.half_approved(number)
            taken.append(await bot.approved(number))
    return _ms(taken, 0.5)


async def _at_once(kind: Kind, scale: Scale) -> float:
    async with started(kind, targets=1 + scale.at_once, store=scale.store) as bot:
        await bot.first_command()
        numbers = range(1, 1 + scale.at_once)
        await bot.half_approved(*numbers)
        taken = await asyncio.gather(*(bot.approved(number) for number in numbers))
    return _ms(taken, 0.99)


async def _two_providers(scale: Scale) -> float:
    async with started(OURS, targets=1 + scale.pairs, pairs=scale.pairs, store=scale.store) as bot:
        await bot.first_command()
        bot.provider.delay = RTT / 1000
        taken: list[float] = []
        for number in range(1, 1 + scale.pairs):
            await bot.half_approved(number)
            taken.append(await bot.approved(number, f"api{number}"))
    return _ms(taken, 0.5)
