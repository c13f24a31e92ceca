"""What a plan changes, in words: every step by what it acts on, from where to where."""

from collections.abc import Iterable

from bot.domain.plan import Plan, Step
from bot.domain.rollback import Rollback, StepState
from notifications.words import counted, cut

_LABEL = 60
_AFFECTED = frozenset({StepState.DONE, StepState.UNVERIFIED})


def label(plan: Plan, step: Step) -> str:
    """Name a step by its subject, and by its own name where that would not tell it apart."""
    subject = cut(step.preview.subject, _LABEL)
    twins = sum(other.preview.subject == step.preview.subject for other in plan.steps)
    return f"{subject} ({step.name})" if twins > 1 else subject


def named(rollback: Rollback, name: str) -> str:
    """Name a step of which only the name is at hand."""
    if rollback.plan is None:
        return name
    known = (label(rollback.plan, step) for step in rollback.plan.steps if step.name == name)
    return next(known, name)


def change(step: Step) -> str:
    """Say from where to where a step goes."""
    before, after = cut(step.preview.before.label, 40), cut(step.preview.after.label, 40)
    return f"at {after} already" if step.preview.is_noop else f"{before} → {after}"


def changes(plan: Plan) -> tuple[str, ...]:
    """Say what each step changes."""
    return tuple(f"{label(plan, step)} {change(step)}" for step in plan.steps)


def goal(plan: Plan) -> str:
    """Say where all of it leads, in one word if the steps agree."""
    goals = unique(step.preview.after.label for step in plan.steps)
    return cut(goals[0], 40) if len(goals) == 1 else counted(len(plan.steps), "step")


def comes_back(plan: Plan) -> tuple[str, ...]:
    """Say what the steps bring back."""
    return unique(item for step in plan.steps for item in step.preview.comes_back)


def stays_lost(plan: Plan) -> tuple[str, ...]:
    """Say what no step brings back."""
    return unique(item for step in plan.steps for item in step.preview.stays_lost)


def undo(plan: Plan) -> tuple[str, ...]:
    """Say how each step is taken back, one way after the other."""
    steps = (step for step in plan.steps if not step.preview.is_noop)
    return unique(step.preview.undo or f"{step.name}: no way is known" for step in steps)


def affected(rollback: Rollback) -> tuple[Step, ...]:
    """Return the steps that had an effect, by their own system's word."""
    if rollback.plan is None:
        return ()
    happened = {run.name for run in rollback.steps if run.state in _AFFECTED}
    return tuple(step for step in rollback.plan.steps if step.name in happened)


def warnings(steps: Iterable[Step]) -> tuple[str, ...]:
    """Return what has to be kept in mind once these steps are done."""
    return unique(warning for step in steps for warning in step.preview.warnings)


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """Return the items in their order, each once."""
    return tuple(dict.fromkeys(items))
