"""The audit chain: every entry is sealed with a key, together with the seal of the one before it.

The head says how many there are. It is sealed too: whoever cuts the end off can't make a new one.
"""

import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from bot.storage.errors import Unusable
from bot.storage.files import is_there, not_ours

_KEY_BYTES: Final = 32
_LONGEST: Final = 1000  # bytes
_MOST_PROBLEMS: Final = 20
_canonical: Final = json.JSONEncoder(separators=(",", ":")).encode


class Entry(NamedTuple):
    """One stored entry; a tuple, because a million of them are read in one go."""

    sequence: int
    at: datetime
    kind: str
    rollback_id: str | None
    person: str | None
    account: str | None
    details: str  # canonical JSON, exactly as it is stored
    previous: str
    mac: str = ""

    def sealed_with(self, key: bytes) -> str:
        """Return the seal that belongs on it."""
        fields = (self.kind, self.rollback_id, self.person, self.account, self.details)
        return _seal(key, "entry", self.sequence, _moment(self.at), *fields, self.previous)

    def verifies(self, key: bytes) -> bool:
        """Tell whether it is as it was written, and where."""
        return hmac.compare_digest(self.sealed_with(key).encode(), self.mac.encode())


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain, and the latest time that was ever written."""

    sequence: int
    mac: str
    at: datetime
    seal: str = ""

    def sealed_with(self, key: bytes) -> str:
        """Return the seal that belongs on it."""
        return _seal(key, "head", self.sequence, self.mac, _moment(self.at))

    def verifies(self, key: bytes) -> bool:
        """Tell whether it is as it was written."""
        return hmac.compare_digest(self.sealed_with(key).encode(), self.seal.encode())


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a look at the whole chain found; ``sequence`` and ``mac`` can be kept elsewhere."""

    sequence: int
    mac: str
    problems: tuple[str, ...]  # the first few, as sentences

    @property
    def is_intact(self) -> bool:
        """Tell whether nothing was changed, added, taken out, moved or cut off."""
        return not self.problems


def verify(entries: Iterable[Entry], head: Head | None, key: bytes) -> ChainReport:
    """Look at every entry once, in order, and then at the head."""
    problems: list[str] = []
    last, mac = 0, ""
    for entry in entries:
        problems += _problems(entry, key, last=last, mac=mac)
        last, mac = entry.sequence, entry.mac
        if len(problems) >= _MOST_PROBLEMS:
            problems.append("There may be more.")
            break
    else:
        problems += _head_problems(head, key, last=last, mac=mac)
    return ChainReport(sequence=last, mac=mac, problems=tuple(problems))


def _problems(entry: Entry, key: bytes, *, last: int, mac: str) -> Iterator[str]:
    if entry.sequence != last + 1:
        yield f"Entries {last + 1} to {entry.sequence - 1} are missing."
    elif entry.previous != mac:
        yield f"Entry {entry.sequence} does not follow the one before it."
    if not entry.verifies(key):
        yield f"Entry {entry.sequence} is not as it was written."


def _head_problems(head: Head | None, key: bytes, *, last: int, mac: str) -> Iterator[str]:
    if head is None:
        yield "The head is missing."
    elif not head.verifies(key):
        yield "The head is not as it was written."
    elif (head.sequence, head.mac) != (last, mac):
        yield f"The chain ends at entry {last}; its head says {head.sequence}."


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _seal(key: bytes, *fields: str | int | None) -> str:
    return hmac.digest(key, _canonical(fields).encode(), "sha256").hex()


def load_or_create_key(path: Path) -> bytes:
    """Return the key kept in this file; the first time, make one that only our user can read."""
    try:
        if not is_there(path):
            _make_key(path)
        content = _closed_content(path)
    except OSError as error:
        raise not_ours(path, error) from error
    try:
        key = bytes.fromhex(content.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise Unusable(f"{path} holds no audit key: it must be {_KEY_BYTES * 2} hex digits.")
    return key


def _make_key(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)  # whole or not at all, and the first of two wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _closed_content(path: Path) -> bytes:
    """Read the file, unless others may read it, too: whoever has the key can invent decisions."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Unusable(
                f"{path} is open to others (mode {mode:04o}), who could invent decisions with it. "
                f"Nothing was changed. Close it: chmod 600 {path}"
            )
        return file.read(_LONGEST)


def _sync_folder(folder: Path) -> None:
    """Survive a power loss: what is sealed with a lost key could never be verified again."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
