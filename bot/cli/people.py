"""Who is who: the people map, and which other accounts were proven to be theirs."""

import asyncio
import json
import re
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import count
from typing import Annotated, Final

import typer

from bot.chat.clean import clean
from bot.cli.options import HERE, File, books
from bot.domain.event import Event, Happening
from bot.domain.link import Human, Proof, disputed, humans, proofs
from bot.domain.people import Account, People, Person

# What YAML takes for a text as it stands, also between brackets.
_PLAIN: Final = re.compile(r"[^\W_](?:[\w .'()-]*[\w.')])?")


class What(StrEnum):
    """What about the people is asked for."""

    LIST = "list"
    LINK = "link"


def people(
    what: Annotated[
        What,
        typer.Argument(help="Who has which accounts (list), or the lines to add to them (link)."),
    ] = What.LIST,
    config: File = HERE,
) -> None:
    """Show who has which accounts, and which others were proven to be theirs."""
    settings = books(config)
    if what is What.LIST:
        lines = listed(settings.people)
    else:
        from bot import reports  # noqa: PLC0415

        events = asyncio.run(reports.events_beside(settings))
        lines = linked(events, settings.people)
    sys.stdout.writelines(f"{clean(line)}\n" for line in lines)


def listed(known: People) -> Iterator[str]:
    """Write down everybody with their accounts, and whether anybody has a key."""
    for person in known.everybody:
        yield f"{person.name} ({person.key})"
        yield from (f"  {account}" for account in person.accounts)
    with_key = [
        person
        for person in known.everybody
        if not all(account.is_in_chat for account in person.accounts)
    ]
    yield ""
    if with_key:
        names = ", ".join(person.key for person in with_key)
        yield f"With a key, to decide on the command line if no chat works: {names}."
    else:
        yield "Nobody has a key, so nobody can decide if no chat works. `twokey key` makes one."
    yield "Next: `twokey people link` shows which other accounts were proven to be theirs."


def linked(events: Sequence[Event], known: People) -> Iterator[str]:
    """Write the lines for ``twokey.yaml`` that proofs ask for, as YAML; everything else is `#`."""
    found = humans(tuple(proofs(events)), known)
    yield from _entries([one for one in found if not (one.is_in_map or one.is_disputed)], known)
    if there := [proof for one in found if one.is_in_map for proof in one.proofs]:
        yield "# In twokey.yaml already:"
        yield from map(_comment, there)
    disputes = [proof for one in found if one.is_disputed for proof in one.proofs]
    disputes += disputed(proofs(events, Happening.LINK_REFUSED), known)
    if disputes:
        yield "# Look into these. A code went between two who are different people in twokey.yaml,"
        yield "# or it would give somebody a second account in one workspace or server."
        yield from map(_comment, disputes)


def _entries(new: Sequence[Human], known: People) -> Iterator[str]:
    """Write one entry for each human of whom the map does not know all accounts."""
    if not new:
        yield "# There is nothing to add to twokey.yaml."
        return
    yield "# A code went from one account to the other, so whoever held the one held the other."
    yield "# Ask them whether they did that, by voice, before you put a line into twokey.yaml."
    yield "# A proof stays: leave out what was taken out of twokey.yaml since the day in its line."
    yield "people:"
    names = (f"somebody-{number}" for number in count(1))
    free = (name for name in names if known.named(name) not in known.everybody)
    for human in new:
        yield from (f"  {_comment(proof)}" for proof in human.proofs)
        if human.people:
            (person,) = human.people
            yield f"  # In the place of {person.key}, who is there already:"
        else:
            person = Person(next(free), "Somebody", ())
            yield "  # Nobody there has any of these: choose a key and a name."
        yield f"  {_entry(person, human.accounts)}  # proven {_days(human)}"
    yield "# Next: `twokey check`, then start Twokey again."


def _entry(person: Person, accounts: Sequence[Account]) -> str:
    listed_accounts = ", ".join(map(str, accounts))
    return f"{person.key}: {{name: {_scalar(person.name)}, accounts: [{listed_accounts}]}}"


def _days(human: Human) -> str:
    """Name the days of the newest proofs of what is new, in the order of the accounts."""
    newest = {one: proof.at for proof in human.proofs for one in (proof.account, proof.other)}
    return ", ".join(dict.fromkeys(f"{newest[account]:%Y-%m-%d}" for account in human.new))


def _scalar(text: str) -> str:
    """Write a text so that YAML reads the same: JSON's quotes are YAML's, too."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _comment(proof: Proof) -> str:
    return f"# {proof.at:%Y-%m-%d %H:%M} UTC: {proof.account} and {proof.other}"
