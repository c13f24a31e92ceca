"""What an adapter offers, and the tools that are its whole world."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Protocol, Self

import httpx
from pydantic import BaseModel, ConfigDict

from bot.domain.errors import InDoubt, TwokeyError
from bot.domain.plan import Evidence, Preview, Receipt
from bot.domain.target import Effect, Risk


class Tools(Protocol):
    """Everything an action may use; it reaches the world through nothing else."""

    @property
    def key(self) -> str:
        """Return the step's own key: ``rollback/step/attempt``; the same after a restart."""
        ...

    @property
    def http(self) -> httpx.AsyncClient:
        """Return the shared client: no redirects, bounded time, configured hosts only."""
        ...

    def now(self) -> datetime:
        """Return the time of the engine's clock."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait, on the engine's clock."""
        ...

    def secret(self, name: str) -> str:
        """Return a secret that the action declared by name."""
        ...

    def base_url(self, system: str) -> str:
        """Return where a system answers, such as ``vercel``; a setting, without trailing slash."""
        ...


class Action(BaseModel, ABC):
    """One thing that can be done to one outside system; its fields are its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    use: ClassVar[str]
    risk: ClassVar[Risk] = Risk.REVERSIBLE
    effect: ClassVar[Effect]
    secrets: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    async def preview(self, tools: Tools) -> Preview:
        """Read what would change, resolved to immutable ids; any number of times.

        Raises ``Refused`` with code ``not_plannable`` when there is nothing it could go back to,
        ``Unreachable`` when the system can't be read.
        """

    async def reread(self, tools: Tools, approved: Preview) -> Preview:
        """Read again, right before the step, whether it would still do what was approved.

        The step waits for it: an adapter that can tell in fewer round trips does that here.
        """
        return await self.preview(tools)

    def bound(self, preview: Preview) -> Self:
        """Return this action tied to exactly what was previewed; what a plan holds."""
        return self

    def wanting(self, version: str) -> Self:
        """Return this action aimed at the version somebody asked for; refuse if it has none."""
        raise TwokeyError(f"{self.use} can't go to a version by name; {version!r} was asked for.")

    @abstractmethod
    async def execute(self, tools: Tools, preview: Preview) -> Receipt:
        """Do it, one try, and return when the system says it is done.

        ``preview`` was read a moment ago and agrees with what was approved: no need to read again.
        Raises ``NotApplied`` if the system proved that nothing happened; anything else raised
        means that it may have happened.
        """

    async def probe(self, tools: Tools, preview: Preview) -> Receipt | bool:
        """After a crash or a lost answer: return the receipt if it happened, False if it did not.

        Raises ``InDoubt`` if nobody but a person can tell.
        """
        raise InDoubt(f"{self.use} can't be read back, so only a person can tell.")

    @abstractmethod
    async def verify(
        self, tools: Tools, preview: Preview, receipt: Receipt
    ) -> tuple[Evidence, ...]:
        """Read the live system again, independently of the write's own answer."""

    async def undo(self, tools: Tools, preview: Preview, receipt: Receipt) -> Receipt:
        """Take it back; the default says that there is no way."""
        raise TwokeyError(f"{self.use} can't be undone by itself.")


class Assertion(BaseModel, ABC):
    """One check of production, observed before and after; its fields are its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    use: ClassVar[str]
    secrets: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    async def observe(self, tools: Tools, name: str) -> Evidence:
        """Look once; a check that can't look says so in its evidence and does not hold."""

    @abstractmethod
    async def confirm(self, tools: Tools, name: str) -> Evidence:
        """Look until it held often enough in a row, or its time is over."""


ActionTypes = Mapping[str, type[Action]]
AssertionTypes = Mapping[str, type[Assertion]]
