"""Slack's signature: proof that a request comes from Slack, is fresh, and was not sent before."""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

WINDOW_SECONDS: Final = 300
MOST_REMEMBERED: Final = 20_000  # Slack delivers at most 30,000 an hour, 5,000 in twice the window

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}")


class Forged(Exception):
    """Nothing shows that Slack sent this; the text is for our log, never for the sender."""


class Signatures:
    """Tells Slack's requests from all others; ``now`` is the time in seconds since 1970."""

    def __init__(self, secrets: Sequence[str], *, now: Callable[[], float]) -> None:
        """Accept what one of these secrets signed: two of them while one replaces the other."""
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._now = now
        self._seen: OrderedDict[str, float] = OrderedDict()  # signature -> its last moment

    def check(self, *, signatures: Sequence[str], timestamps: Sequence[str], body: bytes) -> str:
        """Return the signature of this body, or raise ``Forged``; headers come as often as sent."""
        if len(signatures) != 1 or len(timestamps) != 1:
            raise Forged("the headers of the signature are missing or double")
        [signature], [timestamp] = signatures, timestamps
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            raise Forged("the headers of the signature are malformed")
        signed = b"v0:%b:%b" % (timestamp.encode(), body)
        expected = (hmac.new(key, signed, hashlib.sha256).hexdigest() for key in self._secrets)
        # All of them, so that the time that it takes does not tell which secret was right.
        matches = [hmac.compare_digest(f"v0={one}", signature) for one in expected]
        if not any(matches):
            raise Forged("the signature is wrong")
        if abs(self._now() - int(timestamp)) > WINDOW_SECONDS:
            raise Forged("the timestamp is too old, or in the future")
        return signature

    def is_replay(self, signature: str) -> bool:
        """Tell whether a checked signature came before, and remember that it did.

        What falls out of a full memory may pass again here. It still counts once: the store
        remembers each delivery together with what it changed.
        """
        now = self._now()
        while self._seen and next(iter(self._seen.values())) < now:
            self._seen.popitem(last=False)
        if signature in self._seen:
            return True
        # A timestamp from the future stays valid for twice the window.
        self._seen[signature] = now + 2 * WINDOW_SECONDS
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return False

    def forget(self, signature: str) -> None:
        """Let a request come again, since it could not be served."""
        self._seen.pop(signature, None)
