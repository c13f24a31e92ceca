"""What the commands share: their options, where they write, and how they read the configuration."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from bot.config import Role, Settings, load

File = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
AsRole = Annotated[
    Role, typer.Option(help="What it does: talk to people, plan and execute, or everything.")
]
HERE: Final = Path("twokey.yaml")
err: Final = Console(stderr=True, highlight=False)
out: Final = Console(highlight=False)


def loaded(config: Path, *, role: Role = "all", reads_only: bool = False) -> Settings:
    """Read the configuration, or raise everything that is wrong with it."""
    from bot import app  # noqa: PLC0415 - help needs no adapter and no library of theirs

    registry = app.registry()
    settings = load(
        config,
        actions=registry.actions,
        assertions=registry.assertions,
        role=role,
        reads_only=reads_only,
    )
    app.check_names(settings)
    return settings


def books(config: Path) -> Settings:
    """Read what it takes to look into the database, on a machine that holds no other secret."""
    return loaded(config, reads_only=True)
