"""The notice, where its states differ."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.chat.markdown import to_text
from bot.domain.plan import Plan
from bot.domain.rollback import Rollback, State, StepRun, StepState
from bot.domain.target import Policy
from bot.message import Checklist, Mark
from notifications.notice import notice
from tests.bot import builders
from tests.notifications import stories
from tests.notifications.stories import PEOPLE, minutes


def shown(rollback: Rollback) -> str:
    """Return the notice as unbroken lines of text."""
    return to_text(notice(rollback, PEOPLE), width=500, day=builders.NOON.date())


def long_plan(count: int) -> Plan:
    """Return a plan of many steps, one after the other."""
    steps = tuple(
        builders.step(f"step-{n}", preview=builders.preview(subject=f"Service {n}"))
        for n in range(1, count + 1)
    )
    return builders.plan(*steps)


@pytest.mark.parametrize("state", [State.PLANNING, State.PENDING, State.QUORUM])
def test_a_missing_reason_is_asked_for(state: State) -> None:
    """Without a reason the notice says so and offers to add it, while people decide."""
    notices = notice(stories.at(state, reason=""), PEOPLE)

    assert "not said yet" in to_text(notices)
    assert [button.verb for button in stories.buttons(notices)] == ["reason"]


def test_a_given_reason_is_not_asked_for() -> None:
    """With a reason nothing is offered on the notice of a waiting request."""
    assert stories.buttons(notice(stories.at(State.PENDING), PEOPLE)) == []


def test_a_reason_comes_too_late_after_the_decision() -> None:
    """Once it runs, a missing reason stays missing."""
    running = notice(stories.at(State.RUNNING, reason=""), PEOPLE)

    assert "Issue      not said\n" in to_text(running)
    assert stories.buttons(running) == []


def test_whoever_approved_is_no_longer_waited_for() -> None:
    """The notice names the approvers who did not answer, never the requester."""
    half = stories.approved(stories.at(State.PENDING), "manager-one")

    assert "Awaiting approval 1/2" in shown(half)
    assert "Next       1 more approval in the thread: Manager Two\n" in shown(half)


def test_two_people_in_total_are_always_mentioned() -> None:
    """Where asking counts as one signature, the notice says how few people that makes."""
    small = stories.at(State.PENDING, policy=Policy(requester_counts=True))

    assert "Awaiting approval 1/2 · 2 people in total incl. requester" in shown(small)


def test_an_unknown_duration_is_said_to_be_unknown() -> None:
    """No estimate is made where the plan has none."""
    unknown = builders.plan(builders.step(preview=builders.preview(seconds=0)))

    assert "ETA        not known\n" in shown(builders.rollback(plan=unknown))


def test_a_version_that_was_asked_for_is_mentioned() -> None:
    """Approvers see that somebody chose the version by name."""
    chosen = stories.at(State.PENDING, wanted="v41")

    assert "Railway api v42 → v41 (v41 was asked for)\n" in shown(chosen)


def test_a_stop_is_seen_at_once() -> None:
    """After Stop the notice says who asked for it and what that means."""
    stopping = replace(stories.at(State.RUNNING), abort_by="manager-two")

    assert "Stopping · Manager Two asked for it: no further step starts" in shown(stopping)


def test_pins_are_the_words_of_steps_that_had_an_effect() -> None:
    """What stays different is told after the end, and only for steps that were done."""
    assert f"📌 {stories.PIN}" in shown(stories.at(State.SUCCEEDED))
    for state in (State.PENDING, State.RUNNING, State.REJECTED, State.FAILED):
        assert "📌" not in shown(stories.at(state))


def test_a_rollback_that_nothing_looked_at_is_not_called_verified() -> None:
    """Without any check and any read-back the end says that nobody knows whether it worked."""
    blind = stories.at(State.SUCCEEDED)
    blind = replace(blind, checks=(), steps=tuple(replace(r, evidence=()) for r in blind.steps))

    assert "nothing looked whether it worked" in shown(blind)
    assert "erified" not in notice(blind, PEOPLE).text


def test_an_approved_rollback_that_ran_out_of_time_says_so() -> None:
    """A quorum that could not become a start in time is not called too few approvals."""
    late = stories.at(State.QUORUM).end(State.EXPIRED, at=minutes(20))

    assert "2 of 2 approvals, but not started by 12:20 UTC." in shown(late)


@pytest.mark.parametrize("ended", [0, 1, 5, 20, 31])
def test_the_running_step_of_a_long_plan_is_in_sight(ended: int) -> None:
    """Of 32 steps at most ten are listed, the others counted, the running one always listed."""
    # given
    made = long_plan(32)
    runs = tuple(
        StepRun(step.name, StepState.DONE, started_at=minutes(1), ended_at=minutes(1))
        if n < ended
        else StepRun(step.name)
        for n, step in enumerate(made.steps)
    )
    started = replace(runs[ended], state=StepState.RUNNING, started_at=minutes(2))
    rollback = builders.rollback(
        state=State.RUNNING,
        plan=made,
        claimed_at=minutes(1),
        steps=(*runs[:ended], started, *runs[ended + 1 :]),
    )

    # when
    message = notice(rollback, PEOPLE)

    # then
    (checklist,) = (block for block in message.blocks if isinstance(block, Checklist))
    listed = [tick for tick in checklist.ticks if str(tick.parts[0]).startswith("Service")]
    counted = sum(int(n) for n in _counts(checklist))
    assert len(listed) == 10
    assert counted == 22
    assert [tick.mark for tick in listed].count(Mark.RUNNING) == 1
    assert f"step {ended + 1} of 32" in message.text


def _counts(checklist: Checklist) -> list[str]:
    said = [str(tick.parts[0]).split() for tick in checklist.ticks]
    return [
        words[1 if words[0] == "and" else 0] for words in said if words[-1] in {"more", "these"}
    ]


@pytest.mark.parametrize("state", [state for state in State if state.is_terminal])
def test_nothing_stays_open_after_the_end(state: State) -> None:
    """Once it ended, no tick looks as if it were still to come."""
    blocks = notice(stories.at(state), PEOPLE).blocks

    marks = {t.mark for b in blocks if isinstance(b, Checklist) for t in b.ticks}
    assert marks.isdisjoint({Mark.OPEN, Mark.RUNNING})


def test_steps_on_the_same_thing_are_told_apart() -> None:
    """Two steps that act on one subject also show their own names."""
    same = builders.plan(builders.step("freeze"), builders.step("roll-back"))

    text = shown(builders.rollback(plan=same))

    assert "☐ Railway api (freeze)" in text
    assert "☐ Railway api (roll-back)" in text


def test_a_deadline_on_another_day_carries_its_date() -> None:
    """A phone shows the date of a moment that is not on the day of the request."""
    late = builders.NOON + timedelta(hours=11, minutes=50)
    nightly = builders.rollback(
        asked_at=late,
        state=State.EXPIRED,
        outcome=None,
    )
    ended = replace(nightly, state=State.PENDING).end(
        State.EXPIRED, at=late + timedelta(minutes=30)
    )

    assert "by 2026-11-22 00:20 UTC" in notice(ended, PEOPLE).text


def test_a_run_that_may_not_go_on_says_so_at_once() -> None:
    """While what was sent is looked after, nobody waits for a step that will never start."""
    running = replace(stories.at(State.RUNNING), held="an approver left")

    assert "✗ No further step is started: an approver left\n" in shown(running)
    *begun, last = running.steps
    before_last = replace(running, steps=(*begun, StepRun(last.name)))
    assert "– Verification · not reached\n" in shown(before_last)
    ended = running.end(State.NEEDS_HUMAN, at=minutes(9), because="an approver left")
    assert "No further step is started" not in shown(ended)


def test_a_held_run_whose_calls_were_all_made_is_verified() -> None:
    """Once each step is done there is none left to start, and nothing red stands in the notice."""
    verifying = replace(stories.at(State.VERIFYING), held="an approver left")

    assert "No further step is started" not in shown(verifying)
    assert "▶ Verification" in shown(verifying)
