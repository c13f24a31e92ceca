"""From samples to ratios: quantiles of a round, medians over rounds, and what is to be reached."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

RTT: Final = 50.0  # milliseconds
# The same action by other means, measured once on 2026-11-21: see docs/performance.md.
CLI: Final = 638.0
SCRIPT: Final = 3171.0

Samples = Mapping[str, float]  # what one round yields, by name


@dataclass(frozen=True)
class Aim:
    """One line of the table: two things that are compared, and the ratio to reach."""

    figure: str
    what: str
    over: str | float  # measured in the same round, or a constant
    under: str | float
    most: float = math.inf
    least: float = 0.0


HUBOT: Final = 1993.0  # answers a second at 64 at once over HTTP, on 2026-11-21
BOT_CMDER: Final = 572.0  # at 16 at once over Socket Mode


AIMS: Final = (
    Aim("1", "commands/s, 64 at once over HTTP, to L", "pace", "L pace", least=0.45),
    Aim("1", "… p99, ms, to L", "at once", "L at once", most=6),
    Aim("1", "for comparison: commands/s, F to L", "F pace", "L pace"),
    Aim("2", "lone command → ack over HTTP, p50, ms, to D", "http ack", "D http ack", most=0.12),
    Aim("2", "50/s → ack over HTTP, p99, ms, to L", "http stream", "L http stream", most=3),
    Aim("3", "notices/s, 64 at once over HTTP, to Hubot", "64 notices", HUBOT, least=1.05),
    Aim("3", "notices/s, 16 at once (figure 4), to bot-cmder", "16 notices", BOT_CMDER, least=3.5),
    Aim("2", "lone command → ack, p50, ms, to D", "ack", "D ack", most=0.12),
    Aim("2", "50 commands/s → ack, p99, ms, to L", "stream", "L stream", most=3),
    Aim("5", "second approval → provider write, p50, ms, to F", "write", "F write", most=10),
    Aim("5", "… 64 at once, p99, ms, to F", "64 writes", "F 64 writes", most=3),
    Aim("5", "… to the vendor's CLI of 2026-11-21", "write", CLI, most=1 / 50),
    Aim("5", "… two providers 50 ms away, ms, to one round trip", "two", RTT, most=2.5),
    Aim("5", "… the script of 2026-11-21, ms, to two providers", SCRIPT, "two", least=20),
    Aim("6", "1,000 wait, memory, MB, to 2", "waiting memory", 2.0, most=1),
    Aim("6", "… processor at rest, %, to 0.5", "many idle", 0.5, most=1),
    Aim("6", "… click → ack, p50, ms, to none that wait", "many click", "none click", most=1.5),
    Aim("7", "1,000 claims of a dead process → last write, s, to 5", "resumed", 5.0, most=1),
    Aim("7", "for comparison: F, s, to 5", "F resumed", 5.0),
    Aim("9", "status, p50, µs, 10⁶ entries to 10³", "long status", "short status", most=1.3),
    Aim("9", "append, p50, µs, 10⁶ entries to 10³", "long append", "short append", most=1.3),
    Aim("9", "verifying, entries/s, to a bare chain", "verify rows", "bare rows", least=0.5),
    Aim("9", "… memory meanwhile, MB, to 20", "verify memory", 20.0, most=1),
    Aim("10", "cold start → first ack, ms, to F", "start", "F start", most=1.5),
    Aim("10", "memory after 2 s, MB, to 110", "memory", 110.0, most=1),
    Aim("10", "processor at rest, %, to 0.5", "idle", 0.5, most=1),
    Aim("2", "for comparison: lone, F to D", "F ack", "D ack"),
    Aim("2", "for comparison: 50/s, F to L", "F stream", "L stream"),
)


def judge(rounds: Mapping[str, Sequence[Samples]]) -> list[dict[str, Any]]:
    """Compare the medians over the rounds of all figures that were measured."""
    return [_line(aim, rounds[aim.figure]) for aim in AIMS if rounds.get(aim.figure)]


def quantile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that at least this share of all does not exceed."""
    return sorted(samples)[math.ceil(share * len(samples)) - 1]


def _line(aim: Aim, rounds: Sequence[Samples]) -> dict[str, Any]:
    over, under = (
        median(samples[side] for samples in rounds) if isinstance(side, str) else side
        for side in (aim.over, aim.under)
    )
    ratio = over / under
    missed_by = max(1.0, ratio / aim.most, aim.least / ratio if aim.least else 0.0)
    target = f">= {aim.least:g}" if aim.least else f"<= {aim.most:g}"
    numbers = {"over": over, "under": under, "ratio": ratio, "missed_by": missed_by}
    return {
        "figure": aim.figure,
        "what": aim.what,
        **{name: float(f"{number:.3g}") for name, number in numbers.items()},
        "target": "" if math.isinf(aim.most) and not aim.least else target,
        "reached": missed_by == 1,
    }
