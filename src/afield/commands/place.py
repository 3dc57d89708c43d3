"""`afield place`: where should the model live? The five designs side by side, and a recommendation."""

import re
import textwrap
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group
from rich.table import Table
from rich.text import Text

from afield.application import load
from afield.commands.findings import foot
from afield.commands.output import RESULTS, Context, progress, result, table
from afield.control.office import open_office
from afield.errors import UsageError
from afield.placement.planner import Effort
from afield.records.considerations import DESIGNS, Design
from afield.reporting.placement import timing, write
from afield.reporting.placement_tables import grids, turns
from afield.reporting.sheet import Grid
from afield.study.placing import Placed, Wanted, place

NUMBER = re.compile(r"(?<=\d) ")
"""The space after a number."""
CONSIDER_HELP = "another value of a consideration, e.g. device.offline_share=0.3; may be given several times"
DESIGN_HELP = "only this design; may be given several times; left out: all five"
REQUEST_HELP = "file with the body of a request to time; may be given several times; left out: the application's sample"


def run(
    app: str,
    /,
    *,
    consider: Annotated[tuple[str, ...], Parameter(help=CONSIDER_HELP, negative="")] = (),
    design: Annotated[tuple[Design, ...], Parameter(help=DESIGN_HELP, negative="")] = (),
    request: Annotated[tuple[Path, ...], Parameter(help=REQUEST_HELP, negative="")] = (),
    seeds: Annotated[int, Parameter(help="how many fleets are simulated; intervals come from them")] = 8,
    tipping: Annotated[bool, Parameter(negative="--no-tipping", help="find where the recommendation turns")] = True,
    out: Annotated[Path | None, Parameter(help="folder of the report; left out: under AFIELD_HOME")] = None,
    context: Context,
    **options: str,
) -> None:
    """Where should the model live: static, client, server, cached or hybrid, on which device or in the cloud?

    Measures the champion on this machine, simulates a fleet in each design under the considerations that the
    application states, and recommends one, with reasons and with the values at which the recommendation turns:

        afield place signs --consider device.offline_share=0 --consider glasses.speed=0.5

    Args:
        app: name of the application.
        consider: another value of a consideration; `device.NAME` is that of every device.
        design: only these designs.
        request: bodies of requests to time.
        seeds: how many fleets are simulated.
        tipping: look for tipping points; takes most of the time.
        out: folder of `place.html` and `place.json`.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if seeds < 1:
        raise UsageError(f"--seeds {seeds}: at least one fleet is simulated")
    office = open_office(load(app, options), context.home, progress)
    wanted = Wanted(
        changes=consider,
        designs=tuple(dict.fromkeys(design)) or DESIGNS,
        bodies=tuple(_read(file) for file in request),
        effort=Effort(seeds=seeds),
        tipping=tipping,
        command=context.command,
    )
    placed = place(office, wanted)
    progress(f"report: {write(placed, out or office.home.folder / 'place')}")
    result(context, placed, Group(*map(_table, grids(placed)), *_lines(placed), foot(placed.provenance)))


def _table(grid: Grid) -> Table:
    """A table of which no cell is broken: names at the left, numbers at the right."""
    made = table(grid.head, grid.rows, grid.caption)
    made.padding = (0, 1, 0, 0)
    for column in made.columns:
        column.no_wrap = True
        column.justify = "right"
    made.columns[0].justify = "left"
    return made


def _lines(placed: Placed) -> list[Text]:
    """The recommendation, its reasons and tipping points, each wrapped to the terminal."""
    told = [placed.says, "", *placed.reasons, "", *turns(placed), "", timing(placed.measured)]
    return [Text(wrapped(line, RESULTS.width), no_wrap=True) for line in (*told, "")]


def wrapped(line: str, width: int) -> str:
    """The line, broken for a terminal of this width; a number stays with the word after it."""
    held = NUMBER.sub("\N{NO-BREAK SPACE}", line)
    return textwrap.fill(held, width, break_long_words=False, break_on_hyphens=False, subsequent_indent="  ")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"--request {file}: cannot be read ({error.strerror})") from error
