"""``python -m bot.workspace.demo.bot``: the very bot that serves real teams, on a faster clock."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import app
from bot.config import Settings, load
from bot.workspace.demo.clock import AcceleratedClock
from bot.workspace.demo.config import check_loopback


def main(
    *,
    config: Annotated[Path, typer.Option(help="The demo's twokey.yaml.")],
    speed: Annotated[float, typer.Option(help="How much faster its time runs.")],
    since: Annotated[float, typer.Option(help="The moment from which it does.")],
) -> None:
    """Serve this machine alone until told to stop; say in one line of JSON when ready."""
    registry = app.registry()
    settings = load(config, actions=registry.actions, assertions=registry.assertions)
    check_local(settings)
    clock = AcceleratedClock(factor=speed, since=since)

    def say_ready() -> None:
        sys.stdout.write(json.dumps({"ready": True}) + "\n")
        sys.stdout.flush()

    asyncio.run(app.serve(settings, clock=clock, on_ready=say_ready))


def check_local(settings: Settings) -> None:
    """Refuse settings that lead anywhere but to this machine: time is not real in here."""
    for url in (settings.slack.api_base, *settings.endpoints.values()):
        check_loopback(url)


if __name__ == "__main__":
    typer.run(main)
