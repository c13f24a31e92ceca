"""Faults on request: wrong answers, double and late deliveries, a lost connection."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Fault(BaseModel):
    """One thing that goes wrong: `http` answers calls of a method, the others hit deliveries."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["http", "duplicate", "delay", "disconnect"]
    times: int = 1
    method: str = ""
    status: int = 500
    error: str = "internal_error"
    retry_after: int = 1
    applied: bool = False  # the call works, and only its answer is wrong
    seconds: float = 0  # of delay, while the app's three seconds run


class Mischief:
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
