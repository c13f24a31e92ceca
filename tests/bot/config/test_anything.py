"""Whatever a file holds, it is read or refused, and every refusal points into the file."""

import re
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigError
from tests.bot.config.samples import GOOD, read

# What means something in YAML or in this file; plain random text hardly ever gets that far.
PIECES = st.sampled_from(
    [
        *re.split(r"(\W)", GOOD),
        *("&a", "*a", "!!str", "!", "|", ">", "? ", "- ", ": ", "# ", "%YAML 1.1\n", "---\n"),
        *("...\n", "\t", "\r", "\x00", "\x85", "\u2028", "\ufeff", "\\", '"', "'", "~", "<<"),
        *('"\\x4"', '"\\UFFFFFFFF"', "\n  ", "\n    ", "{", "}", "[", "]", "env:", "file:/"),
    ]
)
LINES = GOOD.splitlines(keepends=True)


def refusal(raw: bytes) -> ConfigError | None:
    """Load it, and return what is said if it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            read(Path(folder), raw)
        except ConfigError as error:
            return error
    return None


def check(content: str | bytes) -> None:
    """Load it; if it is refused, look at every place that is named."""
    raw = content if isinstance(content, bytes) else content.encode(errors="surrogatepass")
    last = max(1, len(raw.decode(errors="replace").splitlines()))
    error = refusal(raw)

    if error is not None:
        assert error.problems
        assert list(error.problems) == sorted(error.problems)
        assert len(str(error).splitlines()) == len(error.problems)
        assert all(1 <= problem.line <= last for problem in error.problems)
        assert all(problem.column >= 1 and problem.sentence for problem in error.problems)


@given(st.binary())
def test_any_bytes(content: bytes) -> None:
    """Bytes without any meaning are refused with a place."""
    check(content)


@given(st.text())
def test_any_text(content: str) -> None:
    """Texts without any meaning are refused with a place."""
    check(content)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_pieces(content: str) -> None:
    """Texts out of pieces that mean something are read or refused with a place."""
    check(content)


@given(
    st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 20), PIECES), max_size=4),
    st.permutations(range(len(LINES))).flatmap(
        lambda order: st.sampled_from([LINES, [LINES[index] for index in order]])
    ),
)
def test_any_damage(cuts: list[tuple[int, int, str]], lines: list[str]) -> None:
    """A good file with pieces cut out and put in, or with its lines shuffled, is read or refused
    with a place.
    """
    content = "".join(lines)
    for start, length, piece in cuts:
        content = content[:start] + piece + content[start + length :]

    check(content)
