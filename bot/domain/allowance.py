"""How much may be asked for, so that nobody wears the approvers out or crowds others out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.errors import Refusal, Refused
from bot.domain.rollback import State

PERSON_WINDOW: Final = timedelta(minutes=10)
COOL_DOWN: Final = timedelta(minutes=30)
MOST_REJECTED: Final = 3
LOOKED_BACK: Final = max(PERSON_WINDOW, COOL_DOWN)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an operator allows."""

    open: int = 50  # requests of one workspace that wait for a decision at the same time
    per_person: int = 10  # requests of one person within ten minutes


@dataclass(frozen=True, slots=True)
class Asked:
    """What counts of an earlier request."""

    target: str
    environment: str
    requester: str
    at: datetime
    state: State


def check_allowance(
    allowance: Allowance, asked: Asked, *, earlier: Sequence[Asked], undecided: int
) -> None:
    """Refuse a request that is one too many, and say when there may be another one."""
    if undecided >= allowance.open:
        _refuse(
            f"{undecided} requests wait for a decision already, and there may be "
            f"{allowance.open}. Nothing was started. Decide or cancel some of them first: "
            "/rollback status names them."
        )
    mine = [
        one.at
        for one in earlier
        if one.requester == asked.requester and asked.at - one.at < PERSON_WINDOW
    ]
    if len(mine) >= allowance.per_person:
        again = sorted(mine)[-allowance.per_person] + PERSON_WINDOW
        _refuse(
            f"You asked for {len(mine)} rollbacks within ten minutes, and one person may ask for "
            f"{allowance.per_person}. Nothing was started. Ask again from {_clock(again)}, or let "
            "somebody else ask."
        )
    rejected = [
        one.at
        for one in earlier
        if (one.target, one.environment) == (asked.target, asked.environment)
        and one.state is State.REJECTED
        and asked.at - one.at < COOL_DOWN
    ]
    if len(rejected) >= MOST_REJECTED:
        again = sorted(rejected)[-MOST_REJECTED] + COOL_DOWN
        _refuse(
            f"{asked.target} ({asked.environment}) was asked for and rejected {len(rejected)} "
            "times within half an hour. Nothing was started. Talk to those who rejected it, and "
            f"ask again from {_clock(again)}."
        )


def _clock(at: datetime) -> str:
    """Write a moment so that it has come when the minute has."""
    return f"{at + timedelta(seconds=59):%H:%M} UTC"


def _refuse(sentence: str) -> None:
    raise Refused(Refusal.LIMIT, sentence)
