"""What people install is the four packages, whole."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.architecture.source import PRODUCTION, ROOT, files, place


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel and list what is in it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    return set(ZipFile(wheel).namelist())


def test_the_wheel_holds_every_file_of_the_packages(wheel_names: set[str]) -> None:
    """Templates, pages and migrations come along with the code."""
    missing = {place(path) for path in files(*PRODUCTION)} - wheel_names

    assert missing == set()


def test_the_wheel_holds_nothing_else(wheel_names: set[str]) -> None:
    """Tests and documents stay at home."""
    folders = {Path(name).parts[0] for name in wheel_names}

    assert {folder for folder in folders if not folder.endswith(".dist-info")} == set(PRODUCTION)


def test_the_wheel_brings_the_command(wheel_names: set[str]) -> None:
    """Installing the wheel installs a command."""
    assert any(name.endswith(".dist-info/entry_points.txt") for name in wheel_names)
