"""The signs in front of the lines of a checklist, the same on every platform."""

from collections.abc import Mapping
from typing import Final

from bot.message import Mark

SIGNS: Final[Mapping[Mark, str]] = {
    Mark.OPEN: "☐",
    Mark.RUNNING: "▶",
    Mark.DONE: "☑",
    Mark.FAILED: "✗",
    Mark.DOUBT: "?",
    Mark.SKIPPED: "–",
}
