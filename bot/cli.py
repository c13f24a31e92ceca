"""The command line: every command says what it did and what to do next."""

import asyncio
import gc
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from bot import installation
from bot.config import Role, Settings, json_schema, load
from bot.domain.errors import TwokeyError
from bot.faultpoints import FaultPoint

cli = typer.Typer(
    name="twokey",
    help="Roll back production from chat, when two people say so.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
File = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
AsRole = Annotated[
    Role, typer.Option(help="What it does: talk to people, plan and execute, or everything.")
]
_HERE = Path("twokey.yaml")
_FIRST_STORY = "approve"
_STORIES = (
    "approve, frontend, full, self-approval, withdraw, reject, unknown-target, busy, stop, expire, "
    "lost-answer, crash, amnesia, lying-provider, half, doubt, slack-misbehaves"
)
err = Console(stderr=True, highlight=False)
out = Console(highlight=False)


class Format(StrEnum):
    """How a summary is written."""

    MARKDOWN = "md"
    JSON = "json"
    TEXT = "text"


class Transport(StrEnum):
    """How the demo's chat delivers."""

    SOCKET = "socket"
    HTTP = "http"


@cli.command()
def serve(config: File = _HERE, role: AsRole = "all") -> None:
    """Run the bot until Ctrl-C."""
    # What start-up makes stays: to look through it for garbage would make every start longer, and
    # later every acknowledgement that happens to wait for such a look.
    gc.disable()
    from bot import app  # noqa: PLC0415 - the other commands start without the chat libraries

    settings = _load(config, role=role)
    asyncio.run(app.serve(settings, on_ready=_connected))


def _connected() -> None:
    gc.freeze()
    gc.enable()
    err.print("Twokey is connected.")


@cli.command()
def check(
    config: File = _HERE,
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
    settings = _load(config, role=role)
    targets = ", ".join(f"{target.name} ({target.environment})" for target in settings.targets)
    out.print(f"{config} is good. Targets: {targets}.")
    out.print("Next: twokey serve")


@cli.command()
def summary(
    rollback: Annotated[str, typer.Argument(help="Its id, such as rb-7f3k2q.")],
    config: File = _HERE,
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TEXT,  # noqa: A002
) -> None:
    """Write the summary of one rollback."""
    from bot import reports  # noqa: PLC0415

    sys.stdout.write(asyncio.run(reports.summary_of(_books(config), rollback, form=format)) + "\n")


@cli.command()
def audit(config: File = _HERE) -> None:
    """Verify the whole audit chain; exit 1 if anything was changed behind our back."""
    from bot import reports  # noqa: PLC0415

    good, sentence = asyncio.run(reports.verify_audit(_books(config)))
    out.print(sentence, soft_wrap=True)
    if not good:
        raise typer.Exit(1)


@cli.command()
def faultpoints(
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List the moments at which a crash is tested, and what is true at each."""
    if as_json:
        points = [
            {"name": point.label, "boundary": point.boundary, "sentence": point.sentence}
            for point in FaultPoint
        ]
        sys.stdout.write(json.dumps(points, indent=2) + "\n")
        return
    table = Table("name", "boundary", "at this moment")
    for point in FaultPoint:
        table.add_row(point.label, point.boundary, point.sentence)
    out.print(table)


@cli.command()
def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Play a story without a browser.")
    ] = False,
    story: Annotated[
        str, typer.Option(help=f"Which story to play, with --headless: {_STORIES}.")
    ] = _FIRST_STORY,
    store: Annotated[
        Literal["sqlite", "postgres"], typer.Option(help="Where it keeps everything.")
    ] = "sqlite",
    replicas: Annotated[
        int, typer.Option(min=1, max=2, help="How many bots; two of them need postgres.")
    ] = 1,
    port: Annotated[int, typer.Option(help="Where the page is; 0 picks a free one.")] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page by itself.")
    ] = True,
    transport: Annotated[
        Transport, typer.Option(help="How the chat delivers: Socket Mode, or signed HTTP.")
    ] = Transport.SOCKET,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep everything that was written, and say where.")
    ] = False,
) -> None:
    """Open a local chat with a broken shop to roll back; needs no account anywhere."""
    if story != _FIRST_STORY and not headless:
        raise typer.BadParameter("a story is played with --headless; the page plays none")
    from bot.workspace import demo as workspace  # noqa: PLC0415

    status = workspace.run(
        workspace.Setting(
            port=port, store=store, replicas=replicas, is_http=transport is Transport.HTTP
        ),
        headless=headless,
        story=story,
        browser=browser,
        keep=keep,
    )
    raise typer.Exit(status)


def _books(config: Path) -> Settings:
    """Read what it takes to look into the database, on a machine that holds no other secret."""
    return _load(config, reads_only=True)


def _load(config: Path, *, role: Role = "all", reads_only: bool = False) -> Settings:
    from bot import app  # noqa: PLC0415

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


def main() -> NoReturn:
    """Run the command line; what people did wrong is a sentence and exit code 2."""
    try:
        installation.check()
        cli(standalone_mode=True)
    except TwokeyError as error:
        err.print(str(error), markup=False, soft_wrap=True)
        sys.exit(2)
    sys.exit(0)


if __name__ == "__main__":
    main()
