"""`python -m bot.workspace.slack`: a workspace as a process of its own."""

import argparse
import asyncio
from pathlib import Path

from bot.workspace.listening import until_stopped
from bot.workspace.slack.server import running


async def serve(arguments: argparse.Namespace) -> None:
    """Run until somebody says stop, and say on stdout where."""
    shop = dict(part.split("=", 1) for part in arguments.shop)
    limits, speed = arguments.limits, arguments.speed
    platform, _, url = arguments.other.partition("=")
    other = {"platform": platform, "url": url} if url else None
    to = arguments.deliver_to
    async with running(
        arguments.port,
        shop=shop,
        limits=limits,
        speed=speed,
        deliver_to=to,
        other=other,
        record=arguments.record,
    ) as room:
        await until_stopped({"url": room.url, "api": room.api_url})


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.workspace.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--shop", action="append", default=[], metavar="NAME=URL")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster limits refill")
    parser.add_argument("--deliver-to", default="", metavar="URL", help="instead of Socket Mode")
    parser.add_argument("--other", default="", metavar="NAME=URL", help="the chat beside it")
    parser.add_argument("--record", type=Path, metavar="FILE", help="of what the app sends")
    parser.add_argument("--no-limits", dest="limits", action="store_false")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
