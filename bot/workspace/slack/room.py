"""Everything that one workspace is made of, and one call of one of its methods."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.workspace.mischief import Mischief
from bot.workspace.shop import Shop
from bot.workspace.slack.faults import Fault
from bot.workspace.slack.handles import Handles
from bot.workspace.slack.limits import Limits
from bot.workspace.slack.sockets import Sockets
from bot.workspace.slack.world import World
from bot.workspace.wire import Json


@dataclass
class Room:
    """One workspace: its state, its doors, its limits; `url` is known once it listens."""

    world: World
    handles: Handles
    limits: Limits
    mischief: Mischief[Fault]
    sockets: Sockets
    shop: Shop
    bot_token: str
    app_token: str
    url: str = ""

    @property
    def api_url(self) -> str:
        """The base of the Web API, as clients want it."""
        return f"{self.url}/api/"


@dataclass(frozen=True)
class Call:
    """One call of a method of the Web API."""

    room: Room
    arguments: Json

    @property
    def world(self) -> World:
        """The state that the call reads and changes."""
        return self.room.world

    def text(self, name: str) -> str:
        """An argument as text, empty when it is missing."""
        return str(self.arguments.get(name) or "")

    def flag(self, name: str) -> bool:
        """Whether an argument is on, in any of the forms in which clients send it."""
        return self.text(name).lower() in ("1", "true")


Method = Callable[[Call], Json]
