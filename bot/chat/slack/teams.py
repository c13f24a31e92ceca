"""The teams that Twokey serves: one chat and one directory in front of each team's own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from bot.chat.slack.client import SlackChat
from bot.chat.slack.directory import SlackDirectory
from bot.chat.slack.team import Team
from bot.domain.people import Account, Membership
from bot.domain.target import Place
from bot.message import Message
from bot.ports import ChatUnreachable, Reference

_ABSENT: Final = (
    "Twokey is not installed in the Slack team {team}: open /slack/install at its address. What "
    "waits is shown then."
)


@dataclass(frozen=True, slots=True)
class _Member:
    team: Team
    chat: SlackChat
    directory: SlackDirectory


class Teams:
    """Implements ``bot.ports.Chat`` and ``bot.ports.Directory`` for the teams that are admitted."""

    def __init__(self, *, now: Callable[[], float]) -> None:
        """Serve nobody yet; ``now`` counts seconds and never jumps."""
        self._now = now
        self._members: dict[str, _Member] = {}

    def admit(self, team: Team) -> None:
        """Serve a team from now on; a newer way into it replaces the older one."""
        directory = SlackDirectory(team, now=self._now)
        self._members[team.id] = _Member(team, SlackChat(team), directory)

    def dismiss(self, id_: str) -> None:
        """Serve a team no longer."""
        self._members.pop(id_, None)

    def team(self, id_: str) -> Team | None:
        """Return the way into a team, if it is served."""
        member = self._members.get(id_)
        return member.team if member else None

    async def post(
        self, place: Place, message: Message, *, thread: Reference | None, key: str
    ) -> Reference:
        """Post once, with the key as metadata."""
        return await self._chat(place).post(place, message, thread=thread, key=key)

    async def edit(self, reference: Reference, message: Message) -> None:
        """Replace the message."""
        await self._chat(reference.place).edit(reference, message)

    async def find(self, place: Place, *, thread: Reference | None, key: str) -> Reference | None:
        """Look for a message by its key."""
        return await self._chat(place).find(place, thread=thread, key=key)

    async def link(self, reference: Reference) -> str:
        """Return Slack's own address of the message."""
        return await self._chat(reference.place).link(reference)

    async def membership(self, account: Account) -> Membership:
        """Return what the account is in its team; in a team that is not there, nobody knows."""
        member = self._members.get(account.tenant)
        return await member.directory.membership(account) if member else Membership.UNREADABLE

    async def warm(self, accounts: Iterable[Account]) -> None:
        """Read these again, each in its team."""
        for account in accounts:
            if member := self._members.get(account.tenant):
                await member.directory.warm([account])

    def _chat(self, place: Place) -> SlackChat:
        if member := self._members.get(place.tenant):
            return member.chat
        raise ChatUnreachable(_ABSENT.format(team=place.tenant))
