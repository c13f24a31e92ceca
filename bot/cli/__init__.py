"""The command line: every command says what it did and what to do next.

One file is one group of commands; they are all listed here.
"""

import sys
from io import TextIOWrapper
from typing import NoReturn

import typer

from bot import installation
from bot.chat.clean import clean
from bot.cli import discord
from bot.cli.asking import rollback
from bot.cli.books import audit, summary
from bot.cli.deciding import (
    approve,
    cancel,
    details,
    reason,
    reject,
    resolve,
    settle,
    stop,
    withdraw,
)
from bot.cli.demo import demo
from bot.cli.faultpoints import faultpoints
from bot.cli.key import key
from bot.cli.options import err
from bot.cli.people import people
from bot.cli.serving import check, serve
from bot.cli.watching import follow, status
from bot.domain.errors import TwokeyError

cli = typer.Typer(
    name="twokey",
    help="Roll back production from chat, when two people say so.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
DECIDING = (key, rollback, approve, withdraw, reject, reason, cancel, stop, settle, resolve)
LOOKING = (status, details, follow, summary, audit, people)
for command in (serve, check, *DECIDING, *LOOKING, faultpoints, demo):
    cli.command()(command)
cli.add_typer(discord.cli, name="discord")


def main() -> NoReturn:
    """Run the command line; what people did wrong is a sentence and exit code 2."""
    _never_fail_to_write()
    try:
        installation.check()
        cli(standalone_mode=True)
    except TwokeyError as error:
        err.print(clean(str(error)), markup=False, emoji=False, soft_wrap=True)
        sys.exit(2)
    sys.exit(0)


def _never_fail_to_write() -> None:
    """Write what the terminal's encoding does not know as a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
