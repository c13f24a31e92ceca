"""How it ended, in one sentence per way to end; only what the state proves."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from bot.domain.people import People
from bot.domain.plan import Evidence
from bot.domain.rollback import Outcome, Rollback, State, StepRun, StepState
from bot.message import Code, When
from notifications.changes import named
from notifications.waiting import silence
from notifications.words import (
    Inlines,
    capitalised,
    counted,
    cut,
    duration,
    ended,
    listed,
)

_REASON: Final = 300
_NOTE: Final = 120
_NOTHING: Final = "Nothing was changed."
_GROUPS: Final = (
    ("done", frozenset({StepState.DONE, StepState.SKIPPED})),
    ("not confirmed", frozenset({StepState.UNVERIFIED})),
    ("in doubt", frozenset({StepState.IN_DOUBT})),
    ("not done", frozenset({StepState.FAILED})),
    ("not ended", frozenset({StepState.RUNNING})),
    ("not started", frozenset({StepState.NOT_STARTED, StepState.STALE})),
)


def ending(rollback: Rollback, people: People) -> Inlines:
    """Say how it ended, as a sentence that begins without a capital."""
    outcome = rollback.outcome
    if outcome is None:
        return ("it ended; how is not known.",)
    return _ENDINGS[rollback.state](rollback, outcome, people)


def failing(evidence: tuple[Evidence, ...]) -> str:
    """Say what the looks that found something else expected and saw; empty if there are none."""
    return listed([found(one) for one in evidence if not one.holds], most=3, separator="; ")


def found(one: Evidence) -> str:
    """Say what a look expected and saw."""
    return f"{one.name}: {_difference(one)}"


def observed(evidence: tuple[Evidence, ...], *, most: int) -> str:
    """Say which looks held and what the others saw; empty if nobody looked."""
    seen = [f"{e.name} {'held' if e.holds else f'failed: {_difference(e)}'}" for e in evidence]
    return listed(seen, most=most, separator="; ")


def _difference(one: Evidence) -> str:
    return f"expected {cut(one.expected, 60)}, saw {cut(one.seen, 60)}"


def proof(rollback: Rollback) -> str:
    """Count the independent looks that held; empty if there was none."""
    checks = sum(one.holds for one in rollback.checks)
    reads = sum(one.holds for run in rollback.steps for one in run.evidence)
    counts = {"check": checks, "read-back": reads}
    return " and ".join(counted(count, noun) for noun, count in counts.items() if count)


def aftermath(rollback: Rollback, people: People) -> Inlines:
    """Say what an end that keeps its locks asks of people."""
    resolution = rollback.resolution
    if resolution is None:
        return ("What it touched stays locked until two people say that it was looked after.",)
    words = f"{people.name(resolution.by)} looked after it: “{cut(resolution.because, _REASON)}”."
    if resolution.confirmed_by is None:
        return (f"{words} It stays locked until another person confirms.",)
    return (f"{words} {people.name(resolution.confirmed_by)} confirmed; nothing is locked.",)


def _succeeded(rollback: Rollback, outcome: Outcome, _people: People) -> Inlines:
    since = outcome.at - rollback.quorum_at if rollback.quorum_at else None
    after = f", {duration(since)} after the last approval" if since is not None else ""
    looks = proof(rollback)
    if looks:
        return ("verified ", When(outcome.at), f" by {looks}{after}.")
    return ("done ", When(outcome.at), f"{after}; nothing looked whether it worked.")


def _unverified(rollback: Rollback, outcome: Outcome, _people: People) -> Inlines:
    broken = failing(rollback.checks)
    if broken:
        return ("all steps are done, but production is not as it has to be: ", ended(broken))
    return (
        "it was sent, reading it back did not confirm it: ",
        ended(cut(outcome.because, _REASON) or "no words were given"),
    )


def _unfinished(rollback: Rollback, _outcome: Outcome, _people: People) -> Inlines:
    return (_what_was_done(rollback),)


def _aborted(rollback: Rollback, outcome: Outcome, people: People) -> Inlines:
    done = capitalised((_what_was_done(rollback),))
    return ("stopped", *_by_and_at(outcome, people), ". ", *done)


def _needs_human(rollback: Rollback, outcome: Outcome, _people: People) -> Inlines:
    because = ended(cut(outcome.because, _REASON) or "it can't go on by itself")
    return (f"{because} ", *capitalised((_what_was_done(rollback),)))


def _refused(_rollback: Rollback, outcome: Outcome, _people: People) -> Inlines:
    because = ended(cut(outcome.because, _REASON) or "no words were given")
    nothing = "" if _NOTHING in because else f" {_NOTHING}"
    return (f"it could not be planned: {because}{nothing}",)


def _rejected(_rollback: Rollback, outcome: Outcome, people: People) -> Inlines:
    because = f": “{cut(outcome.because, _REASON)}”" if outcome.because else ""
    return ("rejected", *_by_and_at(outcome, people), f"{because}. {_NOTHING}")


def _cancelled(_rollback: Rollback, outcome: Outcome, people: People) -> Inlines:
    because = f", {cut(outcome.because, _REASON)}" if outcome.because else ""
    return ("cancelled", *_by_and_at(outcome, people), f"{because}. {_NOTHING}")


def _expired(rollback: Rollback, outcome: Outcome, people: People) -> Inlines:
    again = Code(f"/rollback {rollback.target} in {rollback.environment}")
    got = f"{rollback.given} of {rollback.policy.approvals} approvals"
    if rollback.missing == 0:
        got = f"{got}, but not started"
    if rollback.unread:
        got = f"{got} because {silence(rollback.unread, people, is_over=True)}"
    ways = (f". {_NOTHING} Ask again with ", again, ".")
    return (f"{got} by ", When(outcome.at), *ways)


def _stale(_rollback: Rollback, outcome: Outcome, _people: People) -> Inlines:
    because = ended(cut(outcome.because, _REASON) or "no words were given")
    return (f"the plan no longer fits: {because} {_NOTHING}",)


_ENDINGS: Final[Mapping[State, Callable[[Rollback, Outcome, People], Inlines]]] = {
    State.SUCCEEDED: _succeeded,
    State.UNVERIFIED: _unverified,
    State.PARTIAL: _unfinished,
    State.FAILED: _unfinished,
    State.ABORTED: _aborted,
    State.NEEDS_HUMAN: _needs_human,
    State.REFUSED: _refused,
    State.REJECTED: _rejected,
    State.CANCELLED: _cancelled,
    State.EXPIRED: _expired,
    State.STALE: _stale,
}


def _by_and_at(outcome: Outcome, people: People) -> Inlines:
    by = f" by {people.name(outcome.by)}" if outcome.by else ""
    return (f"{by}, ", When(outcome.at))


def _what_was_done(rollback: Rollback) -> str:
    return f"{'; '.join(_groups(rollback)) or 'what was done is not known'}."


def _groups(rollback: Rollback) -> Iterator[str]:
    """Say which steps are done, which are not and why, and which never started."""
    for words, states in _GROUPS:
        runs = [run for run in rollback.steps if run.state in states]
        if runs:
            yield f"{words}: {listed([_with_note(rollback, run) for run in runs], most=5)}"


def _with_note(rollback: Rollback, run: StepRun) -> str:
    name = named(rollback, run.name)
    is_told = bool(run.note) and not run.state.is_complete
    return f"{name} ({cut(run.note, _NOTE).rstrip('.')})" if is_told else name
