"""Discord's own refusals, by their codes."""

from collections.abc import Mapping
from typing import Any, Final

TEXTS: Final[Mapping[int, tuple[int, str]]] = {
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30032: (400, "Maximum number of application commands reached (100)."),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160004: (400, "A thread has already been created for this message"),
}


class DiscordError(Exception):
    """One of Discord's refusals; code 0 is for those that have only a status."""

    def __init__(self, code: int, *, status: int = 0, errors: Any = None) -> None:  # noqa: ANN401
        self.code = code
        self.status, self.message = TEXTS.get(code, (status, f"{status}: {_NAMES.get(status, '')}"))
        self.errors = errors
        super().__init__(self.message)

    def document(self) -> dict[str, Any]:
        """The refusal in Discord's form."""
        about = {"message": self.message, "code": self.code}
        return about | ({"errors": self.errors} if self.errors else {})


class CannotDo(Exception):
    """Discord's own program would not let a person do this; the text is a code."""


_NAMES: Final = {401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"}
