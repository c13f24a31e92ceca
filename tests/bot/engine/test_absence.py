"""How long nobody asks a chat that is away, however long that lasts."""

from datetime import timedelta

from bot.engine.absence import Absences
from bot.ports import Due, Kind, Posting
from tests.bot.builders import DEPLOYS, NOON

NOTICE = Due(Posting("rb-1", Kind.NOTICE, DEPLOYS), 1, None, tried=False, failures=0)


def test_a_chat_that_stays_away_is_asked_every_half_minute() -> None:
    """After two thousand calls without an answer the pause is what it was after ten."""
    absences, now = Absences(), NOON
    waits: list[float] = []
    for _ in range(2_000):
        absences.unanswered(NOTICE, now)
        waits.append(absences.wait(NOTICE, now))
        now += timedelta(seconds=30)
    assert waits[:6] == [1, 2, 4, 8, 16, 30]
    assert set(waits[5:]) == {30}
