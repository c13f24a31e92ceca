"""What an interaction hands to the app: a token for one first response, and for later ones."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bot.workspace.discord import seed
from bot.workspace.discord.refusals import DiscordError
from bot.workspace.discord.world import Channel, user
from bot.workspace.wire import Json

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
GOOD_FOR: Final = 15 * 60


@dataclass
class Interaction:
    """Something that a person did, and what the app made of it."""

    id: str
    kind: int
    person: str
    channel: Channel
    until: float
    origin: Json | None  # the message that the button stands on, or that the dialog came from
    opened_by: "Interaction | None"  # the interaction that a submitted dialog answered
    name: str = ""  # of the command
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    answered: asyncio.Future[Json] = field(default_factory=asyncio.Future[Json])
    response: int = 0  # the type of the first response
    is_late: bool = False
    original: Json | None = None  # the message that `@original` means

    def metadata(self) -> Json:
        """What Discord writes into messages that answer it."""
        about: Json = {"id": self.id, "type": self.kind, "user": user(self.person)}
        about["authorizing_integration_owners"] = {"0": seed.GUILD["id"]}
        if self.kind == COMPONENT and self.origin:
            about["interacted_message_id"] = self.origin["id"]
        if self.kind == SUBMIT and self.opened_by:
            about["triggering_interaction_metadata"] = self.opened_by.metadata()
        return about


class Interactions:
    """All interactions by their tokens: three seconds for the first response, then 15 minutes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.dialogs: dict[str, Interaction] = {}  # by the dialog that each of them opened
        self._by_token: dict[str, Interaction] = {}

    def open(
        self, kind: int, person: str, channel: Channel, *, id_: str, name: str = "",
        origin: Json | None = None, opened_by: Interaction | None = None,
    ) -> Interaction:  # fmt: skip
        """Begin one."""
        until = self._clock() + GOOD_FOR
        opened = Interaction(id_, kind, person, channel, until, origin, opened_by, name)
        self._by_token[opened.token] = opened
        return opened

    def unanswered(self, id_: str, token: str) -> Interaction:
        """The one that can get its first response now."""
        found = self._by_token.get(token)
        if found is None or found.id != id_ or found.is_late:
            raise DiscordError(10062)
        if found.response:
            raise DiscordError(40060)
        return found

    def answered(self, application: str, token: str) -> Interaction:
        """The one that had its first response, and may get more."""
        found = self._by_token.get(token)
        if found is None or not found.response or application != seed.APP:
            raise DiscordError(10015)
        if self._clock() > found.until:
            raise DiscordError(50027)
        return found
