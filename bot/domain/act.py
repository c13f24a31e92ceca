"""What somebody signs with a key of their own: one act, word for word, good for a few minutes."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.errors import Refusal, Refused
from bot.domain.people import Account

GOOD_FOR: Final = timedelta(minutes=5)
_EARLY: Final = timedelta(minutes=1)  # so far may the signer's clock be ahead of the store's
_HEADING: Final = "Twokey act 2"  # with the format's version; no other text that is signed has it
_NONCE: Final = re.compile(r"[0-9a-f]{32}")
_LONGEST: Final = 60_000
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
    OverflowError,  # a moment of the year 1 in a zone in which it is the year before
)


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done, with everything on which it depends; what does not apply is empty."""

    verb: str
    rollback: str = ""
    digest: str = ""  # of the whole plan, all 64 hex digits
    about: str = ""  # a step's name
    target: str = ""
    environment: str = ""
    version: str = ""
    words: str = ""  # the reason that is given


@dataclass(frozen=True, slots=True)
class Statement:
    """An act, who it is of, where, when, and a random number that makes it the only one."""

    act: Act
    account: str
    store: str  # the mark of the one store in which it is good
    at: datetime
    nonce: str  # 32 hex digits

    @property
    def text(self) -> str:
        """Write it in the only way that counts: what is signed is this text, to the last byte."""
        said = {
            **asdict(self.act),
            "account": self.account,
            "store": self.store,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "nonce": self.nonce,
        }
        return f"{_HEADING}\n{json.dumps(said, sort_keys=True, separators=(',', ':'))}"

    @property
    def delivery(self) -> str:
        """Return what the same statement is recognised by when it comes again."""
        return f"signed:{hashlib.sha256(self.text.encode()).hexdigest()}"

    @classmethod
    def parse(cls, text: str) -> "Statement":
        """Read it back, or refuse what was not written by this version in exactly this way."""
        try:
            statement = cls._read(text)
            is_same = statement is not None and statement.text == text
        except _UNREADABLE:
            statement, is_same = None, False
        if statement is None or not is_same:
            raise Refused(
                Refusal.TAMPERED,
                "What was signed was not written by this version of Twokey. Nothing was changed. "
                "Use the same version on the command line and for the bot.",
            )
        return statement

    @classmethod
    def _read(cls, text: str) -> "Statement | None":
        heading, _, body = text.partition("\n")
        if heading != _HEADING or len(text) > _LONGEST:
            return None
        said = json.loads(body)
        if not all(isinstance(value, str) for value in said.values()):
            return None
        account, store, nonce = said.pop("account"), said.pop("store"), said.pop("nonce")
        at = datetime.fromisoformat(said.pop("at"))
        if at.tzinfo is None or _NONCE.fullmatch(nonce) is None:
            return None
        return cls(Act(**said), account, store, at, nonce)

    def is_of(self, account: Account) -> bool:
        """Tell whether this account says so."""
        return self.account == str(account)

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether it was signed a moment ago."""
        return -_EARLY <= now - self.at <= GOOD_FOR
