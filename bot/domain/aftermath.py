"""What people say about what was done: whether a step happened, and that the rest is mended."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.domain.approval import check_concerned, closed, refuse
from bot.domain.errors import Refusal
from bot.domain.plan import Receipt
from bot.domain.rollback import Resolution, Rollback, State, StepState


def settle(
    rollback: Rollback,
    *,
    person: str,
    step: str,
    happened: bool,
    at: datetime,
    askers: Collection[str] = (),
) -> Rollback:
    """Answer whether a step in doubt happened; a yes is still verified, a no is never re-sent."""
    check_concerned(rollback, person, askers, verb="settle")
    run = next((run for run in rollback.steps if run.name == step), None)
    if rollback.state is not State.WAITING or run is None or run.state is not StepState.IN_DOUBT:
        closed(rollback)
    if happened:
        receipt = run.receipt or Receipt(reference="", details={"settled_by": person})
        settled = replace(run, state=StepState.RUNNING, receipt=receipt, note="said to be done")
    else:
        settled = replace(run, state=StepState.FAILED, ended_at=at, note="said not to be done")
    changed = rollback.with_run(settled)
    if any(other.state is StepState.IN_DOUBT for other in changed.steps):
        return changed
    return replace(changed.to(State.RUNNING), doubt_until=None, token=rollback.token + 1)


def resolve(
    rollback: Rollback, *, person: str, because: str, at: datetime, askers: Collection[str] = ()
) -> Rollback:
    """Say that an end that kept its locks was looked after; a second person has to confirm."""
    check_concerned(rollback, person, askers, verb="resolve")
    if not rollback.state.keeps_locks or rollback.resolution is not None:
        closed(rollback)
    return replace(rollback, resolution=Resolution(by=person, because=because, at=at))


def confirm_resolution(
    rollback: Rollback,
    *,
    person: str,
    resolvers: Collection[str] = (),
    askers: Collection[str] = (),
) -> Rollback:
    """Confirm somebody else's resolution, which frees the locks.

    ``resolvers`` are the people who own the account that resolved it.
    """
    check_concerned(rollback, person, askers, verb="resolve")
    resolution = rollback.resolution
    if resolution is None or resolution.confirmed_by is not None:
        closed(rollback)
    if person == resolution.by or person in resolvers:
        refuse(
            rollback,
            Refusal.OWN_REQUEST,
            "You resolved it, so another person has to confirm. Nothing was changed.",
        )
    return replace(rollback, resolution=replace(resolution, confirmed_by=person))
