"""Discord's own refusals, by their codes."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from bot.workspace.wire import WorkspaceRefusal

# The status and the text of each, by its code.
TEXTS: Final[Mapping[int, tuple[int, str]]] = {
    int(code): (status, text)
    for code, (status, text) in json.loads(
        (files("bot.workspace.discord") / "refusals.json").read_text()
    ).items()
}


class DiscordError(WorkspaceRefusal):
    """One of Discord's refusals; code 0 is for those that have only a status."""

    def __init__(self, code: int, *, status: int = 0, errors: Any = None) -> None:  # noqa: ANN401
        self.status, self.message = TEXTS.get(code, (status, f"{status}: {_NAMES.get(status, '')}"))
        self.errors = errors
        super().__init__(code, self.message)

    def document(self) -> dict[str, Any]:
        """The refusal in Discord's form."""
        about = {"message": self.message, "code": self.code}
        return about | ({"errors": self.errors} if self.errors else {})


class CannotDo(WorkspaceRefusal):
    """Discord's own program would not let a person do this; the text is a code."""


_NAMES: Final = {401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"}
