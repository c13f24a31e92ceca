"""``python -m bot.workspace.demo.bot``: the very bot that serves real teams, on a faster clock."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import get_args

from bot import app
from bot.config import Role, Settings, load
from bot.domain.errors import TwokeyError
from bot.workspace.demo.clock import AcceleratedClock
from bot.workspace.demo.config import check_loopback


def main() -> None:
    """Serve this machine alone until told to stop; say in one line of JSON when ready."""
    parser = argparse.ArgumentParser(prog="python -m bot.workspace.demo.bot", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--speed", type=float, required=True, help="how much faster time runs")
    parser.add_argument("--since", type=float, required=True, help="the moment from which it does")
    parser.add_argument("--role", choices=get_args(Role), default="all")
    arguments = parser.parse_args()
    clock = AcceleratedClock(factor=arguments.speed, since=arguments.since)
    try:
        settings = _local_settings(arguments.config, arguments.role)
        asyncio.run(app.serve(settings, clock=clock, on_ready=_say_ready))
    except TwokeyError as error:
        sys.exit(str(error))


def _local_settings(path: Path, role: Role) -> Settings:
    """Read settings that lead nowhere but to this machine: time is not real in here."""
    registry = app.registry()
    settings = load(path, actions=registry.actions, assertions=registry.assertions, role=role)
    chats = [settings.slack.api_base] if settings.slack else []
    if settings.discord is not None:
        chats += [settings.discord.api_base, settings.discord.gateway_url]
    for url in (*chats, *settings.endpoints.values()):
        check_loopback(url)
    return settings


def _say_ready() -> None:
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()


if __name__ == "__main__":
    main()
