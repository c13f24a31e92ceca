"""What an interaction hands to the app: a trigger for one dialog, an address for later answers."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.workspace.slack.world import SlackError


@dataclass
class Handle:
    """The right to do something for one person, a few times and for a while."""

    user: str
    until: float
    uses: int
    channel: str = ""
    original: str | None = None


class Handles:
    """All triggers (one use in three seconds) and addresses (five uses in half an hour)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._triggers: dict[str, Handle] = {}
        self._addresses: dict[str, Handle] = {}

    def trigger(self, user: str) -> str:
        """A new trigger for one person."""
        id_ = f"{secrets.randbelow(10**13)}.{secrets.token_hex(8)}"
        self._triggers[id_] = Handle(user=user, until=self._clock() + 3, uses=1)
        return id_

    def address(self, user: str, channel: str, *, original: str | None) -> str:
        """A new address for answers to one interaction, which perhaps came from a message."""
        id_ = secrets.token_urlsafe(18)
        until = self._clock() + 30 * 60
        self._addresses[id_] = Handle(user, until, uses=5, channel=channel, original=original)
        return id_

    def pull(self, id_: object) -> str:
        """Use a trigger up and say whose it was."""
        trigger = self._triggers.get(str(id_))
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        return self._use(trigger, late="expired_trigger_id", used="exchanged_trigger_id").user

    def visit(self, id_: str) -> Handle:
        """Use an address once."""
        address = self._addresses.get(id_)
        if address is None:
            raise SlackError("expired_url")
        return self._use(address, late="expired_url", used="used_url")

    def _use(self, handle: Handle, *, late: str, used: str) -> Handle:
        if not handle.uses:
            raise SlackError(used)
        if self._clock() > handle.until:
            raise SlackError(late)
        handle.uses -= 1
        return handle
