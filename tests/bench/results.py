"""From samples to ratios: quantiles of a round, medians over rounds, and what was to be reached."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

# The action by other means, measured on 2026-11-21 (see docs/performance.md), in seconds.
CLI_SECONDS: Final = 0.638
SCRIPT_SECONDS: Final = 3.171
RTT_SECONDS: Final = 0.05

Samples = Mapping[str, float]  # what one round yields, by name


def quantile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that at least this share of all does not exceed."""
    return sorted(samples)[math.ceil(share * len(samples)) - 1]


@dataclass(frozen=True, kw_only=True)
class Aim:
    """One line of the table: what is compared with what, and the ratio to reach."""

    figure: str
    metric: str
    ours: str
    other: str | float  # a baseline of the same round, or a constant
    most: float = math.inf
    least: float = 0.0
    unit: str = "ms"
    is_inverse: bool = False  # the other over ours

    @property
    def target(self) -> str:
        """Return the ratio to reach, as performance.md writes it."""
        return f">= {self.least:g}" if self.least else f"<= {self.most:g}"

    def judge(self, rounds: Sequence[Samples]) -> dict[str, Any]:
        """Compare the medians of all rounds."""
        ours = _median(rounds, self.ours)
        other = self.other if isinstance(self.other, float) else _median(rounds, self.other)
        ratio = other / ours if self.is_inverse else ours / other
        is_reached = self.least <= ratio <= self.most
        known = {"figure": self.figure, "metric": self.metric, "unit": self.unit}
        known |= {"ours": _round(ours), "other": _round(other), "ratio": _round(ratio)}
        return known | {"target": self.target, "reached": is_reached, "missed_by": self._gap(ratio)}

    def _gap(self, ratio: float) -> float:
        """Return the factor that is missing; 1 if nothing is."""
        return _round(max(1.0, ratio / self.most, self.least / ratio))


AIMS: Final = (
    Aim(
        figure="2",
        metric="lone command → ack, p50, to D",
        ours="command p50",
        other="D command p50",
        most=0.12,
    ),
    Aim(
        figure="2",
        metric="50 commands/s → ack, p99, to L",
        ours="open loop p99",
        other="L open loop p99",
        most=3,
    ),
    Aim(
        figure="5",
        metric="second approval → provider write, alone, p50, to F",
        ours="approval p50",
        other="F approval p50",
        most=10,
    ),
    Aim(
        figure="5",
        metric="… 64 at once, p99, to F",
        ours="64 approvals p99",
        other="F 64 approvals p99",
        most=3,
    ),
    Aim(
        figure="5",
        metric="… alone, p50, to the CLI (constant)",
        ours="approval p50",
        other=CLI_SECONDS * 1000,
        most=1 / 50,
    ),
    Aim(
        figure="5",
        metric="… two providers 50 ms away, last accepted, in round trips",
        ours="two providers",
        other=RTT_SECONDS * 1000,
        most=2.5,
    ),
    Aim(
        figure="5",
        metric="… the script (constant) to two providers",
        ours="two providers",
        other=SCRIPT_SECONDS * 1000,
        least=20,
        is_inverse=True,
    ),
    Aim(
        figure="10",
        metric="cold start → first ack, to F",
        ours="start",
        other="F start",
        most=1.5,
    ),
    Aim(figure="10", metric="memory", ours="memory", other=110.0, most=1, unit="MB"),
    Aim(figure="10", metric="processor, idle", ours="idle", other=0.5, most=1, unit="%"),
)


def judge(rounds: Mapping[str, Sequence[Samples]]) -> list[dict[str, Any]]:
    """Judge all aims of the figures that were measured."""
    return [aim.judge(rounds[aim.figure]) for aim in AIMS if aim.figure in rounds]


def _median(rounds: Sequence[Samples], name: str) -> float:
    return median(samples[name] for samples in rounds)


def _round(value: float) -> float:
    return float(f"{value:.3g}")
