"""What every use case works with, handed over once by the composition root."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from bot.domain.allowance import Allowance
from bot.domain.errors import TwokeyError
from bot.domain.people import Account, Membership, People
from bot.domain.rollback import Rollback
from bot.domain.target import Place, Target
from bot.engine.foreground import Foreground
from bot.engine.patience import Patience
from bot.engine.registry import Registry
from bot.engine.turns import Turns
from bot.ports import Clock, Directory, Durable, Store, Tools, Verifier

log = logging.getLogger("twokey.engine")

# More at once would not be done sooner, but hold up each other and every decision meanwhile.
_PLANS_AT_ONCE: Final = 8


def in_words(error: Exception, *, doing: str) -> str:
    """Say to people what went wrong; what only a programmer understands goes to the log."""
    if isinstance(error, TwokeyError):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"{doing} took too long"
    log.error("%s failed: %r", doing, error, exc_info=error)
    return f"{doing} failed unexpectedly ({type(error).__name__}), the log says more"


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
    settle: float = 45.0  # a lost call may still land within this time: no call lives longer
    verify: float = 60.0
    doubt: float = 86_400.0
    tick: float = 1.0  # how often the sweeper looks at what runs


class _Keys:
    """The directory of keys: whoever still has one in the people map is a member."""

    async def membership(self, account: Account) -> Membership:
        return Membership.FULL


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
    may_execute: Callable[[], bool] = lambda: True  # of several processes, one at a time
    limits: Limits = Limits()
    allowance: Allowance = field(default_factory=Allowance)
    verifier: Verifier | None = None  # without it nobody's key is believed
    foreground: Foreground = field(default_factory=Foreground)
    planning: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(_PLANS_AT_ONCE), init=False
    )
    turns: Turns = field(default_factory=Turns, init=False)  # from a beginning to its call
    looks: Turns = field(default_factory=Turns, init=False)  # back at what a call did
    patience: Patience = field(default_factory=Patience, init=False)  # with silent directories
    to_take_over: set[str] = field(default_factory=set[str], init=False)  # lost, and in line
    _executing: dict[str, dict[str, asyncio.Task[Any]]] = field(  # by rollback, then by execution
        default_factory=dict[str, dict[str, asyncio.Task[Any]]], init=False
    )
    _busy: dict[str, asyncio.Task[None]] = field(
        default_factory=dict[str, asyncio.Task[None]], init=False
    )

    def target(self, *, name: str, environment: str) -> Target | None:
        """Return the target as it is configured now."""
        for target in self.targets:
            if (target.name, target.environment) == (name, environment):
                return target
        return None

    def targets_of(self, place: Place) -> tuple[Target, ...]:
        """Return the targets of the workspace that this place is in; others learn of none."""
        return tuple(
            target
            for target in self.targets
            if place.is_terminal or any(channel.home == place.home for channel in target.channels)
        )

    def directory(self, account: Account) -> Directory | None:
        """Return the directory that knows this account."""
        return _Keys() if account.is_key else self.directories.get(account.platform)

    @property
    def executes(self) -> bool:
        """Tell whether planning, claiming and running are up to this process now."""
        return self.tools is not None and self.may_execute()

    def require_tools(self) -> ToolBox:
        """Return the tools; only the executor role has any."""
        if self.tools is None:
            raise RuntimeError("the chat role has no provider secrets and can't plan or run")
        return self.tools

    @property
    def in_good_hands(self) -> frozenset[str]:
        """Return the ids of all that are executed here, or will be in their turn."""
        return frozenset(self._executing) | self.to_take_over

    def is_at_work(self, rollback: Rollback) -> bool:
        """Tell whether this process claims, starts or executes it right now."""
        busy = (f"claim {rollback.id}", f"start {rollback.execution}")
        return rollback.id in self._executing or any(map(self.is_busy, busy))

    @contextmanager
    def executing(self, execution: str) -> Generator[None]:
        """Keep an execution in mind for as long as it is under way."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("an execution needs a task, so that it can be ended")
        rollback_id = execution.rpartition(".")[0]
        under_way = self._executing.setdefault(rollback_id, {})
        under_way[execution] = task
        try:
            yield
        finally:
            del under_way[execution]
            if not under_way:
                del self._executing[rollback_id]

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

    @property
    def tasks(self) -> tuple[asyncio.Task[Any], ...]:
        """Return all that is being done in this process right now."""
        executing = (task for one in self._executing.values() for task in one.values())
        return (*self._busy.values(), *executing)

    async def close(self) -> None:
        """Cancel what is in flight; the journal says afterwards what is in doubt."""
        tasks = self.tasks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
