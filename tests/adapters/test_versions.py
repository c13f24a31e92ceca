"""Which deployment is meant: decisions over what was read, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.versions import Version, last_good, named, points
from bot.domain.errors import Refused

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def version(name: str, *, age: int, source: str = "", obstacle: str = "") -> Version:
    """Return a deployment that is that many hours old."""
    made_at = NOON - timedelta(hours=age)
    return Version(id=name, made_at=made_at, commit=source or name, obstacle=obstacle)


@pytest.mark.parametrize(
    ("message", "label"),
    [
        ("v42", "v42"),
        ("v42: Load the cart before the page", "v42"),
        ("Release v1.10", "v1.10"),
        ("release: 2.0.1", "2.0.1"),
        ("chore(release): v3.2.1\n\nmore", "v3.2.1"),
        ("Version 7.1 of everything", "7.1"),
        ("Bump lodash to v4.17.21", "7b9e8d6"),  # somebody else's version
        ("v1beta1 API", "7b9e8d6"),
        ("404 page", "7b9e8d6"),
        ("v", "7b9e8d6"),
        ("", "7b9e8d6"),
    ],
)
def test_labels(message: str, label: str) -> None:
    """A version is called by the name at the start of its message, else by its short commit."""
    made = Version(id="dpl_1", made_at=NOON, commit="7b9e8d6c5a4f", message=message)

    assert made.label == label


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("registry.shop.example/api:v41", "v41"),
        ("registry.shop.example:5000/api:v41@sha256:0123", "v41"),
        ("registry.shop.example:5000/api", "6f1c2f0e"),
        ("", "6f1c2f0e"),
    ],
)
def test_labels_of_images(image: str, label: str) -> None:
    """Without a commit, the image's tag is the name, else the start of the deployment's id."""
    made = Version(id="6f1c2f0e-4c1e-4d57-9a5b-0d7a3b1e8c41", made_at=NOON, image=image)

    assert made.label == label


def test_long_messages_fit_the_card() -> None:
    """Of a long message, approvers see the beginning of its first line."""
    made = Version(id="dpl_1", made_at=NOON, message="Load " * 20 + "\nand more")

    assert made.code == "code (“Load Load Load Load Load Load Load Load…”)"


@pytest.mark.parametrize(
    ("history", "chosen"),
    [
        # newest first: name, source, obstacle; the first is current
        ([("c", "c", ""), ("b", "b", ""), ("a", "a", "")], "b"),
        ([("c", "c", ""), ("b", "b", "its build is ERROR"), ("a", "a", "")], "a"),
        ([("c", "c", ""), ("b", "b", "gone"), ("a", "a", "gone")], None),
        ([("c", "c", "")], None),
        # the same code deployed again with other variables: back to how it was before
        ([("b2", "b", ""), ("b1", "b", ""), ("a", "a", "")], "b1"),
        # rolled back from c to b: never c again, but further back
        ([("b2", "b", ""), ("c", "c", ""), ("b1", "b", ""), ("a", "a", "")], "a"),
        ([("b2", "b", ""), ("c", "c", ""), ("b1", "b", "")], None),
        # rolled back from c to b and forward to c again
        ([("c2", "c", ""), ("b2", "b", ""), ("c1", "c", ""), ("b1", "b", "")], "b1"),
    ],
)
def test_the_last_good_one(history: list[tuple[str, str, str]], chosen: str | None) -> None:
    """The newest older one that can be gone back to, but never what was rolled back from."""
    versions = [
        version(name, age=age, source=source, obstacle=obstacle)
        for age, (name, source, obstacle) in enumerate(history)
    ]

    found = last_good(versions[::-1], current=versions[0])

    assert (found.id if found else None) == chosen


def test_newer_ones_are_no_way_back() -> None:
    """After a rollback that keeps ids, what is newer than production is not chosen."""
    broken, current, older = (version(name, age=age) for age, name in enumerate("cba"))

    assert last_good([broken, current, older], current=current) == older


def test_deployments_of_unknown_source_are_not_taken_for_each_other() -> None:
    """Not knowing what two deployments were made of does not make them the same."""
    current, former, first = (
        Version(id=name, made_at=NOON - timedelta(hours=age)) for age, name in enumerate("cba")
    )
    known = replace(former, commit="7b9e8d6")

    assert last_good([current, former, first], current=current) == former
    assert last_good([current, known, first], current=current) == known


def test_one_name_for_different_code_is_a_riddle() -> None:
    """If a name fits different code, the person has to say which is meant."""
    current = version("c", age=0)
    versions = [Version(id=n, made_at=NOON, image=f"registry/{n}:v1") for n in ("one", "two")]

    with pytest.raises(Refused, match=r"“v1” fits 2 deployments of Shop: one, two\. Ask again"):
        named([*versions, current], "v1", current=current, subject="Shop")


def test_the_same_label_twice_shows_ids() -> None:
    """Where both ends are called the same, people see what tells them apart."""
    before = Version(id="dpl_new", made_at=NOON, commit="7b9e8d6c")
    after = Version(id="dpl_old", made_at=NOON, commit="7b9e8d6c")

    was, would_be = points(before=before, after=after)

    assert (was.label, would_be.label) == ("new", "old")


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["", "gone"]), st.integers(0, 5)),
        min_size=1,
    ),
    st.data(),
)
def test_the_choice_is_always_a_way_back(
    made: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    """Whatever the history, only an older deployment without an obstacle is ever chosen."""
    versions = [
        version(f"d{n}", age=age, source=source, obstacle=obstacle)
        for n, (source, obstacle, age) in enumerate(made)
    ]
    current = data.draw(st.sampled_from(versions))

    chosen = last_good(versions, current=current)

    assert chosen is None or (chosen.made_at < current.made_at and not chosen.obstacle)
