"""How much may be shown: one edit budget per workspace, one posting pace per channel.

When a platform asks to wait, what it counts together waits: posts to one channel, all edits on
Slack, and on Discord the edits in one channel.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.ports import Due, Rank

EDITS_PER_MINUTE: Final = 45.0  # Slack's published 50 for chat.update, with room for a late click
POSTS_PER_SECOND: Final = 1.0  # in one channel
POST_BURST: Final = 5.0
_COUNT_EDITS_BY_CHANNEL: Final = frozenset({"discord"})
_KEPT_FOR_DECISIONS: Final = 10.0  # edits that steps and progress may not use up


@dataclass(slots=True)
class Bucket:
    """Tokens that refill steadily up to a capacity."""

    capacity: float
    per_second: float
    level: float
    at: datetime

    def refill(self, now: datetime) -> None:
        """Add what came in since the last look."""
        passed = max(0.0, (now - self.at).total_seconds())
        self.level = min(self.capacity, self.level + passed * self.per_second)
        self.at = now

    def take(self, now: datetime, *, keep: float = 0.0) -> float:
        """Take one token and return 0, or take none and return the seconds until one is there."""
        self.refill(now)
        if self.level - 1 >= keep:
            self.level -= 1
            return 0.0
        return (1 + keep - self.level) / self.per_second


class Budget:
    """Says when a posting may go out; decisions and ends come before steps and progress."""

    def __init__(self) -> None:
        """Start with full buckets."""
        self._edits: dict[tuple[str, str], Bucket] = {}
        self._posts: dict[tuple[str, str, str], Bucket] = {}
        self._closed_until: dict[tuple[str, ...], datetime] = {}

    def wait(self, due: Due, now: datetime) -> float:
        """Spend for this posting and return 0, or return the seconds it has to wait."""
        closed = self._closed_until.get(_lane(due))
        if closed is not None and closed > now:
            return (closed - now).total_seconds()
        place = due.posting.place
        tenant = (place.platform, place.tenant)
        if due.reference is None:
            bucket = self._posts.setdefault(
                (*tenant, place.channel), Bucket(POST_BURST, POSTS_PER_SECOND, POST_BURST, now)
            )
            return bucket.take(now)
        bucket = self._edits.setdefault(
            tenant, Bucket(EDITS_PER_MINUTE, EDITS_PER_MINUTE / 60, EDITS_PER_MINUTE, now)
        )
        urgent = due.posting.rank <= Rank.END
        return bucket.take(now, keep=0.0 if urgent else _KEPT_FOR_DECISIONS)

    def close(self, due: Due, until: datetime) -> None:
        """The platform asked to wait: so we do, with all that it counts together with this."""
        self._closed_until[_lane(due)] = until


def _lane(due: Due) -> tuple[str, ...]:
    """Return what platforms count together; a thread is a channel of its own."""
    place = due.posting.place
    tenant = (place.platform, place.tenant)
    if due.reference is None:
        return ("post", *tenant, place.channel)
    if place.platform in _COUNT_EDITS_BY_CHANNEL:
        return ("edit", *tenant, due.reference.place.channel)
    return ("edit", *tenant)
