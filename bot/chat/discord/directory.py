"""Who somebody is in a Discord server, read at most a minute ago."""

import asyncio
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from bot.chat.discord.discreet import log
from bot.chat.discord.guild import Guild
from bot.domain.errors import TwokeyError
from bot.domain.people import Account, Membership
from bot.ports import ChatRefused, Remedy

_FRESH_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 1.5
_IS_GUEST: Final = 1 << 4  # came by an invitation that lasts until they leave


class _User(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    id: str
    bot: bool = False
    system: bool = False


class _Member(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    user: _User
    flags: int
    pending: bool = False
    communication_disabled_until: AwareDatetime | None = None


class DiscordDirectory:
    """Implements ``bot.ports.Directory`` for one server."""

    def __init__(
        self, guild: Guild, *, now: Callable[[], float], clock: Callable[[], datetime]
    ) -> None:
        """Start with nothing known.

        ``now`` counts seconds and never jumps; ``clock`` is the time of day, of which a time-out
        speaks.
        """
        self._guild = guild
        self._now = now
        self._clock = clock
        self._known: dict[Account, tuple[float, _Member]] = {}
        self._reading: dict[Account, asyncio.Task[Membership]] = {}

    async def membership(self, account: Account) -> Membership:
        """Return what the account is; whatever goes wrong makes it unreadable, never a member."""
        if not self._is_ours(account):
            return Membership.STRANGER
        read_at, known = self._known.get(account, (float("-inf"), None))
        if known is not None and self._now() - read_at <= _FRESH_SECONDS:
            return self._judged(known)
        return await self._read(account)

    async def warm(self, accounts: Iterable[Account]) -> None:
        """Read these again, one after the other, so that a click need not wait for it."""
        for account in accounts:
            if self._is_ours(account):
                await self._read(account)

    def _is_ours(self, account: Account) -> bool:
        return account.home == ("discord", self._guild.id) and _is_id(account.user)

    async def _read(self, account: Account) -> Membership:
        """Wait for what Discord says, as long as a click can wait; the reading itself goes on."""
        reading = self._reading.get(account)
        if reading is None:
            reading = self._reading[account] = asyncio.create_task(self._ask(account))
            reading.add_done_callback(lambda _: self._reading.pop(account))
        await asyncio.wait({reading}, timeout=_PATIENCE_SECONDS)
        if reading.done():
            return reading.result()
        log.warning("The directory can't be read for %s: too slow", account)
        return Membership.UNREADABLE

    async def _ask(self, account: Account) -> Membership:
        asked_at = self._now()
        self._known = {a: k for a, k in self._known.items() if asked_at - k[0] <= _FRESH_SECONDS}
        try:
            answer = await self._guild.call(
                "GET /guilds/{guild_id}/members/{user_id}",
                where=account.user,
                guild_id=self._guild.id,
                user_id=account.user,
            )
            member = _Member.model_validate_json(json.dumps(answer))
        except (TwokeyError, ValidationError) as error:
            if isinstance(error, ChatRefused) and error.remedy is Remedy.NONE:
                return Membership.STRANGER  # there is nobody whom Discord shows us
            because = "unknown form" if isinstance(error, ValidationError) else str(error)
            log.warning("The directory can't be read for %s: %s", account, because)
            return Membership.UNREADABLE
        if member.user.id != account.user or self._now() - asked_at > _FRESH_SECONDS:
            return Membership.UNREADABLE
        self._known[account] = (asked_at, member)
        return self._judged(member)

    def _judged(self, member: _Member) -> Membership:
        """Say what a member is right now: a time-out ends by itself."""
        until = member.communication_disabled_until
        if member.user.bot or member.user.system:
            return Membership.BOT
        if member.flags & _IS_GUEST:
            return Membership.GUEST
        if member.pending:
            return Membership.PENDING
        return Membership.TIMED_OUT if until and until > self._clock() else Membership.FULL


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit()
