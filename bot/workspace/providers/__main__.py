"""`python -m bot.workspace.providers vercel|railway`: one provider, a process of its own."""

import asyncio
import json
import signal
import time
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.workspace.providers.effects import EffectLog
from bot.workspace.providers.railway import Railway
from bot.workspace.providers.server import Provider
from bot.workspace.providers.vercel import Vercel


class Kind(StrEnum):
    """The providers there are."""

    VERCEL = "vercel"
    RAILWAY = "railway"


def main(
    kind: Kind,
    *,
    log: Annotated[Path, typer.Option(help="File of the effects.")],
    token: Annotated[str, typer.Option(help="What clients have to show.")],
    port: Annotated[int, typer.Option(help="Of the interface; 0 is a free one.")] = 0,
    site_port: Annotated[int, typer.Option(help="Of the shop; 0 is a free one.")] = 0,
    job_seconds: Annotated[float, typer.Option(help="How long a rollback takes.")] = 3,
) -> None:
    """Run one provider until it is told to stop; say where it listens in one line of JSON."""
    provider_type = Vercel if kind is Kind.VERCEL else Railway
    effects = EffectLog(log, now=time.time())
    provider = provider_type(effects, token=token, job_seconds=job_seconds, clock=time.time)
    asyncio.run(_run(provider, port=port, site_port=site_port))


async def _run(provider: Provider, *, port: int, site_port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with provider.serve(port=port, site_port=site_port) as addresses:
        print(json.dumps(asdict(addresses)), flush=True)
        await stop.wait()


if __name__ == "__main__":
    typer.run(main)
