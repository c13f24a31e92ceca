"""What is measured in one round of each figure; a bot and its baselines take turns."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.bots import DEFAULT, FLOOR, LEAN, OURS, Bot, started
from tests.bench.provider import Provider
from tests.bench.results import RTT_SECONDS, Samples, quantile


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much one round does."""

    commands: int = 20
    stream: int = 150
    per_second: float = 50.0
    approvals: int = 5  # few, for the bot's own pace of edits ends somewhere behind
    pairs: int = 2
    at_once: int = 64
    settle: float = 2.0
    idle: float = 5.0


Measure = Callable[[Path, Provider, Scale], Awaitable[Samples]]


async def acknowledgements(folder: Path, provider: Provider, scale: Scale) -> Samples:
    """Figure 2: the time from a command to its acknowledgement."""
    targets = 1 + scale.commands + scale.stream
    found: dict[str, float] = {}
    for kind, name in ((DEFAULT, "D "), (LEAN, "L "), (OURS, "")):
        async with started(kind, folder, provider, targets=targets) as bot:
            await bot.chat.first_command(0, answer=kind.answer)
            alone = [await _alone(bot, 1 + number) for number in range(scale.commands)]
            found[f"{name}command p50"] = quantile(alone, 0.5) * 1000
            await bot.calm()
            stream = await _stream(bot, 1 + scale.commands, scale)
            found[f"{name}open loop p99"] = quantile(stream, 0.99) * 1000
    return found


async def approvals(folder: Path, provider: Provider, scale: Scale) -> Samples:
    """Figure 5: the time from the second approval to the write at the provider."""
    found: dict[str, float] = {}
    for kind, name in ((FLOOR, "F "), (OURS, "")):
        pairs = scale.pairs if kind is OURS else 0
        targets = 1 + scale.approvals + pairs
        async with started(kind, folder, provider, targets=targets, pairs=pairs) as bot:
            await bot.chat.first_command(0, answer=kind.answer)
            alone = [await _approved(bot, provider, 1 + n) for n in range(scale.approvals)]
            found[f"{name}approval p50"] = quantile(alone, 0.5) * 1000
            if pairs:
                provider.delay = RTT_SECONDS
                both = [
                    await _approved(bot, provider, targets - 1 - number, is_pair=True)
                    for number in range(pairs)
                ]
                provider.delay = 0
                found["two providers"] = quantile(both, 0.5) * 1000
        provider.written.clear()
        async with started(kind, folder, provider, targets=scale.at_once) as bot:
            together = await _approved_at_once(bot, provider, scale.at_once)
            found[f"{name}64 approvals p99"] = quantile(together, 0.99) * 1000
        provider.written.clear()
    return found


async def start_and_rest(folder: Path, provider: Provider, scale: Scale) -> Samples:
    """Figure 10: the time from a cold start to the first acknowledgement, and what rest costs."""
    async with started(FLOOR, folder, provider, targets=1) as bot:
        await bot.chat.first_command(0, answer=bot.kind.answer)
        floor = time.perf_counter() - bot.began
    async with started(OURS, folder, provider, targets=1) as bot:
        await bot.chat.first_command(0, answer=bot.kind.answer)
        ours = time.perf_counter() - bot.began
    async with started(OURS, folder, provider, targets=1) as bot:
        await bot.chat.connected()
        await asyncio.sleep(scale.settle)
        before, began = bot.cpu_seconds, time.perf_counter()
        memory = bot.megabytes
        await asyncio.sleep(scale.idle)
        idle = (bot.cpu_seconds - before) / (time.perf_counter() - began) * 100
    return {"F start": floor * 1000, "start": ours * 1000, "memory": memory, "idle": idle}


FIGURES: Final[Mapping[str, Measure]] = {
    "2": acknowledgements,
    "5": approvals,
    "10": start_and_rest,
}


async def _alone(bot: Bot, number: int) -> float:
    await bot.calm()
    return await bot.command(number)


async def _stream(bot: Bot, first: int, scale: Scale) -> list[float]:
    """Send commands at a fixed pace, whatever the answers do."""
    began = time.perf_counter()
    sent: list[asyncio.Task[float]] = []
    for number in range(scale.stream):
        await asyncio.sleep(began + number / scale.per_second - time.perf_counter())
        sent.append(asyncio.create_task(bot.command(first + number)))
    return await asyncio.gather(*sent)


async def _approved(bot: Bot, provider: Provider, number: int, *, is_pair: bool = False) -> float:
    await bot.pending(number)
    await bot.calm()
    await bot.chat.approve(number, place=0)
    await bot.calm()
    return await _second_approval(bot, provider, number, is_pair=is_pair)


async def _approved_at_once(bot: Bot, provider: Provider, count: int) -> list[float]:
    await bot.chat.connected()
    await bot.calm()
    for number in range(count):
        await bot.pending(number)
    await bot.calm()
    for number in range(count):
        await bot.chat.approve(number, place=0)
    await bot.calm()
    return await asyncio.gather(
        *(_second_approval(bot, provider, number) for number in range(count))
    )


async def _second_approval(
    bot: Bot, provider: Provider, number: int, *, is_pair: bool = False
) -> float:
    """Press Approve for the second time and return the seconds until the last write is in."""
    projects = [f"shop{number}", f"api{number}"] if is_pair else [f"shop{number}"]
    writing = asyncio.create_task(provider.last_write(*projects))
    began = await bot.chat.approve(number, place=1)
    return await writing - began
