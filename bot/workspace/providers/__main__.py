"""`python -m bot.workspace.providers vercel|railway`: one provider, a process of its own."""

import argparse
import asyncio
import time
from dataclasses import asdict
from pathlib import Path

from bot.workspace.listening import until_stopped
from bot.workspace.providers.effects import EffectLog
from bot.workspace.providers.railway import Railway
from bot.workspace.providers.vercel import Vercel

KINDS = {"vercel": Vercel, "railway": Railway}


async def serve(arguments: argparse.Namespace) -> None:
    """Run until somebody says stop, and say on stdout where."""
    effects = EffectLog(arguments.log, now=time.time())
    provider = KINDS[arguments.kind](
        effects, token=arguments.token, job_seconds=arguments.job_seconds, clock=time.time
    )
    async with provider.serve() as addresses:
        await until_stopped(asdict(addresses))


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.workspace.providers", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--log", type=Path, required=True, help="the file of the effects")
    parser.add_argument("--token", required=True, help="what clients have to show")
    parser.add_argument("--job-seconds", type=float, default=3, help="how long a rollback takes")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
