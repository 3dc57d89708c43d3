"""The tables of the planner: the designs side by side, where the recommendation turns, and what was weighed."""

import math
from collections.abc import Iterator

from afield.placement.considering import number_of, numbers
from afield.placement.planner import Row
from afield.placement.tipping import Tip
from afield.records.evidence import Estimate
from afield.records.ranges import Range
from afield.reporting.quantities import Show, each_second, joules, money, part, plain, size, span
from afield.reporting.sheet import Grid
from afield.study.placing import Placed
from afield.wording import NONE, SPACE

TABLES: dict[str, dict[str, tuple[str, Show]]] = {
    "latency, and answers later than wanted": {
        "p50": ("latency_p50", span), "p95": ("latency_p95", span), "p99": ("latency_p99", span),
        "late": ("late", part), "wrong": ("wrong", part),
    },
    "who gets an answer: in all, offline; while the cloud fails by model or table": {
        "given": ("answered", part), "offline": ("offline_answered", part), "by model": ("out_answered", part),
        "by table": ("out_stood_in", part),
    },
    "median ages of facts and model, and when news are at 95 % of the fleet": {
        "facts": ("facts_age", span), "model": ("model_age", span), "update": ("update", span),
        "rollback": ("rollback", span),
    },
    "a device a day: bytes and joules; telemetry that arrives": {
        "bytes": ("bytes", size), "joules": ("joules", joules), "telemetry": ("telemetry", part),
    },
}  # fmt: skip
MONEY = {"workers": "workers", "traffic": "bytes", "wrong": "wrong", "late": "late", "absent": "absent"}
"""The heads of the columns of money."""
UNITS: dict[str, Show] = {
    "seconds": span, "bytes": size, "bytes a second": each_second(size), "requests a second": each_second(plain),
    "joules": joules,
}  # fmt: skip
"""How a consideration is told, by its unit; a share as a percentage, any other as a number."""


def grids(placed: Placed, *, intervals: bool = False) -> Iterator[Grid]:
    """The tables, each narrow enough for a terminal; numbers with their interval, and tipping points, where wanted."""
    for caption, columns in TABLES.items():
        yield _table(placed, caption, columns, intervals)
    yield Grid(
        ("design", "in all", *MONEY.values()),
        tuple(
            (
                _name(each, placed),
                _told(each.cost, money, intervals),
                *(_told(each.accounts[kind], money, False) for kind in MONEY),
            )
            for each in placed.rows
        ),
        "money a month: workers, bytes, and answers wrong, late or absent",
    )
    if intervals:
        yield _turns(placed)


def turns(placed: Placed) -> tuple[str, ...]:
    """The tipping points in sentences."""
    told = (_turn(tip, placed) for tip in placed.tips)
    return tuple(
        f"{name} {at} (seeds: {between}; now {now}): {then}; {why}" for name, at, between, now, then, why in told
    )


def _turns(placed: Placed) -> Grid:
    return Grid(
        ("when", "turns at", "between", "now", "then", "because"),
        tuple(_turn(tip, placed) for tip in placed.tips),
        "tipping points: one consideration moved alone" if placed.tips else "",
    )


def _table(placed: Placed, caption: str, columns: dict[str, tuple[str, Show]], intervals: bool) -> Grid:
    return Grid(
        ("design", *columns),
        tuple(
            (_name(each, placed), *(_told(each.figures[name], show, intervals) for name, show in columns.values()))
            for each in placed.rows
        ),
        caption,
    )


def _name(row: Row, placed: Placed) -> str:
    """`static, vehicle`; marked where it is recommended, or where it is but the nearest, for it misses something."""
    option = row.option
    name = f"{option.design}, {option.place}" if option.local else option.design
    if option.name != placed.recommended:
        return name
    return f"{name} (nearest)" if row.misses else f"{name} ←"


def _told(estimate: Estimate, show: Show, interval: bool) -> str:
    """A number, with its interval where that is wanted and says something."""
    if math.isnan(estimate.value):
        return NONE
    text = show(estimate.value)
    low, high = show(max(0.0, estimate.interval.low)), show(estimate.interval.high)
    if not (interval and estimate.interval.level and low != high):
        return text
    return f"{text} ({low}{SPACE}to{SPACE}{high})"


def _turn(tip: Tip, placed: Placed) -> tuple[str, ...]:
    show = _shown(number_of(placed.considered, tip.consideration).range)
    side = "above" if tip.above else "below"
    return (
        tip.consideration,
        f"{side} {show(tip.value)}",
        f"{show(tip.low)} to {show(tip.high)}",
        show(tip.now),
        f"{tip.winner} wins" if tip.meets else f"no option meets everything, nearest {tip.winner}",
        tip.reason,
    )


def considered(placed: Placed) -> Iterator[Grid]:
    """What was weighed: what holds for the fleet, and what for each place and the ways from it."""
    known = numbers(placed.considered)
    places = {place.name for place in placed.considered.places}
    rows = [(name, _shown(told.range)(told.value)) for name, told in known.items()]
    fleet = tuple(row for row in rows if row[0].partition(".")[0] not in places)
    yield Grid(("consideration", "value"), fleet, "of the fleet")
    yield Grid(("consideration", "value"), tuple(row for row in rows if row not in fleet), "of the places")


def _shown(range: Range) -> Show:
    """How a number of this range is told."""
    return part if range.most == 1 else UNITS.get(range.unit, plain)
