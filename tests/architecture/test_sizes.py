"""Rooms stay small enough to be read in one go."""

import pytest

from tests.architecture.source import PRODUCTION, files, functions, line_count, place, python_files

# The style aims at 300 and 40; beyond these it is no longer a matter of taste.
LINES_IN_A_FILE = 350
LINES_IN_A_FUNCTION = 60
EVERYWHERE = (*PRODUCTION, "tests")


def test_no_file_is_too_long() -> None:
    """No Python file has more lines than one subject needs."""
    too_long = {
        place(path): line_count(path)
        for path in python_files(*EVERYWHERE)
        if line_count(path) > LINES_IN_A_FILE
    }

    assert too_long == {}


def test_no_function_is_too_long() -> None:
    """No function has more lines than fit on a screen."""
    too_long = [
        f"{place(path)}:{function.lineno} {function.name}"
        for path in python_files(*EVERYWHERE)
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno >= LINES_IN_A_FUNCTION
    ]

    assert too_long == []


def test_the_workspace_stays_small() -> None:
    """The local workspace, with its two chats and its page, is less than a third of the source."""
    sources = [
        path for path in files(*PRODUCTION) if path.suffix in {".py", ".js", ".css", ".html"}
    ]
    everything = sum(map(line_count, sources))
    workspace = sum(
        line_count(path) for path in sources if place(path).startswith("bot/workspace/")
    )

    assert everything
    assert workspace * 3 < everything, f"{workspace} of {everything} lines"


@pytest.mark.parametrize("folder", PRODUCTION)
def test_the_four_folders_stay(folder: str) -> None:
    """Each of the four folders of the project holds a package."""
    assert f"{folder}/__init__.py" in map(place, python_files(folder))
