"""What the commands share: their options, where they write, and how they read the configuration."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import RenderableType

from bot.cli.steady import Steady
from bot.config import Role, Settings, load
from bot.domain.errors import TwokeyError

File = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
AsRole = Annotated[
    Role, typer.Option(help="What it does: talk to people, plan and execute, or everything.")
]
HERE: Final = Path("twokey.yaml")
err: Final = Steady(stderr=True, highlight=False)
out: Final = Steady(highlight=False)


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


def has_terminal() -> bool:
    """Tell whether somebody sits there who can be asked something."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def say(*what: RenderableType) -> None:
    """Tell people something beside what programs read."""
    _print(err, what)


def show(*what: RenderableType) -> None:
    """Show what was asked for."""
    _print(out, what)


def _print(console: Steady, what: tuple[RenderableType, ...]) -> None:
    """Print without rich looking for a meaning in it; a sentence is one line for programs."""
    for one in what:
        is_line = isinstance(one, str)
        console.print(one, markup=False, highlight=False, emoji=False, soft_wrap=is_line)


def confirm(question: str, *, script: str) -> None:
    """Ask somebody to type yes; where nobody sits there, say how a script says so."""
    if not has_terminal():
        raise TwokeyError(
            f"There is no terminal to ask on. Nothing was changed. In a script, say {script}."
        )
    say(question)
    if sys.stdin.readline().strip().lower() != "yes":
        raise TwokeyError("That was not yes. Nothing was changed.")
