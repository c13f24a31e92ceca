"""A test is a sentence that is true."""

import ast
import re
from pathlib import Path

from tests.architecture.source import functions, place, python_files

ONE_SENTENCE = re.compile(r"[^a-z\s].*[^.]\.", re.DOTALL)
SENTENCE_BREAK = re.compile(r"[.!?]\s+[A-Z]")


def is_one_sentence(text: str | None) -> bool:
    """Whether this reads as one sentence: a capital, a full stop, and no other between them."""
    return (
        text is not None
        and ONE_SENTENCE.fullmatch(text) is not None
        and SENTENCE_BREAK.search(text) is None
    )


def imported_names(path: Path) -> set[str]:
    """Collect the full names of all that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_every_test_says_what_is_true() -> None:
    """Every test has a docstring of one sentence."""
    silent = [
        f"{place(path)}:{function.lineno} {function.name}"
        for path in python_files("tests")
        if path.name.startswith("test_")
        for function in functions(path)
        if function.name.startswith("test_")
        if not is_one_sentence(ast.get_docstring(function))
    ]

    assert silent == []


def test_no_test_pretends() -> None:
    """No test uses mocks, which agree with whatever the code does."""
    pretending = [
        place(path)
        for path in python_files("tests")
        if any(name.startswith("unittest.mock") for name in imported_names(path))
    ]

    assert pretending == []


def test_what_counts_as_a_sentence() -> None:
    """Fragments, two sentences and silence are not taken for a sentence."""
    assert is_one_sentence("Whoever asks for a rollback can't also allow it.")
    assert not is_one_sentence("approve twice.")
    assert not is_one_sentence("Approve twice")
    assert not is_one_sentence("It is asked. It is refused.")
    assert not is_one_sentence(None)
