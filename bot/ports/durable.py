"""Time, what carries work through crashes, and which process may do it."""

from collections.abc import Callable, Collection, Coroutine, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Clock(Protocol):
    """The time, and waiting for it."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long on this clock."""
        ...


class Steps(Protocol):
    """What a durable execution may do: run named pieces of work, remembered when they are done."""

    async def run(self, name: str, work: Callable[[], Coroutine[Any, Any, str]]) -> str:
        """Run one piece; after a crash a finished one answers at once, others run again."""
        ...

    async def run_all(
        self, pieces: Mapping[str, Callable[[], Coroutine[Any, Any, str]]]
    ) -> Mapping[str, str]:
        """Run several pieces side by side."""
        ...


Execution = Callable[[str, Steps], Coroutine[Any, Any, None]]


class Durable(Protocol):
    """Carries an execution through crashes; the truth about it is in the store, not here."""

    async def launch(self, execution: Execution) -> None:
        """Take the function that executions run, and resume what a crash interrupted."""
        ...

    async def start(self, execution_id: str) -> None:
        """Start an execution; the same id again is the same execution."""
        ...

    async def live(self, execution_ids: Collection[str]) -> frozenset[str]:
        """Return those of these executions that are running or will be resumed by themselves."""
        ...

    async def close(self) -> None:
        """Let go; what is unfinished is resumed by the next launch."""
        ...


class Lease(StrEnum):
    """What only one process at a time may do; the others stand by."""

    EXECUTION = "execution"  # planning, claiming and running
    DELIVERY = "delivery"  # showing people what is in the outbox
    RECEPTION = "reception"  # answering what a platform tells every process that is connected


class Leases(Protocol):
    """Says what is up to this process. A lease ends by itself, also for whoever was frozen."""

    def holds(self, lease: Lease) -> bool:
        """Tell whether nobody else can hold it at this moment."""
        ...
