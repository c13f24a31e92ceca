"""``python -m tests.bench``: run the rounds, show the table, and end with one line of JSON."""

import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tests.bench.bots import pin
from tests.bench.figures import FIGURES, Scale
from tests.bench.provider import Provider
from tests.bench.results import Samples, judge

progress = Console(stderr=True, highlight=False)


def main(
    *,
    only: Annotated[str, typer.Option(help="Which figures, with commas.")] = "2,5,10",
    rounds: Annotated[int, typer.Option(min=1, help="How many; five or more for a verdict.")] = 5,
    only_json: Annotated[bool, typer.Option("--json", help="Print the JSON alone.")] = False,
) -> None:
    """Measure the bot beside its baselines; nobody fails for being slow."""
    wanted = only.split(",")
    if unknown := set(wanted) - set(FIGURES):
        raise typer.BadParameter(f"there is no figure {', '.join(sorted(unknown))}")
    pin(0, first=False)
    lines = judge(asyncio.run(measure(wanted, rounds=rounds)))
    if not only_json:
        Console(highlight=False).print(_table(lines))
    about = {"date": time.strftime("%Y-%m-%d"), "rounds": rounds, "machine": _machine()}
    print(json.dumps(about | {"figures": lines}))


async def measure(
    wanted: Sequence[str], *, rounds: int, scale: Scale | None = None
) -> dict[str, list[Samples]]:
    """Run the rounds, one figure after the other in each."""
    found: dict[str, list[Samples]] = {figure: [] for figure in wanted}
    with tempfile.TemporaryDirectory() as folder:
        async with Provider().serve() as provider:
            for number in range(rounds):
                for figure in wanted:
                    progress.print(f"Round {number + 1} of {rounds}, figure {figure} …")
                    samples = await FIGURES[figure](Path(folder), provider, scale or Scale())
                    found[figure].append(samples)
    return found


def _table(lines: Sequence[dict[str, Any]]) -> Table:
    table = Table("figure", "what", "measured", "compared with", "ratio", "target", "")
    for line in lines:
        measured, other = (f"{line[side]:g} {line['unit']}" for side in ("ours", "other"))
        verdict = "reached" if line["reached"] else f"missed {line['missed_by']:g}-fold"
        ratio = f"{line['ratio']:g}"
        table.add_row(
            line["figure"], line["metric"], measured, other, ratio, line["target"], verdict
        )
    return table


def _machine() -> dict[str, str | int]:
    return {
        "processors": os.cpu_count() or 1,
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": sys.version.split()[0],
    }


if __name__ == "__main__":
    typer.run(main)
