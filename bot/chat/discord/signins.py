"""How often we sign in: Discord allows a thousand times a day, and resets the token after the last.

Resuming a connection costs none of them.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.chat.discord.discreet import log
from bot.chat.discord.guild import Guild
from bot.domain.errors import TwokeyError
from bot.ports import ChatUnreachable

SHORTEST_PAUSE: Final = 5.0  # seconds; Discord takes no two sign-ins within these
_LONGEST_PAUSE: Final = 60.0
_LONGEST_ROW: Final = 8  # of pauses that double; more make no difference
_STABLE: Final = 60.0  # a connection that was up for so long may come back at once
_FEW: Final = 50
_MANY: Final = 20  # within an hour, which is half of what a day allows
_HOUR: Final = 3_600.0


class _Limit(BaseModel):
    model_config = ConfigDict(frozen=True)

    remaining: int
    reset_after: int  # milliseconds


class TooOften(ChatUnreachable):
    """A sign-in that is not made, because one more could be one too many."""

    def __init__(self, sentence: str, *, seconds: float) -> None:
        """Keep how long to wait."""
        super().__init__(sentence)
        self.seconds = seconds


class SignIns:
    """Counts the sign-ins of this process, and spares the last of the day."""

    def __init__(self, guild: Guild, *, now: Callable[[], float] = time.monotonic) -> None:
        """Start with none; ``now`` counts seconds and never jumps."""
        self._guild = guild
        self._now = now
        self._made: deque[float] = deque(maxlen=_MANY)
        self._short = 0  # connections in a row that did not last
        self._up_since: float | None = None

    async def check(self) -> None:
        """Raise a sentence instead of spending the last sign-ins of the day."""
        try:
            told = await self._guild.call("GET /gateway/bot")
            limit = _Limit.model_validate(told["session_start_limit"])
        except (TwokeyError, ValidationError, LookupError, TypeError) as error:
            log.warning("How often we may connect can't be read: %s", type(error).__name__)
            self._check_own()
            return
        if limit.remaining < _FEW:
            seconds = limit.reset_after / 1_000
            raise TooOften(
                f"Discord lets this bot connect only {limit.remaining} more times within "
                f"{seconds / 60:.0f} min, and resets its token after the last: find out what "
                "connects so often. Twokey waits until then.",
                seconds=seconds,
            )

    async def spend(self) -> None:
        """Count one, unless it has to be spared."""
        await self.check()
        self._made.append(self._now())

    def came_up(self) -> None:
        """Note that Discord delivers."""
        self._up_since = self._now()

    def pause(self) -> float:
        """Return the seconds until the next one, now that a connection ended.

        They grow until a connection lasts: one that ends as soon as it is up would use up the day.
        """
        since, self._up_since = self._up_since, None
        if since is not None and self._now() - since >= _STABLE:
            self._short = 0
        seconds = min(SHORTEST_PAUSE * 2.0**self._short, _LONGEST_PAUSE)
        self._short = min(self._short + 1, _LONGEST_ROW)
        return seconds

    def _check_own(self) -> None:
        """Raise a sentence if we signed in often, and can't know how much is left."""
        if len(self._made) < _MANY:
            return
        seconds = self._made[0] + _HOUR - self._now()
        if seconds > 0:
            raise TooOften(
                f"Twokey connected to Discord {_MANY} times within an hour, and can't read how "
                "often it still may: find out what breaks the connection. Twokey waits "
                f"{seconds / 60:.0f} min.",
                seconds=seconds,
            )
