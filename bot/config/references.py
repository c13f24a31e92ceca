"""Where secrets are: named in the file, read from the environment or from a file of their own."""

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LONGEST: Final = 65_536  # bytes


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that no log, message or traceback shows by accident."""

    value: str

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


def resolve(reference: str, *, folder: Path, environ: Mapping[str, str]) -> Secret:
    """Return the secret behind ``env:NAME`` or ``file:PATH``, or raise how to put it there."""
    kind, _, where = reference.partition(":")
    if kind == "env":
        found, name = environ.get(where, ""), f"the environment variable {where}"
        if not found.strip():
            state = "empty" if where in environ else "not set"
            raise ValueError(f"{name} is {state}; set it where Twokey starts")
    else:
        path = folder / where
        found, name = _content(path), f"the secret file {path}"
        if not found.strip():
            raise ValueError(f"{name} is empty; write the secret into it")
    value = found.strip()
    if not value.isprintable():
        raise ValueError(f"{name} holds more than one line; it must hold the secret alone")
    return Secret(value)


def _content(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if mode & stat.S_IRWXO:
            raise ValueError(
                f"the secret file {path} is open to everybody (mode {stat.S_IMODE(mode):04o}); "
                f"close it: chmod 600 {path}"
            )
        with path.open(encoding="utf-8") as file:
            return file.read(_LONGEST)
    except UnicodeDecodeError as error:
        raise ValueError(f"the secret file {path} is not a text") from error
    except OSError as error:
        raise ValueError(f"the secret file {path} can't be read: {error.strerror}") from error
