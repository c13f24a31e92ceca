"""Imports point down, and the machine that says so is awake."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import PRODUCTION, ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the production source and its contracts."""
    for folder in PRODUCTION:
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def judge(copy: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Let import-linter judge a copy."""
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", *options],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_contracts_hold(copy: Path) -> None:
    """The project keeps all of its import contracts."""
    verdict = judge(copy)

    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


@pytest.mark.parametrize(
    ("module", "wrong", "contract"),
    [
        ("bot/wrong.py", "import json", "inside"),
        ("bot/domain/wrong.py", "import bot.ports", "inside"),
        ("bot/engine/wrong.py", "import bot.storage", "inside"),
        ("bot/chat/wrong.py", "import bot.storage", "inside"),
        ("adapters/wrong.py", "import commands", "spokes"),
        ("bot/storage/wrong.py", "import notifications", "spokes"),
        ("adapters/wrong.py", "import bot.engine", "engine"),
        ("commands/wrong.py", "import bot.workspace", "workspace"),
        ("bot/domain/wrong.py", "import pydantic", "pure"),
        ("commands/wrong.py", "import slack_sdk", "slack"),
        ("bot/chat/slack/wrong.py", "import discord", "discord"),
        ("bot/engine/wrong.py", "import sqlalchemy", "database"),
        ("bot/engine/wrong.py", "import dbos", "durable"),
    ],
)
def test_a_wrong_import_breaks_its_contract(
    copy: Path, module: str, wrong: str, contract: str
) -> None:
    """Each contract turns red for an import that it forbids."""
    (copy / module).write_text(f"{wrong}\n")

    verdict = judge(copy, "--contract", contract)

    assert verdict.returncode == 1
    assert "0 kept, 1 broken" in verdict.stdout, verdict.stdout + verdict.stderr


def test_a_cycle_breaks_its_contract(copy: Path) -> None:
    """Two modules that import each other turn the contract against cycles red."""
    (copy / "bot/domain/wrong.py").write_text("import bot.domain.worse\n")
    (copy / "bot/domain/worse.py").write_text("import bot.domain.wrong\n")

    verdict = judge(copy, "--contract", "cycles")

    assert "0 kept, 1 broken" in verdict.stdout, verdict.stdout + verdict.stderr


@pytest.mark.parametrize("library", ["discord", "slack_sdk", "slack_bolt"])
def test_what_is_not_configured_is_not_loaded(library: str) -> None:
    """The bot is there before any chat's library is: each is large, and waits for its turn."""
    code = f"import sys, bot.app; sys.exit({library!r} in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 0
