"""The report of the planner: the designs side by side, where the recommendation turns, and what was weighed."""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from afield.placement.considering import numbers_of
from afield.placement.measured import Measured
from afield.placement.planner import Row
from afield.placement.tipping import Tip
from afield.records.considerations import Link
from afield.records.evidence import Estimate
from afield.reporting.placement_charts import costs, latencies
from afield.reporting.sheet import Chart, Grid, Section, Sheet
from afield.reporting.sheet import write as write_sheet
from afield.study.placing import Placed
from afield.wording import NONE, SPACE

WIDE, NARROW = 980, 340
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

Show = Callable[[float], str]


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
        Section("What was weighed", (_weighed(placed),), grids=tuple(_considered(placed))),
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


def grids(placed: Placed, *, intervals: bool = False) -> Iterator[Grid]:
    """The tables, each narrow enough for a terminal; numbers with their interval, and tipping points, where wanted."""
    for caption, columns in TABLES.items():
        yield _table(placed, caption, columns, intervals)
    last = ("what it misses",) if intervals else ()
    yield Grid(
        ("design", "in all", *MONEY.values(), *last),
        tuple(
            (
                _name(each, placed),
                _told(each.cost, money, intervals),
                *(_told(each.accounts[kind], money, False) for kind in MONEY),
                *(("; ".join(each.misses) or "nothing",) if intervals else ()),
            )
            for each in placed.rows
        ),
        "money a month: workers, bytes, and answers wrong, late or absent",
    )
    if intervals:
        yield _turns(placed)


def turns(placed: Placed) -> tuple[str, ...]:
    """The tipping points in sentences."""
    told = (_turn(tip) for tip in placed.tips)
    return tuple(
        f"{name} {at} (seeds: {between}; now {now}): {then}; {why}" for name, at, between, now, then, why in told
    )


def _turns(placed: Placed) -> Grid:
    return Grid(
        ("when", "turns at", "between", "now", "then", "because"),
        tuple(_turn(tip) for tip in placed.tips),
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
    return f"{text} ({low} to {high})" if interval and estimate.interval.level and low != high else text


def _turn(tip: Tip) -> tuple[str, ...]:
    show = SHOWN.get(tip.consideration, plain)
    side = "above" if tip.above else "below"
    return (
        tip.consideration,
        f"{side} {show(tip.value)}",
        f"{show(tip.low)} to {show(tip.high)}",
        show(tip.now),
        f"{tip.winner} wins" if tip.meets else f"no option meets everything, nearest {tip.winner}",
        tip.reason,
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
        f"{timing(costs)}; a row in a batch {span(costs.row_s)}; the release is opened and proven in "
        f"{span(costs.load_s)} and takes {size(costs.memory)} of memory; a bundle of {size(costs.bundle_bytes)}, a "
        f"feature snapshot of {size(costs.snapshot_bytes)}, a record of {size(costs.event_bytes)}. "
        f"{'Changed for this run: ' + changed + '.' if changed else 'Nothing was changed for this run.'}"
    )


def timing(costs: Measured) -> str:
    """How long answers took on this machine, and whether it was busy."""
    middle = sorted(costs.single)[len(costs.single) // 2]
    busy = " (the machine was busy: answers waited for it; measure again on an idle one)" if costs.busy else ""
    return (
        f"Measured on this machine: an answer {span(middle)} at the median of {len(costs.single)}, "
        f"{span(sum(costs.single) / len(costs.single))} at their mean, {span(costs.processor_s)} of it processor time"
        f"{busy}"
    )


def _considered(placed: Placed) -> Iterator[Grid]:
    told = placed.considered
    stated = [(name, SHOWN.get(name, plain)(float(getattr(told, name)))) for name in numbers_of(told)]
    yield Grid(("consideration", "value"), tuple(stated), "of the fleet")
    rows = []
    for place in told.places:
        rows += [(place.name, name, SHOWN.get(name, plain)(float(getattr(place, name)))) for name in numbers_of(place)]
        for way, link in (("to the cloud", place.cloud), ("from who asks", place.reach)):
            rows += [(place.name, f"{name}, {way}", shown) for name, shown in _link(link)]
    yield Grid(("place", "consideration", "value"), tuple(rows), "of the places and the ways between them")


def _link(link: Link | None) -> Iterator[tuple[str, str]]:
    if link is not None:
        for name, value in asdict(link).items():
            yield name, SHOWN.get(name, plain)(float(value))


def _drawn(placed: Placed) -> tuple[Chart, ...]:
    return (
        Chart(latencies(placed, WIDE), latencies(placed, NARROW), "Latency: median, 95th and 99th percentile."),
        Chart(costs(placed, WIDE), costs(placed, NARROW), "Money a month, by what it goes to."),
    )


def span(value: float) -> str:
    """A duration in the unit that fits: `0.4 ms`, `2.1 s`, `15 min`, `12 d`; `never` where it has no end."""
    if math.isinf(value):
        return "never"
    for unit, length in (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1.0), ("ms", 1e-3)):
        if value >= (2 * length if length > 1 else length):
            return f"{plain(value / length)}{SPACE}{unit}"
    return f"{plain(value * 1e6)}{SPACE}µs" if value else f"0{SPACE}s"


def size(value: float) -> str:
    """Bytes in the unit that fits: `420 B`, `2.9 MB`."""
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= length:
            return f"{plain(value / length)}{SPACE}{unit}"
    return f"{plain(value)}{SPACE}B"


def part(value: float) -> str:
    """A share as a percentage to three digits: `98.1 %`."""
    return NONE if math.isnan(value) else f"{100 * value:.3g}{SPACE}%"


def money(value: float) -> str:
    """A sum of money, in thousands or millions where it is large: `1,526`, `153 k`, `1.53 M`."""
    for unit, length in (("M", 1e6), ("k", 1e3)):
        if value >= (length if unit == "M" else 1e5):
            return f"{plain(value / length)}{SPACE}{unit}"
    return whole(value)


def joules(value: float) -> str:
    """Joules in the unit that fits: `570 J`, `6.7 mJ`, `69 µJ`."""
    if value >= 1 or value == 0:
        return f"{whole(value)}{SPACE}J"
    return f"{plain(value * 1e3)}{SPACE}mJ" if value >= 1e-3 else f"{plain(value * 1e6)}{SPACE}µJ"


def whole(value: float) -> str:
    """A number without a fraction from ten on."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == 0 else f"{value:.2g}"


def plain(value: float) -> str:
    """A number to three digits, whole from a thousand on."""
    return f"{value:,.0f}" if abs(value) >= 999.5 or value == int(value) else f"{value:.3g}"


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

SHOWN: dict[str, Show] = {
    **dict.fromkeys(
        (
            "latency_s", "facts_every_s", "facts_stale_s", "facts_useful_s", "model_every_s", "sync_s", "pickup_s",
            "product_every_s", "adoption_s", "cache_s", "cache_fresh_s", "outage_s", "round_trip_s", "round_trip_p95_s",
            "offline_s",
        ),
        span,
    ),
    **dict.fromkeys(
        (
            "input_bytes", "output_bytes", "head_bytes_up", "head_bytes_down", "facts_bytes", "model_bytes",
            "static_bytes", "event_bytes", "memory", "up", "down",
        ),
        size,
    ),
    **dict.fromkeys(
        (
            "offline_share", "cacheable", "unsure", "wrong_static", "wrong_device", "wrong_cloud", "telemetry",
            "telemetry_least", "busy",
        ),
        part,
    ),
}  # fmt: skip
"""How the value of each consideration is told; by default as a number."""
