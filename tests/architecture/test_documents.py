"""The documents agree with the project."""

import tomllib

import pytest

from tests.architecture.source import ROOT

DECISIONS = sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))


def test_decisions_are_numbered_without_gaps() -> None:
    """Decisions are counted from 0001 up, so that a number never means two of them."""
    numbers = [name.partition("-")[0] for name in DECISIONS]

    assert numbers == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("decision", DECISIONS)
def test_decisions_are_listed(decision: str) -> None:
    """Every decision is linked from the list of decisions."""
    assert f"]({decision})" in (ROOT / "docs/adr/README.md").read_text()


def test_the_changelog_knows_the_version() -> None:
    """The newest heading of the changelog is the version of the project."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = [
        line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")
    ]

    assert headings[0].startswith(f"## {version} ")
