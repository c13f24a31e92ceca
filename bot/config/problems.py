"""What is wrong with a configuration file: every problem with its place, and no secret repeated."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.domain.errors import TwokeyError

KeyPath = tuple[str | int, ...]

# How the tokens of well-known systems start; whatever looks like one is never repeated.
SECRET: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:xox[a-z]-[\w-]+|xapp-[\w-]+|gh[a-z]_\w{16,}|github_pat_\w+"
    r"|sk[-_][\w-]{16,}|sbp_\w{16,}|AKIA[0-9A-Z]{12,}|eyJ[\w-]{8,}\.[\w.-]+"
    r"|-----BEGIN [A-Z ]+)"
)
# Somebody's name or password in an address; what is between the slashes and the last @.
USERINFO: Final = re.compile(r"(?<=://)[^/?#\s]*(?=@)")

_LONGEST: Final = 300
_PLAIN_KEY: Final = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake and where it stands; lines and columns count from 1, and 0 is no place at all."""

    line: int
    column: int
    key_path: str
    sentence: str

    def within(self, path: Path) -> str:
        """Write it as compilers do, so that editors and terminals jump to the place."""
        place = f"{path}:{self.line}:{self.column}" if self.line else f"{path}"
        start = f"{place} {self.key_path}:" if self.key_path else f"{place}:"
        return f"{start} {self.sentence}"


class ConfigError(TwokeyError):
    """Everything that is wrong with one configuration file, from its first line to its last."""

    def __init__(self, problems: Iterable[Problem], *, path: Path) -> None:
        """Put the problems in the order of the file, each of them once."""
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(problem.within(path) for problem in self.problems))


def dotted(path: KeyPath) -> str:
    """Write a path into the file the way people do: ``targets[0].steps[1].use``."""
    written = ""
    for key in path:
        if isinstance(key, str) and _PLAIN_KEY.fullmatch(key):
            written += f".{shown(key)}"
        else:
            written += f"[{key}]" if isinstance(key, int) else f"[“{shown(key)}”]"
    return written.removeprefix(".")


def shown(text: str, *, longest: int = 60) -> str:
    """Return what somebody wrote: in one line, not too long, and without a secret."""
    hidden = USERINFO.sub("…", SECRET.sub("…", text))
    line = " ".join("".join(c if c.isprintable() else " " for c in hidden).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def sentence(text: str) -> str:
    """Return a sentence that is safe to print, whoever wrote its words."""
    return shown(text, longest=_LONGEST)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return the nearest known name as the end of a sentence; nothing if none is near."""
    near = difflib.get_close_matches(wrong[:100], sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
