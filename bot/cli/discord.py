"""What Discord has to be told once, and again after an update: the commands that it offers."""

import asyncio
from typing import Annotated

import typer

from bot.cli.options import HERE, File, loaded, out
from bot.domain.errors import TwokeyError

cli = typer.Typer(help="Tell Discord which commands there are.", no_args_is_help=True)


@cli.callback()
def group() -> None:
    """Tell Discord which commands there are."""


@cli.command()
def sync(
    config: File = HERE,
    everywhere: Annotated[
        bool, typer.Option("--global", help="In every server of the app, within an hour.")
    ] = False,
) -> None:
    """Register the slash commands, in the server of the configuration at once."""
    from bot.discord import sync as register  # noqa: PLC0415 - Discord's library is large
    from commands import COMMANDS  # noqa: PLC0415

    access = loaded(config).discord
    if access is None:
        raise TwokeyError(
            f"{config} has no section discord:, so there is nothing to tell. Nothing was changed. "
            "docs/discord.md says how to set it up."
        )
    registered = asyncio.run(register(access, COMMANDS, everywhere=everywhere))
    out.print(f"Registered {registered.where}: {', '.join(registered.commands)}.", soft_wrap=True)
    out.print("Next: twokey serve")
