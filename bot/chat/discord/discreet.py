"""What goes to the log: never the words of a message, a token or an address."""

import logging
import re
import traceback
from typing import Final

import discord

log = logging.getLogger("twokey.discord")

# discord.py's caches would be empty without this intent, and we keep none.
_ABOUT_CACHES: Final = "Guilds intent"


def log_without_words(what: str, error: BaseException) -> None:
    """Log where it broke; the words of an error may repeat what somebody typed."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s with %s:\n%s", what, type(error).__name__, frames)


def hush() -> None:
    """Let discord.py warn in one line, and say nothing of a voice that we don't have."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    for name in tuple(logging.root.manager.loggerDict):
        if name == "discord" or name.startswith("discord."):
            logger = logging.getLogger(name)
            logger.setLevel(logging.WARNING)
            if _DISCREET not in logger.filters:
                logger.addFilter(_DISCREET)


class _Discreet(logging.Filter):
    """Keeps what discord.py knows of messages, tokens and addresses out of the log."""

    _secret = re.compile(r"(?:wss?|https?)://\S+|\S*[\w-]{20,}\.[\w.-]+|\S{60,}")

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record to its first words."""
        words = re.split(r"[{\n]", record.getMessage(), maxsplit=1)[0]
        kind = record.exc_info[0] if record.exc_info else None
        record.msg = self._secret.sub("…", words)[:200] + (f" ({kind.__name__})" if kind else "")
        record.args, record.exc_info = (), None
        return not words.startswith(_ABOUT_CACHES)


_DISCREET: Final = _Discreet()
