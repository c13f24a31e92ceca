"""Read what was written down: the summary of a rollback, and whether the audit chain is whole."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.options import HERE, File, books, out


class Format(StrEnum):
    """How a summary is written."""

    MARKDOWN = "md"
    JSON = "json"
    TEXT = "text"


def summary(
    rollback: Annotated[str, typer.Argument(help="Its id, such as rb-7f3k2q.")],
    config: File = HERE,
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TEXT,  # noqa: A002
) -> None:
    """Write the summary of one rollback."""
    from bot import reports  # noqa: PLC0415

    sys.stdout.write(asyncio.run(reports.summary_of(books(config), rollback, form=format)) + "\n")


def audit(config: File = HERE) -> None:
    """Verify the whole audit chain; exit 1 if anything was changed behind our back."""
    from bot import reports  # noqa: PLC0415

    good, sentence = asyncio.run(reports.verify_audit(books(config)))
    out.print(sentence, soft_wrap=True)
    if not good:
        raise typer.Exit(1)
