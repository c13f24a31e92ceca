"""Everything that one guild is made of, and one call of one of Discord's operations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from bot.workspace.discord.commands import Registry
from bot.workspace.discord.faults import Fault
from bot.workspace.discord.gateway import Gateway
from bot.workspace.discord.handles import Interactions
from bot.workspace.discord.limits import Limits
from bot.workspace.discord.world import Channel, World
from bot.workspace.mischief import Mischief
from bot.workspace.shop import Shop
from bot.workspace.wire import Json


@dataclass
class Room:
    """One guild: its state, its doors, its limits; `url` is known once it listens."""

    world: World
    commands: Registry
    interactions: Interactions
    limits: Limits
    mischief: Mischief[Fault]
    gateway: Gateway
    shop: Shop
    url: str = ""

    @property
    def api_url(self) -> str:
        """The base of the HTTP API, as clients want it."""
        return f"{self.url}/api/v10"

    @property
    def gateway_url(self) -> str:
        """The address of the gateway."""
        return f"{self.url.replace('http', 'ws', 1)}/gw"

    @property
    def bot_token(self) -> str:
        """The token that is good at present."""
        return self.gateway.token


@dataclass(frozen=True)
class Call:
    """One call of an operation."""

    room: Room
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any

    @property
    def world(self) -> World:
        """The state that the call reads and changes."""
        return self.room.world

    @property
    def arguments(self) -> Json:
        """The body where it is an object."""
        return cast("Json", self.body) if isinstance(self.body, dict) else {}

    def flag(self, name: str) -> bool:
        """Whether a part of the query is on, in any of the forms in which clients send it."""
        return self.query.get(name, "").lower() in ("1", "true")

    def channel(self, *permissions: int) -> Channel:
        """The channel in the path, in which the bot needs these permissions."""
        channel = self.world.channel(self.path["channel"])
        channel.check(*permissions)
        return channel


@dataclass(frozen=True)
class Operation:
    """One route of the HTTP API, by its name in Discord's OpenAPI document."""

    verb: str
    path: str
    name: str
    run: Callable[[Call], Any]
    status: int = 200
    needs_token: bool = True  # interactions carry their own in the path
