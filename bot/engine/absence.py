"""Which chats don't answer: until one does, a single message at a time asks whether it is back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.ports import Due

_LONGEST: Final = 30.0
_DOUBLED: Final = 10  # times, which is more than any limit allows: a float has an end


def doubled(failures: int, longest: float) -> float:
    """Return for how many seconds to pause after so many failures: twice as long after each."""
    return min(2.0 ** min(failures, _DOUBLED), longest)


@dataclass(slots=True)
class _Absence:
    """One workspace that did not answer, and the message that asks again just now."""

    until: datetime
    failures: int = 0
    asking: str | None = None


class Absences:
    """Keeps a chat that does not answer from being called with everything that waits for it."""

    def __init__(self) -> None:
        """Everybody is there."""
        self._absences: dict[tuple[str, str], _Absence] = {}

    def wait(self, due: Due, now: datetime) -> float:
        """Return 0 if this one may go out, or the seconds until it may ask."""
        absence = self._absences.get(_home(due))
        if absence is None:
            return 0.0
        if absence.asking is not None:
            return _LONGEST  # its end wakes whoever waits
        return max(0.0, (absence.until - now).total_seconds())

    def last_to_ask(self, due: Due) -> int:
        """Return what to sort by: if one message alone gets no answer, another one has to ask."""
        return due.failures if self.is_away(due) else 0

    def begins(self, due: Due) -> None:
        """Let this one ask, if the chat is away."""
        if absence := self._absences.get(_home(due)):
            absence.asking = due.posting.key

    def ends(self, due: Due) -> None:
        """It asks no more, whatever came of it."""
        absence = self._absences.get(_home(due))
        if absence is not None and absence.asking == due.posting.key:
            absence.asking = None

    def unanswered(self, due: Due, now: datetime) -> None:
        """Note that the chat did not answer: the next one asks later."""
        absence = self._absences.setdefault(_home(due), _Absence(now))
        absence.until = now + timedelta(seconds=doubled(absence.failures, _LONGEST))
        absence.failures += 1

    def answered(self, due: Due) -> None:
        """Note that the chat is there, whatever it said."""
        self._absences.pop(_home(due), None)

    def is_away(self, due: Due) -> bool:
        """Tell whether the last call to this one's chat got no answer."""
        return _home(due) in self._absences


def _home(due: Due) -> tuple[str, str]:
    return due.posting.place.platform, due.posting.place.tenant
