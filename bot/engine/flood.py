"""One person's flood of commands or clicks, kept from the store and from everybody else."""

from datetime import datetime
from typing import Final

from bot.domain.errors import Refusal, Refused
from bot.domain.people import Account
from bot.engine.budget import Bucket

_MOST: Final = {"typed": (5.0, 0.5), "pressed": (20.0, 2.0)}  # at once, and per second
_MANY: Final = 1_000

TOO_FAST: Final = (
    "That was too much at once. What you did before this line counts, and nothing after it was "
    "recorded. Wait half a minute."
)


class Flood:
    """Counts what each account does, in memory; clicks have a lane of their own."""

    def __init__(self) -> None:
        """Start with nobody counted."""
        self._buckets: dict[tuple[Account, str], Bucket] = {}
        self._told: set[tuple[Account, str]] = set()

    def is_over(self, account: Account, lane: str, now: datetime) -> bool:
        """Tell whether this one goes unanswered; the first of a flood is refused aloud instead."""
        key, (most, per_second) = (account, lane), _MOST[lane]
        if len(self._buckets) >= _MANY:
            self._forget(now)
        bucket = self._buckets.setdefault(key, Bucket(most, per_second, most, now))
        if not bucket.take(now):
            self._told.discard(key)
            return False
        if key in self._told:
            return True
        self._told.add(key)
        raise Refused(Refusal.LIMIT, TOO_FAST)

    def _forget(self, now: datetime) -> None:
        """Forget whoever has been calm for long enough."""
        for key, bucket in list(self._buckets.items()):
            bucket.refill(now)
            if bucket.level >= bucket.capacity:
                del self._buckets[key]
                self._told.discard(key)
