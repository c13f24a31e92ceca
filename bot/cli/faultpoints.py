"""List the moments at which a crash is tested."""

import json
import sys
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.options import out
from bot.faultpoints import FaultPoint


def faultpoints(
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List the moments at which a crash is tested, and what is true at each."""
    if as_json:
        points = [
            {"name": point.label, "boundary": point.boundary, "sentence": point.sentence}
            for point in FaultPoint
        ]
        sys.stdout.write(json.dumps(points, indent=2) + "\n")
        return
    table = Table("name", "boundary", "at this moment")
    for point in FaultPoint:
        table.add_row(point.label, point.boundary, point.sentence)
    out.print(table)
