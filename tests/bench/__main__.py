"""``python -m tests.bench``: run the rounds, show the table, and end with one line of JSON."""

import asyncio
import json
import os
import platform
import time
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from tests.bench.bots import pin
from tests.bench.figures import FIGURES, Scale
from tests.bench.results import Samples, judge

_progress = Console(stderr=True, highlight=False)


def main(
    *,
    only: Annotated[str, typer.Option(help="Which figures, with commas.")] = ",".join(FIGURES),
    store: Annotated[
        Literal["sqlite", "postgres"], typer.Option(help="Where the bot keeps everything.")
    ] = "sqlite",
    rounds: Annotated[int, typer.Option(min=1, help="Five or more are worth a verdict.")] = 5,
    no_table: Annotated[bool, typer.Option("--json", help="Print the JSON alone.")] = False,
) -> None:
    """Measure the bot beside its baselines; being slow is no failure."""
    wanted = only.split(",")
    if unknown := set(wanted) - set(FIGURES):
        raise typer.BadParameter(f"there is no figure {', '.join(sorted(unknown))}")
    pin(0, first=False)
    lines = judge(asyncio.run(measure(wanted, rounds=rounds, scale=Scale(store=store))))
    if not no_table:
        Console(highlight=False).print(_table(lines))
    machine = f"{os.cpu_count()} x {platform.machine()}, Python {platform.python_version()}"
    about = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine,
        "store": store,
        "rounds": rounds,
    }
    print(json.dumps(about | {"figures": lines}, ensure_ascii=False))


async def measure(wanted: Sequence[str], *, rounds: int, scale: Scale) -> dict[str, list[Samples]]:
    """Run the rounds; in each, one figure after the other."""
    found: dict[str, list[Samples]] = {figure: [] for figure in wanted}
    for number in range(rounds):
        for figure in wanted:
            _progress.print(f"Round {number + 1} of {rounds}, figure {figure} …")
            found[figure].append(await FIGURES[figure](scale))
    return found


def _table(lines: Sequence[dict[str, Any]]) -> Table:
    table = Table("figure", "what", "measured", "ratio", "target", "reached")
    for line in lines:
        measured = f"{line['over']:g} : {line['under']:g}"
        reached = "yes" if line["reached"] else f"no, by {line['missed_by']:g}x"
        judged = (line["target"], reached) if line["target"] else ("", "")
        table.add_row(line["figure"], line["what"], measured, f"{line['ratio']:g}", *judged)
    return table


if __name__ == "__main__":
    typer.run(main)
