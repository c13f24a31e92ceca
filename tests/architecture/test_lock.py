"""The lock says exactly what is installed, and nothing about where it comes from."""

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT

LOCK = (ROOT / "requirements.lock").read_text()
PINS = re.findall(r"^([a-z0-9._-]+)(?:\[.*?\])?==(\S+)", LOCK, re.MULTILINE)


def project() -> dict[str, Any]:
    """Read what pyproject.toml says about the project."""
    said: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return said


def requirements() -> list[Requirement]:
    """Collect everything the project asks for, build and extras included."""
    said = project()
    groups = [
        said["build-system"]["requires"],
        said["project"]["dependencies"],
        *said["project"]["optional-dependencies"].values(),
    ]
    return [Requirement(line) for group in groups for line in group]


def test_the_lock_names_no_place() -> None:
    """The lock names no host, no address and no path."""
    beyond_names = re.findall(r".*(?:://|/|\\\w|@|--(?!hash=sha256:)).*", LOCK)

    assert beyond_names == []


def test_every_pin_has_hashes() -> None:
    """Every version in the lock is followed by a hash."""
    followed = re.findall(r"^\S+==[^\n]*\\\n    --hash=sha256:[0-9a-f]{64}", LOCK, re.MULTILINE)

    assert PINS
    assert len(followed) == len(PINS)


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_the_lock_has_what_the_project_asks_for(requirement: Requirement) -> None:
    """Each requirement of the project is locked, at a version that it allows."""
    versions = {canonicalize_name(name): version for name, version in PINS}

    assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])


@pytest.mark.parametrize(
    "fixed", ["slack-bolt", "discord.py", "httpx", "psycopg[binary]", "sqlalchemy", "pydantic"]
)
def test_the_six_stay(fixed: str) -> None:
    """The six libraries that the project is built on are required by name."""
    assert fixed in project()["project"]["dependencies"]
