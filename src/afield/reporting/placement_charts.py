"""The charts of the planner: latency and money of each option, as SVG that stands inside a page."""

import math

import altair as alt

from afield.reporting.charts import Row, svg
from afield.reporting.sheet import SERIES
from afield.study.placing import ACCOUNTS, Placed

HEIGHT = 34
LABELS = 150


def latencies(placed: Placed, width: int) -> str:
    """Median, 95th and 99th percentile of each option's answers, on a scale of factors."""
    rows: list[Row] = [
        {"name": each.option.name, "what": what, "value": each.figures[name].value * 1e3}
        for each in placed.rows
        for what, name in (("median", "latency_p50"), ("95 %", "latency_p95"), ("99 %", "latency_p99"))
        if not math.isnan(each.figures[name].value)
    ]
    wanted: list[Row] = [{"value": placed.considered.requests.latency_s * 1e3}]
    axis = alt.Axis(title="milliseconds; dashed: what is wanted", grid=True, format="~g", tickCount=6)
    values = [float(each["value"]) for each in rows + wanted]
    domain = [min(values) / 1.3, max(values) * 1.3]
    x = alt.X("value:Q", scale=alt.Scale(type="log", domain=domain, nice=False), axis=axis)
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=_names(placed))
    colour = _coloured("what:N", ["median", "95 %", "99 %"])
    chart = alt.layer(
        base.mark_line(strokeWidth=2, opacity=0.35, color=_light(7)).encode(x=x, detail="name:N"),
        base.mark_point(size=80, filled=True, opacity=1).encode(x=x, color=colour),
        alt.Chart(alt.InlineData(values=wanted)).mark_rule(strokeDash=[4, 3], color=_light(6)).encode(x=x),
    )
    return svg(chart.properties(width=width - LABELS - 30, height=HEIGHT * len(placed.rows)), "latency of each option")


def costs(placed: Placed, width: int) -> str:
    """Money a month of each option, by what it goes to."""
    rows: list[Row] = [
        {"name": each.option.name, "what": what, "value": each.accounts[kind].value, "place": place}
        for each in placed.rows
        for place, (kind, what) in enumerate(ACCOUNTS.items())
    ]
    x = alt.X("value:Q", title="a month", axis=alt.Axis(format=",~s", tickCount=6))
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(height=16)
        .encode(x=x, y=_names(placed), color=_coloured("what:N", list(ACCOUNTS.values())), order="place:O")
    )
    return svg(chart.properties(width=width - LABELS - 30, height=HEIGHT * len(placed.rows)), "money a month")


def _names(placed: Placed) -> alt.Y:
    names = [each.option.name for each in placed.rows]
    return alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelLimit=LABELS, ticks=False, domain=False))


def _coloured(field: str, names: list[str]) -> alt.Color:
    scale = alt.Scale(domain=names, range=[_light(place) for place in range(len(names))])
    legend = alt.Legend(
        title=None, orient="top", symbolOpacity=1, symbolType="circle", columns=3, columnPadding=28, labelLimit=0
    )
    return alt.Color(field, legend=legend, scale=scale)


def _light(place: int) -> str:
    return list(SERIES.values())[place][0]
