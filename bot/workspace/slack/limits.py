"""How often an app may call: Slack's tiers as buckets that refill."""

import math
from collections.abc import Callable
from dataclasses import dataclass

# Calls a minute; whatever is not named is of tier 3. For apps.connections.open the sources
# disagree between tiers 1 and 3; an app that reconnects must get through.
TIER_3, TIER_4, SPECIAL = 50, 100, 600
PER_MINUTE = {
    **dict.fromkeys(("chat.postEphemeral", "users.info", "views.open"), TIER_4),
    **dict.fromkeys(("auth.test", "chat.getPermalink"), SPECIAL),
}
# Slack allows about one post a second in a channel, and bursts.
POSTS_PER_MINUTE, POST_BURST = 60, 10


class RateLimited(Exception):
    """The app called too often and is told how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many calls: wait {seconds} s.")
        self.seconds = seconds


@dataclass
class Limits:
    """What is left of the allowances of one app; `speed` makes them refill faster."""

    clock: Callable[[], float]
    speed: float
    enabled: bool

    def __post_init__(self) -> None:
        self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def spend(self, method: str, *, channel: str) -> None:
        """Count one call, or refuse it."""
        is_post = method == "chat.postMessage"
        rate = POSTS_PER_MINUTE if is_post else PER_MINUTE.get(method, TIER_3)
        size, per_second = POST_BURST if is_post else rate, rate / 60 * self.speed
        key = (method, channel if is_post else "")
        now = self.clock()
        left, then = self._left.get(key, (size, now))
        left = min(size, left + (now - then) * per_second)
        if self.enabled and left < 1:
            raise RateLimited(math.ceil((1 - left) / per_second))
        self._left[key] = (left - 1, now)
