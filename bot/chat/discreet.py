"""What goes to the log of a chat: never the words of a message, a token or an address."""

import logging
import re
import traceback
from typing import Final

_LONGEST: Final = 200


def log_without_words(log: logging.Logger, what: str, error: BaseException) -> None:
    """Log where it broke; the words of an error may repeat what somebody typed."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s with %s:\n%s", what, type(error).__name__, frames)


class Discreet(logging.Filter):
    """Keeps what a chat's libraries know of messages and of what is ``secret`` out of the log."""

    def __init__(self, secret: str, *, silent_about: str | None = None) -> None:
        """Take a pattern of what is left out, and how a record begins that says nothing to us."""
        super().__init__()
        self._secret = re.compile(secret)
        self._silent_about = silent_about

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record to its first words."""
        words = re.split(r"[{\n]", record.getMessage(), maxsplit=1)[0]
        kind = record.exc_info[0] if record.exc_info else None
        why = f" ({kind.__name__})" if kind else ""
        record.msg = self._secret.sub("…", words)[:_LONGEST] + why
        record.args, record.exc_info = (), None
        return self._silent_about is None or not words.startswith(self._silent_about)
