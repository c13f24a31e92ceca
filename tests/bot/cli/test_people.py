"""``twokey people``: who is who, and the very lines for what was proven."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.cli.options import books
from bot.cli.people import linked, listed
from bot.clock import SystemClock
from bot.config import Settings
from bot.domain.event import Event, Happening
from bot.domain.people import Account, People, Person
from bot.ports import Transaction
from bot.reports import audit_key
from bot.storage.store import SqlStore
from tests.bot.builders import NOON
from tests.bot.config.samples import changed, read

EXAMPLE = Path(__file__).parents[3] / "docs/examples/shop.yaml"
DOCUMENT = Path(__file__).parents[3] / "docs/people.md"
GUILD = "123456789012345678"
DISCORD = f'discord: {{guild: "{GUILD}", bot_token: env:SLACK_BOT_TOKEN}}'
MANAGER = Account("slack", "T0123ABCD", "U0MANAGE1")
OTHER = Account("slack", "T0123ABCD", "U0RESPOND")
ON_DISCORD = Account("discord", GUILD, "234567890123456789")
NEW = Account("slack", "T0123ABCD", "U0NEW")
KEY = Account("key", "ed25519", "0a" * 32)


def settings(folder: Path, *changes: tuple[str, str]) -> Settings:
    """Return the small configuration, with a server on Discord and these changes."""
    return read(folder, changed(("version: 1", f"version: 1\n{DISCORD}"), *changes))


def proven(one: Account, other: Account, kind: Happening = Happening.LINK_PROVEN) -> Event:
    """Return what the chain says once a code went from the one to the other."""
    return Event(kind, NOON, account=str(other), details={"with": str(one)})


def lines(known: People, *events: Event) -> str:
    """Return what is printed for the operator."""
    return "\n".join(linked(events, known))


def entries(printed: str) -> list[str]:
    """Return the lines that are not comments, after a look whether all of it is YAML."""
    YAML(typ="safe").load(printed)
    return [line.strip() for line in printed.splitlines() if not line.lstrip().startswith("#")]


@pytest.mark.parametrize("name", ["Manager One", "O'Brien, Ann: {boss} #1", '"Mo" \\ Ñandú 🔥'])
def test_the_line_makes_the_proof_part_of_the_map(tmp_path: Path, name: str) -> None:
    """Whatever somebody is called, the line in the place of theirs loads, and nothing is left."""
    old = "manager-one: {name: Manager One, accounts: [slack:T0123ABCD/U0MANAGE1]}"
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    before = settings(tmp_path, ("name: Manager One", f"name: {quoted}"))
    heading, line = entries(lines(before.people, proven(MANAGER, ON_DISCORD)))

    after = settings(tmp_path, (old, line))

    assert heading == "people:"
    assert after.people.behind(ON_DISCORD) == after.people.behind(MANAGER)
    assert after.people.name("manager-one") == name
    printed = lines(after.people, proven(MANAGER, ON_DISCORD))
    assert entries(printed) == []
    assert f"# In twokey.yaml already:\n# 2026-11-21 12:00 UTC: {MANAGER} and" in printed


def test_somebody_new_gets_an_entry(tmp_path: Path) -> None:
    """Two accounts that nobody has become an entry with a key that nobody has either."""
    taken = ("responder: {name", "somebody-1: {name")
    approvers = ("[responder, ", "[somebody-1, ")
    before = settings(tmp_path, taken, approvers)
    heading, line = entries(lines(before.people, proven(NEW, ON_DISCORD)))

    after = settings(tmp_path, taken, approvers, ("people:\n", f"people:\n  {line}\n"))

    assert heading == "people:"
    assert after.people.behind(ON_DISCORD).key == "somebody-2"
    assert after.people.behind(NEW) == after.people.behind(ON_DISCORD)


def test_what_was_printed_can_be_loaded_as_it_stands(tmp_path: Path) -> None:
    """Several humans come as one mapping, each with the proofs that speak for it."""
    known = settings(tmp_path).people
    somebody = Account("discord", GUILD, "345678901234567890")
    printed = lines(known, proven(MANAGER, ON_DISCORD), proven(somebody, NEW))

    loaded = YAML(typ="safe").load(printed)

    assert loaded["people"] == {
        "manager-one": {"name": "Manager One", "accounts": [str(MANAGER), str(ON_DISCORD)]},
        "somebody-1": {"name": "Somebody", "accounts": [str(somebody), str(NEW)]},
    }
    assert f"  # 2026-11-21 12:00 UTC: {somebody} and {NEW}\n" in printed


@pytest.mark.parametrize("kind", [Happening.LINK_REFUSED, Happening.LINK_PROVEN])
def test_two_people_are_named_and_not_joined(kind: Happening) -> None:
    """Between two people of the map no line is printed, but an operator is told to look."""
    two = People([Person("one", "One", (MANAGER,)), Person("two", "Two", (ON_DISCORD,))])
    printed = lines(two, proven(MANAGER, ON_DISCORD, kind), proven(MANAGER, ON_DISCORD, kind))
    assert entries(printed) == []
    assert "# Look into these" in printed
    assert f"{MANAGER} and {ON_DISCORD}" in printed


def test_a_second_account_in_one_place_is_named_and_not_joined() -> None:
    """What was proven by way of another chat gives nobody a second account in a workspace."""
    known = People([Person("one", "One", (MANAGER, ON_DISCORD))])
    printed = lines(known, proven(NEW, ON_DISCORD))
    assert entries(printed) == []
    assert "# Look into these" in printed
    assert f"{NEW} and {ON_DISCORD}" in printed


def test_what_was_refused_for_a_second_account_is_named() -> None:
    """A refused code that would have made a second account is shown, until the map has changed."""
    refused = proven(NEW, ON_DISCORD, Happening.LINK_REFUSED)
    whole = People([Person("one", "One", (MANAGER, ON_DISCORD))])
    less = People([Person("one", "One", (ON_DISCORD,))])
    assert f"{NEW} and {ON_DISCORD}" in lines(whole, refused)
    assert lines(less, refused) == "# There is nothing to add to twokey.yaml."


def test_a_line_says_when_it_was_proven() -> None:
    """What was taken out of the map comes back in the line with the day of its newest proof."""
    known = People([Person("one", "One", (MANAGER,))])
    old = replace(proven(MANAGER, ON_DISCORD), at=datetime(2025, 3, 1, tzinfo=UTC))
    again = replace(old, at=datetime(2025, 4, 2, tzinfo=UTC))
    (_, line) = entries(lines(known, old, again))
    assert line.endswith("]}  # proven 2025-04-02")


def test_a_refused_code_is_no_proof() -> None:
    """If the map changed since a code was refused, nothing is left of it."""
    one = People([Person("one", "One", (MANAGER,))])
    printed = lines(one, proven(MANAGER, ON_DISCORD, Happening.LINK_REFUSED))
    assert printed == "# There is nothing to add to twokey.yaml."


def test_everybody_is_listed_with_their_accounts() -> None:
    """Each person stands there with all accounts, and whoever has a key is named again."""
    known = [Person("one", "One", (MANAGER, KEY)), Person("two", "Two", (OTHER,))]
    printed = list(listed(People(known)))
    assert printed[:5] == ["One (one)", f"  {MANAGER}", f"  {KEY}", "Two (two)", f"  {OTHER}"]
    assert any(line.endswith("no chat works: one.") for line in printed)
    assert any("Nobody has a key" in line for line in listed(People(known[1:])))


def test_the_documented_example_is_what_is_printed() -> None:
    """What docs/people.md shows of the command is what it prints, to the last character."""
    account = Account("slack", "T0123ABCD", "U0MANAGE1")
    at = datetime(2026, 11, 28, 20, 12, tzinfo=UTC)
    known = People([Person("manager-one", "Manager One", (account,))])
    printed = lines(known, replace(proven(account, ON_DISCORD), at=at))
    assert f"\n```\n{printed}\n```\n" in DOCUMENT.read_text("utf-8")


def twokey(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, without any secret."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "people", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_reads_the_chain_and_no_secret(tmp_path: Path) -> None:
    """From the books beside the file come the lines; no token is needed, and nothing is changed."""
    file = tmp_path / "twokey.yaml"
    file.write_text(
        EXAMPLE.read_text("utf-8").replace("version: 1\n", f"version: 1\n{DISCORD}\n"), "utf-8"
    )
    before = file.read_bytes()

    asyncio.run(_write_down(tmp_path))
    nothing = twokey("link", "--config", str(file))
    asyncio.run(_write_down(tmp_path, proven(MANAGER, ON_DISCORD)))
    something = twokey("link", "--config", str(file))
    everybody = twokey("--config", str(file))

    assert nothing.stdout == "# There is nothing to add to twokey.yaml.\n", nothing.stderr
    accounts = f"[{MANAGER}, {ON_DISCORD}]"
    assert f"  manager-one: {{name: Manager One, accounts: {accounts}}}  # " in something.stdout
    assert "Manager One (manager-one)\n" in everybody.stdout, everybody.stderr
    assert file.read_bytes() == before


async def _write_down(folder: Path, *events: Event) -> None:
    """Put events into the books that the file leads to, which are made if there are none."""
    here = books(folder / "twokey.yaml")
    store = SqlStore(here.database_url, clock=SystemClock(), audit_key=audit_key(here))
    await store.open()
    for event in events:
        await store.write(partial(_record, event))
    await store.close()


def _record(event: Event, tx: Transaction) -> None:
    tx.record(event)
