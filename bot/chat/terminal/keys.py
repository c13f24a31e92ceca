"""A key of one's own: made once, kept where only its owner can read it, and used to sign."""

import os
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from bot.domain.act import Act, Statement
from bot.domain.errors import TwokeyError
from bot.domain.people import Account
from bot.invocation import Signed

_OWN: Final = 0o600
_LONGEST: Final = 10_000  # bytes
_NONCE: Final = 16


class KeyTrouble(TwokeyError):
    """A key can't be made, read or used."""


@dataclass(frozen=True, slots=True)
class OwnKey:
    """The private half, ready to sign; its public half is the account."""

    account: Account
    _private: Ed25519PrivateKey = field(repr=False)

    def sign(self, act: Act, *, store: str, at: datetime) -> tuple[str, Signed]:
        """Sign one act for this store, now; return the delivery's id, which is made of it, too."""
        nonce = secrets.token_hex(_NONCE)
        statement = Statement(act, account=str(self.account), store=store, at=at, nonce=nonce)
        signature = self._private.sign(statement.text.encode()).hex()
        return statement.delivery, Signed(statement.text, signature)


def make(path: Path, *, passphrase: str = "") -> OwnKey:
    """Make a key and keep it in this file, which must not be there yet."""
    private = Ed25519PrivateKey.generate()
    sealed = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    content = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed)
    try:
        if path.exists():
            raise KeyTrouble(
                f"{path} is there already, and a key is never overwritten. Nothing was changed. "
                "twokey key --print shows its public half; --key makes another one elsewhere."
            )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWN)
    except OSError as error:
        why = error.strerror
        raise KeyTrouble(f"{path} can't be written: {why}. Nothing was changed.") from error
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, _OWN)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    return _owned(private)


def read(path: Path, *, ask: Callable[[], str]) -> OwnKey:
    """Read the key in this file; ``ask`` is called for the passphrase, if it has one."""
    content = _content(path)
    try:
        try:
            private = load_pem_private_key(content, None)
        except TypeError:  # it has a passphrase
            private = load_pem_private_key(content, ask().encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyTrouble(
            f"{path} can't be opened: the passphrase is wrong, or it is no key in PEM. "
            "Nothing was changed."
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyTrouble(f"{path} holds a key of another kind; twokey key makes the right one.")
    return _owned(private)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise KeyTrouble(
                    f"{path} is open to others (mode {stat.S_IMODE(found.st_mode):04o}), so it may "
                    f"be theirs, too. Nothing was changed. Close it (chmod 600 {path}), or make a "
                    "new one and have the old one taken out of the people map."
                )
            return file.read(_LONGEST)
    except FileNotFoundError as error:
        raise KeyTrouble(
            f"There is no key at {path}. Nothing was changed. Make one with twokey key, or say "
            "where it is with --key."
        ) from error
    except OSError as error:
        why = error.strerror
        raise KeyTrouble(f"{path} can't be read: {why}. Nothing was changed.") from error


def _owned(private: Ed25519PrivateKey) -> OwnKey:
    public = private.public_key().public_bytes_raw()
    return OwnKey(Account("key", "ed25519", public.hex()), private)
