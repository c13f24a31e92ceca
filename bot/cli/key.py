"""Make a key of one's own, for decisions on the command line."""

import getpass
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.cli.options import has_terminal, say
from bot.domain.errors import TwokeyError

DEFAULT: Final = Path("~/.config/twokey/key.pem")
KeyFile = Annotated[Path, typer.Option("--key", help="The file with one's own key.")]


def key(
    where: KeyFile = DEFAULT,
    show: Annotated[
        bool, typer.Option("--print", help="Print the public half of the key that is there.")
    ] = False,
) -> None:
    """Make a key of your own, and print the line that puts it into the people map."""
    from bot.chat.terminal import keys  # noqa: PLC0415 - the other commands need no cryptography

    path = where.expanduser()
    if show:
        own = keys.read(path, ask=lambda: passphrase(path))
    else:
        own = keys.make(path, passphrase=_chosen())
        say(f"Your key is in {path}. Nobody else may ever have it, and no copy is kept.")
    say("Next: an operator adds this line to your accounts under people: in twokey.yaml.")
    sys.stdout.write(f"{own.account}\n")


def passphrase(path: Path) -> str:
    """Ask for the passphrase of a key, on a terminal; there is no other way to give it."""
    if not has_terminal():
        raise TwokeyError(
            f"{path} has a passphrase, and there is no terminal to ask for it. Nothing was "
            "changed. Run this on a terminal, or use a key without a passphrase."
        )
    return getpass.getpass(f"Passphrase of {path}: ")


def _chosen() -> str:
    """Offer a passphrase, on a terminal: who steals the file alone has nothing then."""
    if not has_terminal():
        return ""
    say("Choose a passphrase, five words or more; empty for none.")
    chosen = getpass.getpass("Passphrase: ")
    if chosen and getpass.getpass("The same again: ") != chosen:
        raise TwokeyError("These were not the same. No key was made. Start again.")
    return chosen
