"""Where the project's files are."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCTION = ("bot", "commands", "adapters", "notifications")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(*folders: str) -> list[Path]:
    """Return every file under these folders, without what Python leaves behind."""
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def python_files(*folders: str) -> list[Path]:
    """Return every Python file under these folders."""
    return [path for path in files(*folders) if path.suffix == ".py"]


def functions(path: Path) -> Iterator[Function]:
    """Walk through all functions and methods of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def line_count(path: Path) -> int:
    """Count the lines of a text file."""
    return len(path.read_text().splitlines())


def place(path: Path) -> str:
    """Say where a file is, seen from the project's folder."""
    return path.relative_to(ROOT).as_posix()
