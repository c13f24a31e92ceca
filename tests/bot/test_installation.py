"""Whose code runs under the common names of our four packages."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECK = """
import sys
sys.path.insert(0, sys.argv[1])
from bot import installation
installation.check()
"""


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the check in a process of its own, with a folder that comes first."""
    return subprocess.run(
        [sys.executable, "-c", CHECK, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_our_own_packages_are_good(tmp_path: Path) -> None:
    """In an environment of its own Twokey starts."""
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", ["commands", "adapters", "notifications"])
def test_a_package_from_elsewhere_is_refused(tmp_path: Path, package: str) -> None:
    """A folder that shadows one of our packages ends the start with a sentence."""
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("", "utf-8")
    done = check(tmp_path)
    assert done.returncode == 1
    assert f"The package {package} comes from {tmp_path}" in done.stderr


def test_another_distribution_of_that_name_is_refused(tmp_path: Path) -> None:
    """A distribution that also installs a package called commands ends the start."""
    metadata = tmp_path / "foreign-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n")
    (metadata / "top_level.txt").write_text("commands\n", "utf-8")
    done = check(tmp_path)
    assert done.returncode == 1
    assert "The distribution foreign also installs a package called commands" in done.stderr


def test_a_distribution_that_lists_its_files_alone_is_refused(tmp_path: Path) -> None:
    """Modern installers write no list of packages; the files say it."""
    metadata = tmp_path / "foreign-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n")
    (metadata / "RECORD").write_text("adapters/__init__.py,sha256=x,1\n", "utf-8")
    done = check(tmp_path)
    assert done.returncode == 1
    assert "The distribution foreign also installs a package called adapters" in done.stderr
