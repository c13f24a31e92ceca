"""What was done so far: one tick for each step of the plan, and one for the verification."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from bot.domain.plan import Plan, Step
from bot.domain.rollback import Rollback, State, StepRun, StepState
from bot.message import Checklist, Mark, Tick, When
from notifications.changes import change, label
from notifications.endings import failing
from notifications.words import Inlines, counted, cut, duration

MOST_TICKS: Final = 10
_NOTE: Final = 120


def actions_taken(rollback: Rollback) -> Checklist:
    """List every step with what became of it; in a long plan the part where things happen."""
    plan = rollback.plan
    if plan is None:
        is_over = rollback.state.is_terminal
        nothing = (
            Tick(Mark.SKIPPED, ("None: there was no plan",))
            if is_over
            else Tick(Mark.OPEN, ("The steps are not known yet",))
        )
        return Checklist("Actions taken", (nothing,))
    steps = _window(tuple(step_ticks(rollback, plan)))
    ticks = (*steps, *_held(rollback), verification(rollback, plan))
    return Checklist("Actions taken", ticks)


def step_ticks(rollback: Rollback, plan: Plan) -> Iterator[Tick]:
    """Make one tick for each step, in the plan's order."""
    for step in plan.steps:
        run = next((run for run in rollback.steps if run.name == step.name), StepRun(step.name))
        mark, words = _WORDS[run.state](step, run)
        if (rollback.state.is_terminal or rollback.held) and mark is Mark.OPEN:
            mark, words = Mark.SKIPPED, (" · not started",)
        yield Tick(mark, (label(plan, step), *words))


def verification(rollback: Rollback, plan: Plan) -> Tick:
    """Make the last tick: whether production was seen to be as it has to be."""
    if rollback.state is State.SUCCEEDED:
        holding = f" · {counted(len(rollback.checks), 'check')} held" if rollback.checks else ""
        looked = holding or " · each step was read back"
        return Tick(Mark.DONE, (f"Verification complete{looked}",))
    broken = failing(rollback.checks)
    if broken:
        return Tick(Mark.FAILED, ("Verification failed · ", broken))
    if rollback.state is State.VERIFYING:
        names = ", ".join(check.name for check in plan.checks) or "reading back"
        return Tick(Mark.RUNNING, ("Verification · ", cut(names, _NOTE)))
    is_out_of_reach = rollback.held and any(
        run.state is StepState.NOT_STARTED for run in rollback.steps
    )
    if rollback.state.is_terminal or is_out_of_reach:
        return Tick(Mark.SKIPPED, ("Verification · not reached",))
    return Tick(Mark.OPEN, ("Verification complete",))


def _held(rollback: Rollback) -> Iterator[Tick]:
    """Say why nothing more is started, while what was sent is still looked after."""
    is_unfinished = any(not run.state.is_complete for run in rollback.steps)
    if rollback.held and is_unfinished and not rollback.state.is_terminal:
        yield Tick(Mark.FAILED, (f"No further step is started: {rollback.held}",))


def _window(ticks: tuple[Tick, ...]) -> tuple[Tick, ...]:
    """Show the ticks from the last complete one on, and count the others."""
    if len(ticks) <= MOST_TICKS:
        return ticks
    complete = {Mark.DONE, Mark.SKIPPED}
    first_open = next((i for i, tick in enumerate(ticks) if tick.mark not in complete), 0)
    start = min(max(0, first_open - 1), len(ticks) - MOST_TICKS)
    shown = ticks[start : start + MOST_TICKS]
    behind = len(ticks) - start - len(shown)
    earlier = (Tick(Mark.DONE, (f"{counted(start, 'step')} before these",)),) if start else ()
    later = (Tick(ticks[-1].mark, (f"and {behind} more",)),) if behind else ()
    return (*earlier, *shown, *later)


def _open(_step: Step, _run: StepRun) -> tuple[Mark, Inlines]:
    return Mark.OPEN, ()


def _running(step: Step, run: StepRun) -> tuple[Mark, Inlines]:
    doing = ", being read back" if run.receipt else ""
    since = (" · since ", When(run.started_at)) if run.started_at else ()
    return Mark.RUNNING, (f" · {change(step)}{doing}", *since)


def _in_doubt(step: Step, _run: StepRun) -> tuple[Mark, Inlines]:
    return Mark.DOUBT, (f" · {change(step)} · sent, the answer was lost",)


def _done(step: Step, run: StepRun) -> tuple[Mark, Inlines]:
    took = f" · {duration(run.seconds)}" if run.seconds is not None else ""
    return Mark.DONE, (f"{took} · {change(step)}",)


def _skipped(_step: Step, run: StepRun) -> tuple[Mark, Inlines]:
    return Mark.SKIPPED, (f" · nothing to do{_note(run)}",)


def _unverified(_step: Step, run: StepRun) -> tuple[Mark, Inlines]:
    return Mark.FAILED, (f" · not confirmed{_note(run)}",)


def _failed(_step: Step, run: StepRun) -> tuple[Mark, Inlines]:
    return Mark.FAILED, (f" · not done{_note(run)}",)


def _stale(_step: Step, run: StepRun) -> tuple[Mark, Inlines]:
    return Mark.FAILED, (f" · not started{_note(run)}",)


def _note(run: StepRun) -> str:
    return f": {cut(run.note, _NOTE)}" if run.note else ""


_WORDS: Final[Mapping[StepState, Callable[[Step, StepRun], tuple[Mark, Inlines]]]] = {
    StepState.NOT_STARTED: _open,
    StepState.RUNNING: _running,
    StepState.IN_DOUBT: _in_doubt,
    StepState.DONE: _done,
    StepState.SKIPPED: _skipped,
    StepState.UNVERIFIED: _unverified,
    StepState.FAILED: _failed,
    StepState.STALE: _stale,
}
