"""A handful of deaths in every run; ``make prove PART=crash`` tries all of them."""

import pytest

from tests.prove.crash.cases import case
from tests.prove.crash.play import play


@pytest.mark.parametrize(
    ("story", "moments"),
    [
        ("approve", ["post.sent:card", "decision.recorded:approved", "intent.recorded:pages"]),
        ("approve", ["effect.answered:api", "probe.answered:api", "post.sent:summary"]),
        ("doubt", ["decision.recorded:step_settled"]),
    ],
)
async def test_the_bot_may_be_killed(story: str, moments: list[str]) -> None:
    """Killed at these moments and started again, it does everything once and says what is true."""
    result = await play(case(story, *moments))

    assert result.flaws == ()
    assert result.is_reached


async def test_the_bot_may_be_killed_on_discord() -> None:
    """The same holds where a message is posted in two steps, and no key can be read back."""
    moments = ["sentence.sent@2", "sentence.sent", "answer.sent"]
    result = await play(case("approve", *moments, store="discord"))

    assert result.flaws == ()
    assert result.is_reached
