"""What one round of each figure measures; the bot and its baselines take turns."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.bench.bots import DEFAULT, FLOOR, LEAN, OURS, Bot, Kind, started
from tests.bench.provider import Provider
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
    rest: float = 5.0


async def acknowledgements(provider: Provider, scale: Scale) -> Samples:
    """Figure 2: from a command to its acknowledgement."""
    found: dict[str, float] = {}
    for kind, name in ((DEFAULT, "D "), (LEAN, "L "), (FLOOR, "F "), (OURS, "")):
        async with started(kind, provider, targets=1 + scale.commands + scale.stream) as bot:
            await bot.first_command()
            alone: list[float] = []
            for number in range(scale.commands):
                await bot.calm()
                alone.append(await bot.command(1 + number))
            await bot.calm()
            stream = await _stream(bot, 1 + scale.commands, scale)
        found |= {f"{name}ack": _ms(alone, 0.5), f"{name}stream": _ms(stream, 0.99)}
    return found


async def approvals(provider: Provider, scale: Scale) -> Samples:
    """Figure 5: from the second approval to the write at the provider."""
    found: dict[str, float] = {}
    for kind, name, pairs in ((FLOOR, "F ", 0), (OURS, "", scale.pairs)):
        found |= await _one_by_one(kind, name, provider, scale, pairs=pairs)
        async with started(kind, provider, targets=scale.at_once) as bot:
            numbers = range(scale.at_once)
            await _half_approved(bot, *numbers)
            writes = await asyncio.gather(*(_second_approval(bot, provider, n) for n in numbers))
            provider.check_once()
        provider.forget()
        found[f"{name}64 writes"] = _ms(writes, 0.99)
    return found


async def start_and_rest(provider: Provider, scale: Scale) -> Samples:
    """Figure 10: from a cold start to the first acknowledgement, and what rest costs."""
    async with started(FLOOR, provider, targets=1) as bot:
        floor = await bot.first_command()
    async with started(OURS, provider, targets=1) as bot:
        ours = await bot.first_command()
        await asyncio.sleep(scale.rest * 0.4)
        memory, before, began = bot.megabytes, bot.cpu_seconds, time.perf_counter()
        await asyncio.sleep(scale.rest)
        idle = (bot.cpu_seconds - before) / (time.perf_counter() - began)
    times = {"F start": floor * 1000, "start": ours * 1000}
    return times | {"memory": memory, "idle": idle * 100}


FIGURES: Final[Mapping[str, Callable[[Provider, Scale], Awaitable[Samples]]]] = {
    "2": acknowledgements,
    "5": approvals,
    "10": start_and_rest,
}


def _ms(seconds: list[float], share: float) -> float:
    return quantile(seconds, share) * 1000


async def _stream(bot: Bot, first: int, scale: Scale) -> list[float]:
    """Send commands at a fixed pace, whatever becomes of them."""
    began = time.perf_counter()
    sent: list[asyncio.Task[float]] = []
    for number in range(scale.stream):
        await asyncio.sleep(began + number / scale.per_second - time.perf_counter())
        sent.append(asyncio.create_task(bot.command(first + number)))
    return await asyncio.gather(*sent)


async def _one_by_one(
    kind: Kind, name: str, provider: Provider, scale: Scale, *, pairs: int
) -> Samples:
    first_pair = 1 + scale.approvals
    async with started(kind, provider, targets=first_pair + pairs, pairs=pairs) as bot:
        await bot.first_command()
        alone = [await _approved(bot, provider, n) for n in range(1, first_pair)]
        provider.delay = RTT / 1000
        numbers = range(first_pair, first_pair + pairs)
        both = [await _approved(bot, provider, n, is_pair=True) for n in numbers]
        provider.delay = 0
        provider.check_once()
    provider.forget()
    two = {"two": _ms(both, 0.5)} if both else {}
    return {f"{name}write": _ms(alone, 0.5), **two}


async def _approved(bot: Bot, provider: Provider, number: int, *, is_pair: bool = False) -> float:
    await _half_approved(bot, number)
    return await _second_approval(bot, provider, number, is_pair=is_pair)


async def _half_approved(bot: Bot, *numbers: int) -> None:
    for number in numbers:
        while not bot.chat.room.sockets._open:
            await asyncio.sleep(0.01)
        await bot.pending(number)
    await bot.calm()
    for number in numbers:
        await bot.chat.approve(number, place=0)
    await bot.calm()


async def _second_approval(
    bot: Bot, provider: Provider, number: int, *, is_pair: bool = False
) -> float:
    """Press Approve for the second time and return the seconds until the last write was taken."""
    projects = [f"shop{number}", f"api{number}"] if is_pair else [f"shop{number}"]
    writing = asyncio.create_task(provider.last_write(*projects))
    began = await bot.chat.approve(number, place=1)
    return await writing - began
