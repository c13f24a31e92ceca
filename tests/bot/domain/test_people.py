"""The people map tells whoever is not in it how to get there."""

from pathlib import Path

import pytest

from bot.domain.errors import Refusal, Refused
from bot.domain.people import Account, People, Person
from tests.bot.config.samples import changed, read

KNOWN = Person("one", "One", (Account("slack", "T0123ABCD", "U0123ABCD"),))
ON_BOTH = Person("two", "Two", (Account("discord", "1" * 18, "2" * 18),))
NEW = {
    "slack": Account("slack", "T0123ABCD", "U0NEW"),
    "discord": Account("discord", "1" * 18, "3" * 18),
    "key": Account("key", "ed25519", "0a" * 32),
}


def sentence(account: Account, *people: Person) -> str:
    """Return what this account is told."""
    with pytest.raises(Refused) as refused:
        People(people).behind(account)
    assert refused.value.code is Refusal.UNKNOWN_PERSON
    return str(refused.value)


@pytest.mark.parametrize("platform", NEW)
def test_the_line_can_be_copied(tmp_path: Path, platform: str) -> None:
    """The line that somebody unknown is told makes them known once it stands in the file."""
    told = sentence(NEW[platform], KNOWN, ON_BOTH)
    line = told.partition(" in it: ")[2]
    guild = f'\ndiscord: {{guild: "{"1" * 18}", bot_token: env:SLACK_BOT_TOKEN}}'
    file = changed(("people:\n", f"people:\n  {line}\n"), ("version: 1", f"version: 1{guild}"))
    person = read(tmp_path, file).people.behind(NEW[platform])
    assert (person.key, person.name) == ("your-name", "Your Name")
    assert "Nothing was changed" in told


@pytest.mark.parametrize(
    ("platform", "command"), [("slack", "/rollback link"), ("discord", "/twokey link")]
)
def test_whoever_is_known_elsewhere_is_told_the_command(platform: str, command: str) -> None:
    """Where another chat has accounts, too, the command is named as it is typed here."""
    assert f"type {command}, which proves" in sentence(NEW[platform], KNOWN, ON_BOTH)


def test_where_there_is_one_chat_nothing_is_linked() -> None:
    """With accounts of one workspace alone, nobody is sent to look for another."""
    key = Person("two", "Two", (NEW["key"],))
    assert "link" not in sentence(NEW["slack"], KNOWN, key)


def test_a_key_goes_to_the_entry_that_one_has() -> None:
    """Whoever signs with a key is told that it belongs into their entry, and of no command."""
    told = sentence(NEW["key"], KNOWN)
    assert "add the key to your entry" in told
    assert "link" not in told


@pytest.mark.parametrize("text", ["", "nobody", "slack:", "slack:T1", ":/", "a/b:c/d:e"])
def test_what_is_no_account_is_nobodys(text: str) -> None:
    """An entry whose account somebody made up is read, and is an account that no person has."""
    read = Account.parse(text)

    assert People((KNOWN, ON_BOTH)).find(read) is None


@pytest.mark.parametrize("account", [*KNOWN.accounts, Account("key", "ed25519", "0f" * 32)])
def test_an_account_is_read_as_it_was_written(account: Account) -> None:
    """What stands in an entry is the same account when it is read."""
    assert Account.parse(str(account)) == account
