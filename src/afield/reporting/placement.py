"""The report of the planner: its recommendation with its reasons, charts and tables as a page."""

from pathlib import Path

from afield.placement.measured import Measured
from afield.reporting.placement_charts import costs, latencies
from afield.reporting.placement_tables import considered, grids
from afield.reporting.quantities import plain, size, span
from afield.reporting.sheet import Chart, Section, Sheet
from afield.reporting.sheet import write as write_sheet
from afield.study.placing import Placed

WIDE, NARROW = 980, 340


def write(placed: Placed, folder: Path) -> Path:
    """The path of `place.html`, written with `place.json` beside it.

    Raises:
        StoreError: the folder or a file in it cannot be written.
    """
    return write_sheet(sheet(placed), placed, folder, "place")


def sheet(placed: Placed) -> Sheet:
    """The planner's findings as a page."""
    *tables, turns = grids(placed, intervals=True)
    sections = [
        Section("Why", placed.reasons),
        Section("Side by side", (_how(placed),), charts=_drawn(placed), grids=tuple(tables)),
        Section("Where this turns", (_turning(placed),), grids=(turns,) if turns.rows else ()),
        Section("What was weighed", (_weighed(placed),), grids=tuple(considered(placed))),
    ]
    options = ", ".join(f"{name} {value}" for name, value in placed.settings.items())
    eyebrow = f"{placed.application}{', ' if options else ''}{options} · where should the model live?"
    return Sheet(
        eyebrow,
        placed.says,
        (placed.considered.why[:1].upper() + placed.considered.why[1:] + ".",),
        sections,
        placed.provenance,
    )


def _how(placed: Placed) -> str:
    seeds = placed.rows[0].cost.count
    return (
        f"Each option is simulated event by event with {seeds} seeds; a number is the mean over them, with its 95 % "
        "interval in brackets. Seeds draw the same arrivals, cuts and delays for all options. An absent answer has no "
        "latency. An update of what is static counts from the moment that the new version of the product can be had."
    )


def _turning(placed: Placed) -> str:
    if not placed.tips:
        return "No consideration that was moved alone turns the recommendation; most were moved by factors of thirty."
    return (
        "One consideration is moved alone until another option is clearly better, and bisection finds where; a "
        "fiftieth beyond, the recommendation was run again and named what stands here. Between: where single seeds "
        "turn. What is not named does not turn the recommendation within a thirtieth to thirty times its value. Of "
        "what devices have each for themselves, the value is that of the "
        f"{placed.considered.asked_at}; all devices move alike."
    )


def _weighed(placed: Placed) -> str:
    costs = placed.measured
    changed = ", ".join(f"{name} {plain(value)}" for name, value in placed.changes.items())
    return (
        f"{timing(costs)}. A row in a batch takes {span(costs.row_s)}; the release is opened and proven in "
        f"{span(costs.load_s)} and takes {size(costs.memory)} of memory; a bundle of {size(costs.bundle_bytes)}, a "
        f"feature snapshot of {size(costs.snapshot_bytes)}, a record of {size(costs.event_bytes)}. "
        f"{'Changed for this run: ' + changed + '.' if changed else 'Nothing was changed for this run.'}"
    )


def timing(costs: Measured) -> str:
    """How long answers took on this machine, and whether it was busy."""
    middle = sorted(costs.single)[len(costs.single) // 2]
    mean = sum(costs.single) / len(costs.single)
    busy = (
        f". The machine was busy: by the clock they took {span(costs.clock_s)} at their mean, and what counts here is "
        "the time that was worked on them; measure again on an idle one"
    )
    return (
        f"Measured on this machine: an answer {span(middle)} at the median of {len(costs.single)}, {span(mean)} at "
        f"their mean{busy if costs.busy else ''}"
    )


def _drawn(placed: Placed) -> tuple[Chart, ...]:
    return (
        Chart(latencies(placed, WIDE), latencies(placed, NARROW), "Latency: median, 95th and 99th percentile."),
        Chart(costs(placed, WIDE), costs(placed, NARROW), "Money a month, by what it goes to."),
    )
