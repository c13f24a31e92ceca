"""What the storage tells people when it could not keep or find something."""

from bot.domain.errors import TwokeyError


class NotRecorded(TwokeyError):
    """The database took nothing of it."""


class OutcomeUnknown(TwokeyError):
    """The connection broke in the middle of a commit: only a look can tell."""


class Conflict(NotRecorded):
    """It was changed since it was loaded."""


class Unreadable(TwokeyError):
    """The database gave no answer to a read."""


class Quarantined(TwokeyError):
    """One record is damaged; the others go on."""


class Unusable(TwokeyError):
    """The whole database must not be written to, or this program can't work with it."""
