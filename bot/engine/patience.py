"""When to look again at what waits for somebody else: later each time, up to a limit."""

from datetime import datetime, timedelta
from typing import Final

_FIRST: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(seconds=15)


class Patience:
    """Remembers for each rollback when it was looked at in vain; a changed one starts anew."""

    def __init__(self) -> None:
        """Start with nothing to wait for."""
        self._waits: dict[str, tuple[int, timedelta, datetime]] = {}

    def is_over(self, rollback_id: str, version: int, now: datetime) -> bool:
        """Tell whether to look now; somebody may have done something since the last look."""
        seen, _, until = self._waits.get(rollback_id, (-1, _FIRST, now))
        return seen != version or now >= until

    def wait(
        self, rollback_id: str, version: int, now: datetime, *, at_most: datetime | None
    ) -> None:
        """Look again in a while, and at the deadline in any case."""
        seen, pause, _ = self._waits.get(rollback_id, (-1, _FIRST, now))
        pause = min(pause * 2, _LONGEST) if seen == version else _FIRST
        until = now + pause
        # What ended meanwhile is not looked at again, and forgotten here.
        self._waits = {one: wait for one, wait in self._waits.items() if wait[2] + _LONGEST > now}
        self._waits[rollback_id] = version, pause, min(until, at_most or until)
