"""What waits when a platform asks to wait: what it counts together, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.target import Place
from bot.engine.budget import Budget
from bot.ports import Due, Kind, Posting, Rank, Reference

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def edit(platform: str, channel: str, *, thread: str = "") -> Due:
    """A card that changes, in a channel or in a thread of it."""
    place = Place(platform, "T1", channel)
    stands = Reference(Place(platform, "T1", thread or channel), "1")
    return Due(posting(place), 2, stands, tried=False, failures=0)


def post(platform: str, channel: str) -> Due:
    """A new message in a channel."""
    return Due(posting(Place(platform, "T1", channel)), 1, None, tried=False, failures=0)


def posting(place: Place) -> Posting:
    """A decision that people have to see."""
    return Posting("rb-7f3k", Kind.CARD, place, rank=Rank.DECISION)


@pytest.mark.parametrize(
    ("closed", "other", "waits"),
    [
        (edit("discord", "A"), edit("discord", "A"), True),
        (edit("discord", "A"), edit("discord", "B"), False),
        (edit("discord", "A", thread="1"), edit("discord", "A", thread="2"), False),
        (edit("discord", "A", thread="1"), edit("discord", "B", thread="1"), True),
        (edit("discord", "A"), post("discord", "A"), False),
        (edit("slack", "A"), edit("slack", "B"), True),
        (edit("slack", "A"), edit("discord", "A"), False),
        (edit("slack", "A"), post("slack", "A"), False),
        (post("slack", "A"), post("slack", "A"), True),
        (post("slack", "A"), post("slack", "B"), False),
        (post("discord", "A"), edit("discord", "A"), False),
    ],
)
def test_only_what_is_counted_together_waits(closed: Due, other: Due, *, waits: bool) -> None:
    """Slack counts the edits of a workspace, Discord those in a channel, both posts by channel."""
    budget = Budget()

    budget.close(closed, NOON + timedelta(seconds=60))

    assert budget.wait(other, NOON) == (60 if waits else 0)
    assert budget.wait(closed, NOON + timedelta(seconds=60)) == 0
