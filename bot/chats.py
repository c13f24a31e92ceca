"""What a chat platform brings along, whichever it is: its messages, its people, its deliveries."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.people import Account
from bot.invocation import Desk
from bot.listener import Handler
from bot.ports import Chat, Directory

Routes = Mapping[str, Handler]


class Gateway(Protocol):
    """The way in which deliveries arrive."""

    def routes(self) -> Routes:
        """Return what answers HTTP at which address."""
        ...

    async def start(self) -> None:
        """Check what was configured, and begin to take deliveries."""
        ...

    async def stop(self) -> None:
        """End what was taken."""
        ...

    async def is_connected(self) -> bool:
        """Tell whether the platform can deliver right now."""
        ...


class WarmDirectory(Directory, Protocol):
    """A directory that can be read ahead."""

    async def warm(self, accounts: Iterable[Account]) -> None:
        """Read these again, those of other platforms aside."""
        ...


@dataclass(frozen=True, slots=True)
class Platform:
    """One chat platform as it was configured."""

    name: str  # as accounts and places call it
    title: str  # as people call it
    chat: Chat
    directory: WarmDirectory
    gateway_to: Callable[[Desk], Gateway]
    routes: Routes = field(default_factory=dict[str, Handler])  # beside those of its gateway
    tells_all: bool = False  # every process that is connected hears everything
