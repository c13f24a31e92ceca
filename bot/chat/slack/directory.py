"""Who somebody is in a Slack team, read at most a minute ago."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from bot.chat.slack.blocks import Json
from bot.chat.slack.team import Team, log
from bot.domain.errors import TwokeyError
from bot.domain.people import Account, Membership
from bot.ports import ChatRefused, Remedy

_FRESH_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 1.5

# The first flag that is set decides. is_app_user is none of them: docs/adr/0006.
_FLAGS: Final = (
    ("deleted", Membership.DEACTIVATED),
    ("is_bot", Membership.BOT),
    ("is_workflow_bot", Membership.BOT),
    ("is_connector_bot", Membership.BOT),
    ("is_stranger", Membership.STRANGER),
    ("is_restricted", Membership.GUEST),
    ("is_ultra_restricted", Membership.GUEST),
    ("is_invited_user", Membership.INVITED),
)


class SlackDirectory:
    """Implements ``bot.ports.Directory`` for one team; ``now`` counts seconds and never jumps."""

    def __init__(self, team: Team, *, now: Callable[[], float]) -> None:
        """Start with nothing known."""
        self._team = team
        self._now = now
        self._known: dict[Account, tuple[float, Membership]] = {}

    async def membership(self, account: Account) -> Membership:
        """Return what the account is; whatever goes wrong makes it unreadable, never a member."""
        if (account.platform, account.tenant) != ("slack", self._team.id):
            return Membership.STRANGER
        read_at, known = self._known.get(account, (float("-inf"), Membership.UNREADABLE))
        if self._now() - read_at <= _FRESH_SECONDS:
            return known
        return await self._read(account)

    async def warm(self, accounts: Iterable[Account]) -> None:
        """Read these again, one after the other, so that a click need not wait for it."""
        for account in accounts:
            if (account.platform, account.tenant) == ("slack", self._team.id):
                await self._read(account)

    async def _read(self, account: Account) -> Membership:
        asked_at = self._now()
        self._known = {a: k for a, k in self._known.items() if asked_at - k[0] <= _FRESH_SECONDS}
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                answer = await self._team.call("users.info", user=account.user, where=account.user)
        except (TwokeyError, TimeoutError) as error:
            if isinstance(error, ChatRefused) and error.remedy is Remedy.NONE:
                return Membership.STRANGER  # there is nobody whom Slack shows us
            log.warning("The directory can't be read for %s: %s", account, str(error) or "too slow")
            return Membership.UNREADABLE
        membership = _membership(answer.get("user"), account)
        if membership is not Membership.UNREADABLE:
            self._known[account] = (asked_at, membership)
        return membership


def _membership(user: Json | None, account: Account) -> Membership:
    if not user or user.get("id") != account.user or user.get("deleted") not in {True, False}:
        return Membership.UNREADABLE
    if account.tenant not in _workspaces(user):
        return Membership.STRANGER
    match user:
        # Slack's own has no flag at all, and what acts for an app names it in its profile.
        case {"id": "USLACKBOT"} | {"profile": {"bot_id": str()}}:
            return Membership.BOT
        case _:
            pass
    return next((kind for flag, kind in _FLAGS if user.get(flag)), Membership.FULL)


def _workspaces(user: Json) -> set[object]:
    """Return where somebody belongs: in an Enterprise organisation that may be several teams."""
    match user:
        case {"enterprise_user": {"teams": [*teams]}}:
            return set(teams)  # team_id alone may name a workspace that somebody has left
        case _:
            return {user.get("team_id")}
