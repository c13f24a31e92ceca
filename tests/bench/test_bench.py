"""The measurement measures; how fast it finds the bot is no test."""

from tests.bench.__main__ import measure
from tests.bench.figures import FIGURES, Scale
from tests.bench.results import AIMS, judge


async def test_one_round_of_each_figure_yields_numbers() -> None:
    """A short round of every figure runs to its end and has a ratio for each aim."""
    # given
    scale = Scale(
        commands=1,
        stream=2,
        approvals=1,
        pairs=1,
        at_once=2,
        few=2,
        turns=1,
        settle=0,
        waiting=2,
        clicks=1,
        claimed=2,
        rest=0.2,
        short=20,
        long=40,
        reads=4,
    )

    # when
    lines = judge(await measure(list(FIGURES), rounds=1, scale=scale))

    # then
    assert {line["what"] for line in lines} == {aim.what for aim in AIMS}
    assert all(line["ratio"] >= 0 for line in lines)
