"""Faults on request: wrong answers, double and late deliveries, lost connections and sessions."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Fault(BaseModel):
    """One thing that goes wrong: `http` answers calls of an operation, the others hit deliveries.

    `disconnect` asks the app to come back (op 7), and `invalid` ends its session (op 9), both at
    once. `drop` loses the connection with the next delivery, which a resumed session brings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["http", "duplicate", "delay", "disconnect", "drop", "invalid"]
    times: int = 1
    method: str = ""  # the operation by its name in Discord's OpenAPI document
    status: int = 500
    code: int = 0  # Discord's own; 30046 with status 429 is the edit that came too late
    retry_after: float = 1
    is_global: bool = False
    applied: bool = False  # the call works, and only its answer is wrong
    seconds: float = 0  # of delay, while the app's three seconds run
