"""Run the bot, and look at its configuration before."""

import asyncio
import gc
import json
import sys
from typing import Annotated

import typer

from bot.cli.options import HERE, AsRole, File, err, loaded, out
from bot.config import json_schema


def serve(config: File = HERE, role: AsRole = "all") -> None:
    """Run the bot until Ctrl-C."""
    # What start-up makes stays: to look through it for garbage would make every start longer, and
    # later every acknowledgement that happens to wait for such a look.
    gc.disable()
    from bot import app  # noqa: PLC0415 - the other commands start without the chat libraries

    settings = loaded(config, role=role)
    asyncio.run(app.serve(settings, on_ready=_connected))


def _connected() -> None:
    gc.freeze()
    gc.enable()
    err.print("Twokey is connected.")


def check(
    config: File = HERE,
    role: AsRole = "all",
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema for editors instead.")
    ] = False,
) -> None:
    """Read the configuration and name every mistake with its line."""
    from bot import app  # noqa: PLC0415

    registry = app.registry()
    if schema:
        sys.stdout.write(json.dumps(json_schema(registry.actions, registry.assertions), indent=2))
        return
    settings = loaded(config, role=role)
    targets = ", ".join(f"{target.name} ({target.environment})" for target in settings.targets)
    out.print(f"{config} is good. Targets: {targets}.")
    out.print("Next: twokey serve")
