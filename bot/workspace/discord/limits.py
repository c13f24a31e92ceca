"""How often an app may call: Discord's buckets, one for each operation and place."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

# Calls and the seconds in which they are allowed; Discord publishes none of these numbers, and
# clients have to read the headers. Those of messages are what people observe.
USUAL: Final = (50, 5.0)
BUCKETS: Final[Mapping[str, tuple[int, float]]] = {
    **dict.fromkeys(("create_message", "update_message", "delete_message"), (5, 5.0)),
    "create_dm": (10, 10.0),
}
EVERYWHERE: Final = (50, 1.0)
IS_EXEMPT: Final = ("interaction", "webhook")  # parts of the names that the global limit spares
# Few edits of a message that is older than an hour; Discord tells neither how many nor how long.
OLD_AFTER, OLD_EDITS, OLD_SECONDS = 3600.0, 2, 600.0


class RateLimited(Exception):
    """The app called too often and is told how long to wait."""

    def __init__(self, seconds: float, *, code: int = 0, is_global: bool = False) -> None:
        super().__init__(f"Too many calls: wait {seconds} s.")
        self.seconds = round(seconds, 3)
        self.code = code
        self.is_global = is_global


@dataclass
class _Bucket:
    left: int
    until: float


@dataclass
class Limits:
    """What is left of the allowances of one app; `speed` makes them refill faster."""

    clock: Callable[[], float]
    speed: float
    enabled: bool
    old_after: float = OLD_AFTER

    def __post_init__(self) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def spend(self, operation: str, *, place: str) -> dict[str, str]:
        """Count one call or refuse it; return the headers that tell what is left."""
        if not self.enabled:
            return {}
        if not any(part in operation for part in IS_EXEMPT):
            self._take(("", ""), EVERYWHERE, is_global=True)
        size, seconds = BUCKETS.get(operation, USUAL)
        bucket = self._take((operation, place), (size, seconds))
        wait = max(bucket.until - self.clock(), 0)
        return {
            "X-RateLimit-Limit": str(size),
            "X-RateLimit-Remaining": str(bucket.left),
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(operation.encode()).hexdigest()[:32],
        }

    def edit(self, message: str, *, age: float) -> None:
        """Count one edit of a message that may be too old to be edited often."""
        if self.enabled and age * self.speed >= self.old_after:
            self._take(("old", message), (OLD_EDITS, OLD_SECONDS), code=30046)

    def _take(
        self, key: tuple[str, str], size: tuple[int, float], *, code: int = 0,
        is_global: bool = False,
    ) -> _Bucket:  # fmt: skip
        now, (calls, seconds) = self.clock(), size
        bucket = self._buckets.get(key)
        if bucket is None or now >= bucket.until:
            bucket = self._buckets[key] = _Bucket(calls, now + seconds / self.speed)
        if not bucket.left:
            raise RateLimited(bucket.until - now, code=code, is_global=is_global)
        bucket.left -= 1
        return bucket
