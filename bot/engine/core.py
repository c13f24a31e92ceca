"""What every use case works with, handed over once by the composition root."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.domain.people import Account, People
from bot.domain.target import Target
from bot.engine.registry import Registry
from bot.ports import Clock, Directory, Durable, Store, Tools

log = logging.getLogger("twokey.engine")


class ToolBox(Protocol):
    """Makes the tools for one step, with just the secrets that its action declares."""

    def for_step(self, *, key: str, secrets: Sequence[str]) -> Tools:
        """Return tools that carry the step's key."""
        ...

    def scrub(self, text: str) -> str:
        """Return the text without any secret, short enough for people."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the engine waits for things; on the engine's clock, in seconds."""

    plan: float = 20.0
    step: float = 900.0  # one action, from the call to the system's own "done"
    settle: float = 10.0  # a lost call may still land within this time
    verify: float = 60.0
    doubt: float = 86_400.0
    tick: float = 1.0  # how often the sweeper looks at what runs


@dataclass(frozen=True)
class Engine:
    """The use cases' hands: the store, the doors to the outside, and who is who."""

    store: Store
    people: People
    targets: tuple[Target, ...]
    directories: Mapping[str, Directory]  # by platform
    registry: Registry
    clock: Clock
    new_id: Callable[[], str]
    durable: Durable
    tools: ToolBox | None = None  # None in the chat role: it never plans and never runs
    limits: Limits = Limits()
    running: set[str] = field(default_factory=set[str], init=False)  # executed in this process
    _busy: dict[str, asyncio.Task[None]] = field(
        default_factory=dict[str, asyncio.Task[None]], init=False
    )

    def target(self, *, name: str, environment: str) -> Target | None:
        """Return the target as it is configured now."""
        for target in self.targets:
            if (target.name, target.environment) == (name, environment):
                return target
        return None

    def directory(self, account: Account) -> Directory | None:
        """Return the directory that knows this account."""
        return self.directories.get(account.platform)

    def require_tools(self) -> ToolBox:
        """Return the tools; only the executor role has any."""
        if self.tools is None:
            raise RuntimeError("the chat role has no provider secrets and can't plan or run")
        return self.tools

    def is_busy(self, name: str) -> bool:
        """Tell whether this piece of work is being done in this process."""
        return name in self._busy

    def spawn(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do it beside everything else, once at a time; a failure is logged, then retried."""
        if name in self._busy:
            return
        task = asyncio.create_task(work(), name=name)
        self._busy[name] = task

        def forget(done: asyncio.Task[None]) -> None:
            self._busy.pop(name, None)
            if not done.cancelled() and (error := done.exception()) is not None:
                log.error("%s failed: %r", name, error, exc_info=error)

        task.add_done_callback(forget)

    async def close(self) -> None:
        """Cancel what is in flight; the journal says afterwards what is in doubt."""
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
