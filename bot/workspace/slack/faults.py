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
