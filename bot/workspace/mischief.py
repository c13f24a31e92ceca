"""Faults on request that are still to come, in order, whatever chat they are of."""

from typing import Generic, Protocol, TypeVar


class Planned(Protocol):
    """One thing that goes wrong, some times."""

    @property
    def kind(self) -> str:
        """What goes wrong."""
        ...

    @property
    def times(self) -> int:
        """How often."""
        ...

    @property
    def method(self) -> str:
        """The call that it answers; empty for what hits deliveries."""
        ...


Fault = TypeVar("Fault", bound=Planned)


class Mischief(Generic[Fault]):
    """The faults that are still to come, in order."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []

    def plan(self, fault: Fault) -> None:
        """Keep a fault for its time."""
        self._planned += [fault] * fault.times

    def take(self, *kinds: str, method: str = "") -> Fault | None:
        """The next planned fault of these kinds, which is then over."""
        for fault in self._planned:
            if fault.kind in kinds and fault.method == method:
                self._planned.remove(fault)
                return fault
        return None
