"""The chain by itself: which change is named how, and the key behind it."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.storage.chain import ChainReport, Entry, Head, load_or_create_key, verify
from bot.storage.errors import Unusable
from tests.bot.storage.samples import KEY, MONDAY


def chain(*kinds: str) -> list[Entry]:
    """Write one entry of each kind."""
    entries: list[Entry] = []
    for number, kind in enumerate(kinds, start=1):
        entry = Entry(
            sequence=number,
            at=MONDAY,
            kind=kind,
            rollback_id="rb-aaaa",
            person=None,
            account=None,
            details="{}",
            previous=entries[-1].mac if entries else "",
        )
        entries.append(entry._replace(mac=entry.sealed_with(KEY)))
    return entries


def problems(entries: list[Entry], *, end: Entry) -> tuple[str, ...]:
    """Verify these against a head that belongs to this end."""
    head = Head(end.sequence, end.mac, MONDAY)
    return verify(entries, replace(head, seal=head.sealed_with(KEY)), KEY).problems


def test_each_change_is_named() -> None:
    """The report says in words which entry is wrong, and how."""
    one, two, three, four = whole = chain("requested", "planned", "approved", "quorum")
    edited = two._replace(person="outsider")

    assert problems(whole, end=four) == ()
    assert problems([one, edited, three, four], end=four) == ("Entry 2 is not as it was written.",)
    assert problems([one, four], end=four) == ("Entries 2 to 3 are missing.",)
    assert problems([one, two], end=four) == ("The chain ends at entry 2; its head says 4.",)


def test_an_entry_of_another_past_is_found() -> None:
    """After a backup was restored, an entry from before it does not fit, although we wrote it."""
    one, two, _ = before = chain("requested", "planned", "approved")
    after = chain("requested", "rejected", "ended")

    assert before[0] == after[0]
    assert problems([one, two, after[2]], end=after[2]) == (
        "Entry 3 does not follow the one before it.",
    )


def test_a_long_list_of_problems_ends() -> None:
    """A chain that is wrong everywhere is reported without naming every entry."""
    wrong = [entry._replace(kind="x") for entry in chain(*["approved"] * 100)]

    report = verify(wrong, None, KEY)

    assert report == ChainReport(20, wrong[19].mac, report.problems)
    assert report.problems[19:] == ("Entry 20 is not as it was written.", "There may be more.")


def test_the_key_is_made_once_for_our_user_alone(tmp_path: Path) -> None:
    """The first start makes a key that nobody else can read; the next ones find it."""
    path = tmp_path / "audit.key"

    made = load_or_create_key(path)
    found = load_or_create_key(path)

    assert made == found
    assert len(made) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["audit.key"]


@pytest.mark.parametrize("text", ["", "no hex", "00" * 31])
def test_a_damaged_key_is_refused(tmp_path: Path, text: str) -> None:
    """A key file that holds something else is not replaced but named."""
    path = tmp_path / "audit.key"
    path.touch(0o600)
    path.write_text(text)

    with pytest.raises(Unusable, match=r"audit\.key holds no audit key"):
        load_or_create_key(path)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever has the key can invent decisions, so it is used only if nobody else can open it."""
    path = tmp_path / "audit.key"
    made = load_or_create_key(path)
    path.chmod(mode)

    with pytest.raises(Unusable, match=rf"mode {mode:04o}.*chmod 600 {path}"):
        load_or_create_key(path)

    path.chmod(0o600)
    assert load_or_create_key(path) == made
