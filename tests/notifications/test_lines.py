"""The lines that make sure somebody is notified."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.domain import approval
from bot.domain.event import Event, Happening
from bot.domain.rollback import Rollback, State, StepState
from bot.domain.target import Policy
from bot.message import Code, Note
from notifications.lines import line
from tests.bot.builders import NOON
from tests.notifications import stories
from tests.notifications.stories import PEOPLE, minutes


def said(
    rollback: Rollback,
    kind: Happening,
    *,
    at: datetime = NOON,
    person: str | None = None,
    **details: str,
) -> str | None:
    """Return the line for an event of this kind."""
    event = Event(kind, at, rollback.id, person=person, details=details, sequence=7)
    message = line(rollback, [event], PEOPLE, about=7, in_thread=True)
    return message.text if message else None


def voted(rollback: Rollback, number: int) -> str | None:
    """Return the line for one of the approvals."""
    vote = rollback.approvals[number]
    return said(rollback, Happening.APPROVED, at=vote.at, person=vote.person)


def test_every_approval_is_counted_as_it_was() -> None:
    """A line that is late still says how many approvals there were when its own came in."""
    late = stories.at(State.SUCCEEDED)

    assert voted(late, 0) == "backend (production): approved by Manager One, 1 of 2."
    assert voted(late, 1) == (
        "backend (production): approved by Manager Two, 2 of 2. "
        "It starts 12:02 UTC; Stop is on the card."
    )


def test_two_approvals_in_one_moment_are_counted_apart() -> None:
    """Of two approvals with the same time the second one is the one that completes them."""
    quorum = stories.at(State.QUORUM)
    together = tuple(replace(vote, at=minutes(1)) for vote in quorum.approvals)
    rollback = replace(quorum, approvals=together)

    assert "1 of 2." in str(voted(rollback, 0))
    assert "2 of 2. It starts" in str(voted(rollback, 1))


def test_the_requesters_signature_counts_where_it_is_one() -> None:
    """Where asking counts as a signature, the first approval is the second of two."""
    small = stories.at(State.PENDING, policy=Policy(requester_counts=True))

    assert "2 of 2. It starts" in str(voted(stories.approved(small, "manager-one"), 0))


def test_a_withdrawal_says_what_is_left() -> None:
    """Taking an approval back says who did and how many are left."""
    back = approval.withdraw(stories.at(State.QUORUM), person="manager-one", at=minutes(2.05))

    text = said(back, Happening.WITHDRAWN, at=minutes(2.05), person="manager-one")

    assert text == "backend (production): Manager One took the approval back, 1 of 2 now."


def test_a_void_approval_says_whose_it_was() -> None:
    """If approvals no longer count at the start, the line says whose, and that nothing started."""
    quorum = stories.at(State.QUORUM)
    gone = replace(quorum.approvals[1], withdrawn_at=minutes(2.1))
    void = replace(quorum, state=State.PENDING, approvals=(quorum.approvals[0], gone))

    assert said(void, Happening.VOIDED, at=minutes(2.1)) == (
        "backend (production) was not started: "
        "the approval of Manager Two counts no longer, 1 of 2 now."
    )


def test_a_reminder_names_who_is_waited_for() -> None:
    """The reminder says how many approvals are missing, until when, and whose."""
    half = stories.approved(stories.at(State.PENDING), "manager-one")

    assert said(half, Happening.REMINDED) == (
        "backend (production) waits for 1 more approval by 12:30 UTC: Manager Two."
    )


def test_nobody_is_reminded_of_what_is_decided() -> None:
    """A reminder that comes after the decision is not sent."""
    assert said(stories.at(State.QUORUM), Happening.REMINDED) is None


@pytest.mark.parametrize(
    ("kind", "run", "words"),
    [
        (Happening.STEP_FAILED, StepState.FAILED, "was not done: refused."),
        (Happening.STEP_FAILED, StepState.STALE, "was not started: refused."),
        (
            Happening.STEP_UNVERIFIED,
            StepState.UNVERIFIED,
            "was sent, reading it back did not confirm it: refused.",
        ),
    ],
)
def test_a_step_that_went_wrong_says_how(kind: Happening, run: StepState, words: str) -> None:
    """What became of a step is told with the system's own words."""
    rollback = stories.at(State.RUNNING)
    rollback = rollback.with_run(replace(rollback.run("backend"), state=run))

    text = said(rollback, kind, step="backend", note="refused")

    assert text == f"backend (production): Railway api {words}"


def test_a_step_in_doubt_is_asked_about_while_it_is() -> None:
    """The question stands in the line only while an answer is waited for."""
    asked, over = (
        said(stories.at(state), Happening.STEP_IN_DOUBT, step="backend", note="the line broke")
        for state in (State.WAITING, State.NEEDS_HUMAN)
    )

    assert asked == (
        "backend (production): Railway api was sent, the answer was lost: the line broke. "
        "Did it happen? Answer on the card by 2026-11-22 12:02 UTC."
    )
    assert str(over).endswith("the line broke.")


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        ("yes", "happened; it is read back now."),
        ("no", "did not happen; it is not sent again."),
    ],
)
def test_an_answer_is_told(happened: str, words: str) -> None:
    """Whoever settles a doubt is named with the answer and with what follows from it."""
    rollback = stories.at(State.RUNNING)

    text = said(
        rollback, Happening.STEP_SETTLED, person="manager-two", step="backend", happened=happened
    )

    assert text == f"backend (production): Manager Two says Railway api {words}"


def test_a_stop_is_told() -> None:
    """Stop is told with who pressed it and what it still changes."""
    text = said(stories.at(State.RUNNING), Happening.STOP_ASKED, person="manager-one")

    assert text == (
        "backend (production): Manager One stopped it; "
        "no further step starts, a begun one is ended."
    )


def test_the_good_end_is_told() -> None:
    """The end says that it is healthy again, if a failing check holds now, and how long it took."""
    assert said(stories.at(State.SUCCEEDED), Happening.ENDED) == (
        "backend (production) is healthy again, 4 min 12 s after the request: "
        "Vercel shop v42 → v41, Railway api v42 → v41."
    )


def test_health_is_not_claimed_without_a_check() -> None:
    """Without checks the end says what was done, and nothing about health."""
    blind = replace(stories.at(State.SUCCEEDED), checks=())

    assert "is rolled back, 4 min 12 s" in str(said(blind, Happening.ENDED))


def test_nothing_was_broken_before() -> None:
    """If no check failed before, the end does not say again."""
    ended = stories.at(State.SUCCEEDED)
    assert ended.plan is not None
    fine = replace(ended, plan=replace(ended.plan, baseline=()))

    assert "is healthy, 4 min 12 s" in str(said(fine, Happening.ENDED))


def test_a_rejection_is_explained_afterwards() -> None:
    """The words that follow a rejection are a line of their own."""
    rejected = stories.at(State.REJECTED)

    assert said(rejected, Happening.EXPLAINED, person="manager-one") == (
        "backend (production): Manager One says why: “fix is already merged”."
    )


def test_a_reason_that_comes_late_is_told() -> None:
    """Whoever approved without it reads it, and what can still be done."""
    late = stories.at(State.QUORUM, reason="API answers 500")

    assert said(late, Happening.REASON_GIVEN, person="responder") == (
        "backend (production): Responder says what it is for: “API answers 500”. "
        "Whoever approved before can still withdraw."
    )


def test_a_resolution_takes_two() -> None:
    """The first signature asks for the second one, and the second one says what it freed."""
    signed = stories.resolved(stories.at(State.PARTIAL))
    confirmed = stories.resolved(signed, confirmed_by="manager-two")

    assert said(signed, Happening.RESOLVED, person="manager-one") == (
        "backend (production): Manager One looked after it: “redeployed by hand”. "
        "Another person confirms on the card."
    )
    assert said(confirmed, Happening.RESOLVED, person="manager-two") == (
        "backend (production): Manager Two confirmed that it is resolved; nothing is locked."
    )


@pytest.mark.parametrize(
    "kind",
    [
        Happening.REQUESTED,
        Happening.PLANNED,
        Happening.QUORUM,
        Happening.CLAIMED,
        Happening.STEP_STARTED,
        Happening.STEP_DONE,
        Happening.VERIFYING,
        Happening.REFUSED_DELIVERY,
    ],
)
def test_what_the_notice_shows_anyway_needs_no_line(kind: Happening) -> None:
    """Events that ask nobody for anything change the notice and notify nobody."""
    assert said(stories.at(State.RUNNING), kind, step="backend") is None


def test_an_event_that_is_not_there_has_no_line() -> None:
    """Without its event there is nothing to say."""
    assert line(stories.at(State.RUNNING), [], PEOPLE, about=7, in_thread=True) is None


def test_a_direct_message_carries_the_id() -> None:
    """Outside of the thread a line ends with the id of its rollback."""
    ended = stories.at(State.SUCCEEDED)
    events = stories.events(ended)

    told = line(ended, events, PEOPLE, about=len(events), in_thread=False)

    assert told is not None
    assert told.blocks[-1] == Note((Code("rb-7f3k"),))
