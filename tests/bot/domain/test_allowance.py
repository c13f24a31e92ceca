"""Nobody wears the approvers out by asking again and again."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.allowance import Allowance, Asked, check_allowance
from bot.domain.errors import Refusal, Refused
from bot.domain.rollback import State
from tests.bot.builders import NOON


def asked(minutes_ago: float = 0, **changes: Any) -> Asked:
    """Return a request for the backend that was asked for some minutes before noon."""
    fields: dict[str, Any] = {
        "target": "backend",
        "environment": "production",
        "requester": "responder",
        "at": NOON - timedelta(minutes=minutes_ago),
        "state": State.REJECTED,
    }
    return Asked(**(fields | changes))


def refused(*earlier: Asked, undecided: int = 0, most_open: int = 50) -> str:
    """Return the sentence with which one more request is refused, or nothing."""
    allowance = Allowance(open=most_open)
    try:
        check_allowance(allowance, asked(), earlier=earlier, undecided=undecided)
    except Refused as refusal:
        return f"{refusal.code}: {refusal}"
    return ""


def test_three_rejections_cool_a_target_down() -> None:
    """After three times no, nobody asks again within half an hour of the first of the three."""
    sentence = refused(asked(20), asked(12, requester="manager-one"), asked(2))

    assert "backend (production) was asked for and rejected 3 times" in sentence
    assert sentence.startswith(f"{Refusal.LIMIT}: ")
    assert "Nothing was started." in sentence
    assert "ask again from 12:10 UTC" in sentence


@pytest.mark.parametrize(
    "earlier",
    [
        (asked(20), asked(12)),
        (asked(30), asked(12), asked(2)),
        (asked(20, state=State.CANCELLED), asked(12), asked(2)),
        (asked(20, target="frontend"), asked(12), asked(2)),
        (asked(20, environment="staging"), asked(12), asked(2)),
    ],
)
def test_less_than_that_cools_nothing_down(earlier: tuple[Asked, ...]) -> None:
    """Two rejections, old ones, other ends, other targets: the request goes out."""
    assert refused(*earlier) == ""


def test_one_person_asks_for_so_many() -> None:
    """The tenth within ten minutes is the last one, and the sentence says until when."""
    many = [asked(9 - number, target=f"shop{number}") for number in range(10)]

    assert refused(*many[1:]) == ""
    assert "Ask again from 12:01 UTC" in refused(*many)
    assert refused(*(asked(1, requester="manager-one", target=f"s{n}") for n in range(10))) == ""


def test_a_minute_that_is_named_is_late_enough() -> None:
    """Whoever asks again at the minute that was named is not refused once more."""
    half = timedelta(seconds=30)
    earlier = [asked(9.5, target=f"shop{number}") for number in range(10)]

    assert "12:01 UTC" in refused(*earlier)
    later = Asked("backend", "production", "responder", NOON + 2 * half, State.PLANNING)
    check_allowance(Allowance(), later, earlier=earlier, undecided=0)


def test_so_many_may_wait_for_a_decision() -> None:
    """One more than may be open is refused, with the way to make room."""
    assert refused(undecided=49) == ""
    assert "50 requests wait for a decision" in refused(undecided=50)
    assert refused(undecided=50, most_open=51) == ""
