"""Every moment to die has a name, is passed somewhere, and is harmless in production."""

import json
import re
from collections import Counter

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from bot.faultpoints import FaultPoint
from tests.architecture.source import PRODUCTION, place, python_files

PASSED = re.compile(r"reached\(\s*FaultPoint\.([A-Z_]+)")
SOURCES = {place(path): path.read_text() for path in python_files(*PRODUCTION)}


def test_every_point_is_passed() -> None:
    """Each named moment is said somewhere in the code, and none that has no name."""
    passed = {name for text in SOURCES.values() for name in PASSED.findall(text)}

    assert passed == {point.name for point in FaultPoint}


def test_no_two_moments_share_a_name() -> None:
    """Names tell the moments apart, except a deadline's, which two kinds of deadline share."""
    passed = Counter(name for text in SOURCES.values() for name in PASSED.findall(text))

    assert {name for name, times in passed.items() if times > 1} == {
        "DEADLINE_RECORDED",
        # Each chat has a reception of its own, which passes the same three.
        *("DELIVERY_RECEIVED", "ANSWER_READY", "ANSWER_SENT"),
    }
    assert len({point.label for point in FaultPoint}) == len(FaultPoint)


def test_nobody_listens_in_production() -> None:
    """No code that is installed hands in a listener: only a test's own process can."""
    from_here = re.compile(
        r"(from|import) bot\.faultpoints\b(?! import FaultPoint(, reached)?$)", re.MULTILINE
    )
    listening = [name for name, text in SOURCES.items() if from_here.search(text)]

    assert listening == []


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_points_can_be_listed(options: list[str]) -> None:
    """``twokey faultpoints`` names every one, for people and for programs."""
    said = CliRunner().invoke(cli, ["faultpoints", *options])

    assert said.exit_code == 0
    assert all(point.label in said.stdout for point in FaultPoint)
    if options:
        assert {one["sentence"] for one in json.loads(said.stdout)} == {
            point.sentence for point in FaultPoint
        }
