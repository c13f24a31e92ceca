"""The first paragraph of the summary: what happened, proven by what, and what it means for data."""

from collections.abc import Iterator
from typing import Final

from bot.domain.people import People
from bot.domain.rollback import Rollback, State, StepState
from bot.domain.target import Risk
from notifications.changes import affected, change, label, named, unique
from notifications.endings import ending, proof
from notifications.words import capitalised, cut, duration, ended, listed, plain

_LOST: Final = 300
_MOST: Final = 5


def paragraph(rollback: Rollback, people: People) -> str:
    """Tell the whole of it in a few sentences, each of which something proves."""
    told = _success(rollback) if rollback.state is State.SUCCEEDED else _other(rollback, people)
    return " ".join((*told, *_data(rollback)))


def data_statement(rollback: Rollback) -> str:
    """Say what the plan says about data, for the steps that had an effect; empty if none had."""
    doubts = [run.name for run in rollback.steps if run.state is StepState.IN_DOUBT]
    if doubts:
        return f"Whether {listed([named(rollback, d) for d in doubts])} had an effect is not known."
    done = affected(rollback)
    if not done:
        return ""
    lost = listed(unique(item for step in done for item in step.preview.stays_lost), separator="; ")
    if any(step.risk is Risk.DESTRUCTIVE for step in done):
        return f"Lost for good, by the plan: {ended(cut(lost, _LOST) or 'it does not say what')}"
    if lost:
        return f"Did not come back, by the plan: {ended(cut(lost, _LOST))}"
    return "The plan names nothing that was lost or did not come back."


def _success(rollback: Rollback) -> Iterator[str]:
    plan, outcome = rollback.plan, rollback.outcome
    if plan is None or outcome is None:
        return
    done = [f"{label(plan, step)} {change(step)}" for step in affected(rollback)]
    yield f"Rolled back: {listed(done, most=_MOST) or 'nothing, it was there already'}."
    yield from _mended(rollback)
    looks = proof(rollback)
    yield f"Verified by {looks}." if looks else "Nothing looked whether it worked."
    yield f"It took {duration(outcome.at - rollback.asked_at)} from the request to the end."


def _mended(rollback: Rollback) -> Iterator[str]:
    """Say which checks failed when the plan was made and hold now."""
    broken = {one.name for one in rollback.plan.baseline if not one.holds} if rollback.plan else ()
    mended = [one.name for one in rollback.checks if one.holds and one.name in broken]
    if mended:
        yield f"Failed before and passes now: {listed(mended, most=_MOST)}."


def _other(rollback: Rollback, people: People) -> Iterator[str]:
    yield plain(capitalised(ending(rollback, people)), rollback)


def _data(rollback: Rollback) -> Iterator[str]:
    statement = data_statement(rollback)
    if statement:
        yield statement
