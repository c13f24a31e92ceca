"""The summary: what is known afterwards, and what is said to be unknown."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.chat.markdown import to_markdown
from bot.domain.event import Event, Happening
from bot.domain.rollback import Rollback, State
from bot.message import Checklist
from notifications.report import report
from notifications.summary import Summary, summary, to_json
from tests.bot import builders
from tests.notifications import stories
from tests.notifications.stories import PEOPLE, minutes


def told(rollback: Rollback) -> Summary:
    """Return the summary of a rollback with its whole timeline."""
    return summary(rollback, stories.events(rollback), PEOPLE)


def test_the_first_paragraph_says_only_what_is_proven() -> None:
    """What was done, what mended, what looked, how long, and what the plan says about data."""
    assert told(stories.at(State.SUCCEEDED)).paragraph == (
        "Rolled back: Vercel shop v42 → v41, Railway api v42 → v41. "
        "Failed before and passes now: health. "
        "Verified by 1 check and 2 read-backs. "
        "It took 4 min 12 s from the request to the end. "
        "Did not come back, by the plan: database writes."
    )


def test_the_times_are_measured_between_known_moments() -> None:
    """Each time span lies between the two moments that its definition names."""
    times = told(stories.at(State.SUCCEEDED)).times

    assert times.decide == timedelta(minutes=12)
    assert times.approve == timedelta(minutes=2)
    assert times.restore == timedelta(minutes=0.9)
    assert times.verify == timedelta(minutes=1.2)
    assert times.total == timedelta(minutes=4.2)


def test_a_time_without_an_end_is_not_known() -> None:
    """What was never reached has no time, and the report says so in words."""
    cut_short = told(stories.at(State.PARTIAL))

    assert (cut_short.times.restore, cut_short.times.verify) == (None, None)
    assert "to restore not known · to verify not known" in to_markdown(report(cut_short))


def test_a_version_from_after_the_request_measures_nothing() -> None:
    """A version that was made after the request has no time to decide."""
    late = builders.preview(before=replace(builders.preview().before, made_at=minutes(5)))
    rollback = builders.rollback(plan=builders.plan(builders.step(preview=late)))

    assert summary(rollback, (), PEOPLE).times.decide is None


def test_nothing_is_said_about_data_where_nothing_happened() -> None:
    """A rollback without an effect says nothing about data."""
    assert told(stories.at(State.REJECTED)).data == ""
    assert told(stories.at(State.FAILED)).data == ""


def test_only_steps_with_an_effect_speak_about_data() -> None:
    """What a step that was not done would have lost is not called lost."""
    assert "database writes" not in told(stories.at(State.PARTIAL)).data


def test_a_step_in_doubt_leaves_the_data_unknown() -> None:
    """While nobody knows whether a step happened, nobody knows what it did to data."""
    assert told(stories.at(State.NEEDS_HUMAN)).data == (
        "Whether Railway api had an effect is not known."
    )


def test_a_destructive_step_has_lost_something() -> None:
    """The losses of a destructive step are for good."""
    ended = stories.at(State.SUCCEEDED)
    assert ended.plan is not None
    lossy = replace(ended, plan=stories.riskier(ended.plan))

    assert told(lossy).data == "Lost for good, by the plan: database writes."


def test_what_nobody_looked_at_is_listed() -> None:
    """Checks that did not run, steps that were not read back and blind spots are all named."""
    ended = stories.at(State.SUCCEEDED)
    blind = ended.with_run(replace(ended.run("backend"), evidence=()))

    assert told(blind).not_verified == (
        "Railway api was not read back",
        "whatever health can't see",
        "how long users had errors",
    )
    assert "health was not looked at" in told(stories.at(State.PARTIAL)).not_verified


def test_people_are_called_by_their_names() -> None:
    """Requester, approvers and whoever ended it are named with their times."""
    ended = told(stories.at(State.REJECTED))

    assert (ended.requester, ended.ended_by) == ("Responder", "Manager One")
    approved = told(stories.at(State.QUORUM)).signatures
    assert [(s.name, s.at) for s in approved] == [
        ("Manager One", minutes(1)),
        ("Manager Two", minutes(2)),
    ]


def test_the_timeline_begins_with_what_was_rolled_back() -> None:
    """The timeline runs from the making of the bad versions to the end, in order of time."""
    moments = told(stories.at(State.SUCCEEDED)).timeline

    assert [moment.words for moment in moments] == [
        "Railway api: v42 was made",
        "Vercel shop: v42 was made",
        "asked by Responder",
        "plan ready",
        "approved 1/2 by Manager One",
        "approved 2/2 by Manager Two",
        "start decided",
        "Vercel shop started",
        "Vercel shop done (18 s)",
        "Railway api started",
        "Railway api done (24 s)",
        "all steps done, checks started",
        "ended: succeeded",
    ]
    assert [m.at for m in moments] == sorted(m.at for m in moments)


def test_every_event_has_a_place_in_the_timeline_or_a_reason_not_to() -> None:
    """Each kind of event is told, unless another entry tells it or it is about no rollback."""
    rollback = stories.at(State.RUNNING)
    events = [
        Event(kind, minutes(n), rollback.id, details={"step": "backend"}, sequence=n)
        for n, kind in enumerate(Happening)
    ]
    moments = summary(rollback, events, PEOPLE).timeline

    told_otherwise = {Happening.QUORUM, Happening.EXECUTION_STARTED, Happening.REFUSED_DELIVERY}
    of_accounts = {Happening.LINK_OFFERED, Happening.LINK_PROVEN, Happening.LINK_REFUSED}
    untold = told_otherwise | of_accounts
    of_versions = 2
    assert len(moments) - of_versions == len(Happening) - len(untold)


def test_refusals_are_counted_by_their_code() -> None:
    """Clicks that were turned down appear as numbers, not as lines of the timeline."""
    refusals = [
        Event(Happening.REFUSED_DELIVERY, minutes(1), "rb-7f3k", details={"code": code})
        for code in ("own_request", "not_approver", "own_request")
    ]

    found = summary(stories.at(State.REJECTED), refusals, PEOPLE)

    assert found.refused == {"not_approver": 1, "own_request": 2}
    assert "not approver 1×, own request 2×" in to_markdown(report(found))


def test_a_long_timeline_keeps_its_beginning_and_its_end() -> None:
    """In the thread the middle of a long timeline is counted; a document has all of it."""
    ended = told(stories.at(State.SUCCEEDED))

    def ticks(most: int) -> list[str]:
        blocks = report(ended, most=most).blocks
        timeline = next(block for block in blocks if isinstance(block, Checklist))
        return ["".join(map(str, tick.parts[1:])) or str(tick.parts[0]) for tick in timeline.ticks]

    short, whole = ticks(6), ticks(100)
    assert short[3] == "7 more between these"
    assert (short[:3], short[4:]) == (whole[:3], whole[-3:])
    assert len(whole) == len(ended.timeline)


@pytest.mark.parametrize("state", State)
def test_the_json_is_whole_and_plain(state: State) -> None:
    """In every state the summary becomes JSON with the same keys and survives the round trip."""
    found = to_json(told(stories.at(state)))

    assert json.loads(json.dumps(found)) == found
    assert list(found) == list(to_json(told(stories.at(State.SUCCEEDED))))
    assert found["state"] == state.value


def test_the_json_measures_in_seconds_and_iso() -> None:
    """Time spans are seconds, moments are ISO 8601, and evidence is kept whole."""
    found = to_json(told(stories.at(State.SUCCEEDED)))

    assert found["times"]["verify"] == 72.0
    assert found["asked_at"] == "2026-11-21T12:00:00+00:00"
    assert found["steps"][1]["seconds"] == 24.0
    assert found["steps"][1]["evidence"][0]["seen"] == "v41"
    assert found["checks_before"][0]["holds"] is False
    assert found["checks_after"][0]["holds"] is True
