"""The charts of a comparison: accuracy over latency, and learning curves; as SVG that stands inside a page."""

import altair as alt

from afield.reporting.charts import PALETTE, Row, svg
from afield.reporting.sheet import SERIES
from afield.study.compared import Compared

HEIGHT = 260
LABEL = 190
"""Pixels that a name takes in a legend."""


def front(found: Compared, called: str, width: int) -> str:
    """The first metric of each option with its interval, over the latency of one row; filled: on the front."""
    rows: list[Row] = [
        {
            "name": each.name,
            "latency": each.single.value * 1e6,
            "value": each.accuracy[found.metric].value,
            "low": each.accuracy[found.metric].interval.low,
            "high": each.accuracy[found.metric].interval.high,
            "front": not each.dominated_by,
        }
        for each in found.options
        if each.single and found.metric in each.accuracy
    ]
    if not rows:
        return ""
    latencies = [float(row["latency"]) for row in rows]
    domain = [min(latencies) / 1.6, max(latencies) * 1.6]
    axis = alt.Axis(title="one row, µs", grid=False, tickCount=5)
    x = alt.X("latency:Q", scale=alt.Scale(type="log", domain=domain, nice=False), axis=axis)
    y = alt.Y("low:Q", title=called, scale=alt.Scale(zero=False, nice=True))
    base, filled = alt.Chart(alt.InlineData(values=rows)), _coloured(found, width)
    point = base.mark_point(size=90, opacity=1, strokeWidth=2).encode(x=x, y="value:Q", color=filled)
    chart = alt.layer(
        base.mark_rule(strokeWidth=2).encode(x=x, y=y, y2="high:Q", color=filled),
        point.transform_filter("!datum.front"),
        base.mark_point(size=90, opacity=1, filled=True)
        .encode(x=x, y="value:Q", color=filled)
        .transform_filter("datum.front"),
    ).properties(width=width - 90, height=HEIGHT)
    return svg(chart, f"{called} of each option over the latency of one row")


def curves(found: Compared, called: str, width: int) -> str:
    """The first metric over that with all rows, with its paired interval, over the rows learned from."""
    rows: list[Row] = [
        {
            "name": each.name,
            "rows": point.rows,
            "value": point.against_all.value,
            "low": point.against_all.interval.low,
            "high": point.against_all.interval.high,
        }
        for each in found.options
        for point in each.curve
        if point.against_all is not None
    ]
    if not rows:
        return ""
    counts = sorted({int(row["rows"]) for row in rows})
    x = alt.X(
        "rows:Q",
        scale=alt.Scale(type="log", domain=[counts[0] / 1.1, counts[-1] * 1.1], nice=False),
        axis=alt.Axis(title="rows learned from", values=counts, format=",d", grid=False, labelOverlap=True),
    )
    colour = _coloured(found, width)
    base = alt.Chart(alt.InlineData(values=rows))
    one = alt.Chart(alt.InlineData(values=[{"one": 1}]))
    scale = alt.Scale(type="log", nice=False, zero=False)
    y = alt.Y("low:Q", title=f"{called}, over that with all rows", scale=scale)
    chart = alt.layer(
        one.mark_rule(color=PALETTE["line"][0]).encode(y="one:Q"),
        base.mark_area(opacity=0.14).encode(x=x, y=y, y2="high:Q", color=colour),
        base.mark_line(strokeWidth=1.8, point=True).encode(x=x, y="value:Q", color=colour),
    ).properties(width=width - 90, height=HEIGHT)
    return svg(chart, f"{called} on ever less training data")


def _coloured(found: Compared, width: int) -> alt.Color:
    """Each option in its colour, the same in every chart."""
    names, colours = [each.name for each in found.options], [light for light, _ in SERIES.values()]
    scale = alt.Scale(domain=names, range=[colours[place % len(colours)] for place in range(len(names))])
    legend = alt.Legend(title=None, orient="top", symbolOpacity=1, symbolType="circle", columns=max(1, width // LABEL))
    return alt.Color("name:N", legend=legend, scale=scale)
