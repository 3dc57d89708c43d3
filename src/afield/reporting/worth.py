"""The pictures of what features are worth: what each context adds, how much the model owes it, how fresh it must be."""

import altair as alt

from afield.records.evidence import Comparison
from afield.reporting.charts import PALETTE, Row, svg
from afield.reporting.sheet import SERIES
from afield.study.worth import Worth
from afield.wording import MINUS, SPACE

NAMES, LINE = 150, 26
"""Pixels for the names of contexts, and for a row."""
MOST_GROUPS = 16
PLAIN = PALETTE["baseline"][0]
COLOURS = {
    "pays": SERIES["series_2"][0],
    "would pay": SERIES["series_2"][0],
    "harms": SERIES["series_1"][0],
    "would harm": SERIES["series_1"][0],
}
AGED = [SERIES[f"series_{place}"][0] for place in (5, 0, 2, 4, 1, 6)]


def ablation(found: Worth, width: int) -> str:
    """How much the loss rises without each context, with its interval."""
    rows: list[Row] = [
        {"name": each.name, "colour": COLOURS.get(each.verdict, PLAIN), **_bounds(each.adds)}
        for each in found.groups[:MOST_GROUPS]
        if each.adds
    ]
    return _forest(rows, width, "Rise of the loss without each context, with its interval")


def shares(found: Worth, width: int) -> str:
    """The share of each context in the Shapley values, with its interval."""
    used = [each for each in found.groups if each.importance]
    rows: list[Row] = [
        {
            "name": each.name,
            "colour": PALETTE["kept"][0],
            "value": each.importance.share.value,
            "low": each.importance.share.interval.low,
            "high": each.importance.share.interval.high,
        }
        for each in sorted(used, key=lambda one: -one.importance.share.value if one.importance else 0.0)[:MOST_GROUPS]
        if each.importance
    ]
    return _forest(rows, width, "Share of each context in the Shapley values, with its interval")


def ages(found: Worth, width: int) -> str:
    """How much the loss rises where the facts of a context are old, by their age in slots."""
    aged = [(each.name, each.freshness) for each in found.groups[:MOST_GROUPS] if each.freshness]
    rows: list[Row] = [
        {"name": name, "age": str(age.slots), **_bounds(age.comparison)} for name, fresh in aged for age in fresh.ages
    ]
    order = [str(age.slots) for age in found.everything.ages]
    colour = alt.Color(
        "age:N",
        sort=order,
        scale=alt.Scale(domain=order, range=AGED[: len(order)]),
        legend=alt.Legend(title="slots old", orient="top", direction="horizontal"),
    )
    offset = alt.YOffset("age:N", sort=order, scale=alt.Scale(domain=order))
    base = _table(rows).encode(y=_names(), yOffset=offset, color=colour)
    chart = alt.layer(
        _table([{"zero": 0}]).mark_rule(color=PALETTE["ink"][0], strokeWidth=1).encode(x="zero:Q"),
        base.mark_rule(strokeWidth=2).encode(x=_percents("low", width, rows), x2="high:Q"),
        base.mark_point(filled=True, size=28, opacity=1).encode(x="value:Q"),
    )
    sized = chart.properties(width=width - NAMES - 24, height=52 * len(aged))
    return svg(sized, "Rise of the loss by the age of the facts") if rows else ""


def _forest(rows: list[Row], width: int, label: str) -> str:
    """A point and its interval a row, beside zero."""
    base = _table(rows).encode(y=_names(), color=alt.Color("colour:N", scale=None))
    chart = alt.layer(
        _table([{"zero": 0}]).mark_rule(color=PALETTE["ink"][0], strokeWidth=1).encode(x="zero:Q"),
        base.mark_rule(strokeWidth=3).encode(x=_percents("low", width, rows), x2="high:Q"),
        base.mark_point(filled=True, size=80, opacity=1).encode(x="value:Q"),
    )
    return svg(chart.properties(width=width - NAMES - 24, height=LINE * len(rows)), label) if rows else ""


def _bounds(found: Comparison) -> dict[str, float]:
    """The relative rise of the loss and its interval; the rise itself where there is no ratio."""
    if found.ratio is None:
        interval = found.difference.interval
        return {"value": found.difference.value, "low": interval.low, "high": interval.high}
    interval = found.ratio.interval
    return {"value": found.ratio.value - 1, "low": interval.low - 1, "high": interval.high - 1}


def _names() -> alt.Y:
    axis = alt.Axis(ticks=False, domain=False, grid=False, labelLimit=NAMES, minExtent=NAMES, maxExtent=NAMES)
    return alt.Y("name:N", title=None, sort=None, axis=axis)


def _percents(field: str, width: int, rows: list[Row]) -> alt.X:
    """An axis of percentages; where the largest dwarfs the rest, on a scale that is linear around zero only."""
    sizes = sorted(max(abs(float(row["low"])), abs(float(row["high"]))) for row in rows)
    middle = sizes[len(sizes) // 2]
    bent = sizes[-1] > 20 * max(middle, 0.005)
    scale = alt.Scale(type="symlog", constant=max(middle, 0.01)) if bent else alt.Scale(zero=True, nice=True)
    label = f"(datum.value < 0 ? '{MINUS}' : '') + format(100 * abs(datum.value), '.3~f') + '{SPACE}%'"
    axis = alt.Axis(labelExpr=label, tickCount=max(3, width // 130), domain=False, labelOverlap=True)
    if bent:
        axis = alt.Axis(labelExpr=label, values=[-0.1, -0.01, 0, 0.01, 0.1, 1, 10], domain=False, labelOverlap=True)
    return alt.X(f"{field}:Q", title=None, scale=scale, axis=axis)


def _table(rows: list[Row]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=rows))
