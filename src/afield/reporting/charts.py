"""The charts of a report, as SVG that stands inside a page: no script, no address, colours that the page may restyle.

Each chart is made for a width in pixels, so that its text keeps its size on a telephone. Colours come from
`PALETTE` alone: the page maps each to its counterpart on a dark ground by an attribute selector.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta

import altair as alt
import vl_convert

from afield.reporting.content import Arm, Difference, Felt, Report
from afield.wording import ARMS, MINUS, SPACE, pair_name

PALETTE: Mapping[str, tuple[str, str]] = {
    "never_updated": ("#bf5300", "#f0995a"),
    "kept": ("#00639c", "#62b5ea"),
    "baseline": ("#737373", "#a3a3a3"),
    "shadow": ("#8b93a8", "#7c86a1"),
    "canary": ("#c9a100", "#d8b93a"),
    "probation": ("#4f9a6b", "#63b482"),
    "outage": ("#b3261e", "#f2736b"),
    "ink": ("#3d3d3d", "#cfcfcf"),
    "line": ("#dedede", "#3a3a3a"),
}
"""Colour by meaning: on a light ground, on a dark ground. Safe for the colour-blind as far as arms go."""

DASHES: Mapping[str, list[float]] = {"never_updated": [6, 3], "kept": [1, 0], "baseline": [1.5, 2.5]}
NAMES = 68
"""Pixels for what stands left of the timeline's panels, so that both begin at the same place."""

ROWS = ("alerts", "ladder", "decisions", "outage")
SHAPES = {
    "alert": "diamond",
    "promoted": "triangle-up",
    "rolled_back": "triangle-down",
    "rejected": "cross",
    "outage": "square",
}
MARKS = {"alert": "ink", "promoted": "kept", "rolled_back": "outage", "rejected": "never_updated", "outage": "outage"}

Row = dict[str, str | float]


def timeline(report: Report, width: int) -> str:
    """Daily mean loss of the arms over what happened meanwhile, on one axis of domain time."""
    domain = _domain(report)
    spans, width = list(_spans(report, domain)), width - 88
    x = alt.X("at:T", title=None, scale=alt.Scale(type="utc", domain=list(domain), nice=False))
    axis = alt.Axis(grid=False, format="%-d %b", tickCount=max(3, width // 100), labelOverlap=True)
    panels = (
        _losses(report, spans, x.axis(None)).properties(width=width, height=230),
        _happenings(report, spans, x.axis(axis)).properties(width=width, height=88),
    )
    return svg(alt.vconcat(*panels, spacing=8), "Daily mean loss of each arm, and what happened meanwhile")


def differences(pairs: Mapping[str, Difference], width: int) -> str:
    """How much lower or higher the loss of the first arm is, as a share of the second's, with its interval."""
    rows: list[Row] = [
        {
            "pair": pair_name(pair).replace(" against ", "\nagainst "),
            "value": difference.ratio - 1,
            "low": difference.ratio_low - 1,
            "high": difference.ratio_high - 1,
            "arm": pair.split(" - ")[0],
        }
        for pair, difference in pairs.items()
        if difference.ratio is not None and difference.ratio_low is not None and difference.ratio_high is not None
    ]
    if not rows:
        return ""
    y = alt.Y("pair:N", title=None, sort=None, axis=_names(136))
    x = alt.X("low:Q", title=None, scale=alt.Scale(zero=True, nice=True), axis=_percent(width))
    base = _table(rows)
    chart = alt.layer(
        _table([{"zero": 0}]).mark_rule(color=PALETTE["ink"][0], strokeWidth=1).encode(x="zero:Q"),
        base.mark_rule(strokeWidth=3).encode(x=x, x2="high:Q", y=y, color=_colours("arm")),
        base.mark_point(filled=True, size=90, opacity=1).encode(x="value:Q", y=y, color=_colours("arm")),
    ).properties(width=width - 160, height=44 * len(rows))
    return svg(chart, "Paired differences of the loss with their intervals")


def mistakes(felt: Felt, width: int) -> str:
    """The mistakes of each kind under each arm, as bars on one axis."""
    rows: list[Row] = [
        {"measure": measure.title, "arm": arm, "name": ARMS[arm], "count": count}
        for measure in felt.measures
        if measure.mistake
        for arm in _arms(felt)
        if (count := (getattr(felt, arm) or {}).get(measure.name)) is not None
    ]
    if not rows:
        return ""
    top = max(float(row["count"]) for row in rows)
    measures = list(dict.fromkeys(str(row["measure"]) for row in rows))
    panels = []
    for measure in measures:
        axis = alt.Axis(tickCount=max(3, width // 130), format=",d", domain=False, labels=measure == measures[-1])
        x = alt.X("count:Q", title=None, scale=alt.Scale(domain=[0, top], nice=True), axis=axis)
        panels.append(
            _table([row for row in rows if row["measure"] == measure])
            .mark_bar(height=15)
            .encode(x=x, y=alt.Y("name:N", title=None, sort=None, axis=_names(104)), color=_colours("arm"))
            .properties(width=width - 124, height=66, title=measure)
        )
    return svg(alt.vconcat(*panels, spacing=14), "Mistakes of each kind under each arm")


def _losses(report: Report, spans: list[Row], x: alt.X) -> alt.LayerChart | alt.FacetChart:
    """The losses of the arms, the stages of the ladder and the outage as shades behind them."""
    losses: list[Row] = [
        {"at": _utc(datetime.combine(day.day, time(12))), "arm": arm, "loss": value}
        for day in report.timeline
        for arm in DASHES
        if (value := getattr(day, arm)) is not None
    ]
    axis = alt.Axis(title=None, tickCount=5, minExtent=NAMES, maxExtent=NAMES)
    y = alt.Y("loss:Q", scale=alt.Scale(zero=False, nice=True), axis=axis)
    dashes = alt.Scale(domain=list(DASHES), range=[*DASHES.values()])
    return alt.layer(
        _table(spans).mark_rect(opacity=0.16).encode(x=x, x2="until:T", color=_colours("stage")),
        _change(report, x),
        _table(losses)
        .mark_line(strokeWidth=1.8)
        .encode(x=x, y=y, color=_colours("arm"), strokeDash=alt.StrokeDash("arm:N", legend=None, scale=dashes)),
    )


def _happenings(report: Report, spans: list[Row], x: alt.X) -> alt.LayerChart | alt.FacetChart:
    """A row each for alerts, stages of the ladder, decisions and the outage."""
    y = alt.Y("row:N", title=None, scale=alt.Scale(domain=list(ROWS)), axis=_names(NAMES))
    shapes = alt.Scale(domain=list(SHAPES), range=list(SHAPES.values()))
    return alt.layer(
        _table(spans).mark_bar(height=9).encode(x=x, x2="until:T", y=y, color=_colours("stage")),
        _change(report, x),
        _table(list(_points(report)))
        .mark_point(filled=True, size=64, opacity=1)
        .encode(x=x, y=y, shape=alt.Shape("kind:N", legend=None, scale=shapes), color=_colours("colour")),
    )


def _names(extent: int) -> alt.Axis:
    """An axis of names, `extent` pixels wide whatever fonts are there, two lines where a name holds a break."""
    return alt.Axis(
        ticks=False,
        domain=False,
        grid=False,
        labelLimit=extent,
        labelExpr=r"split(datum.value, '\n')",
        minExtent=extent,
        maxExtent=extent,
    )


def _arms(felt: Felt) -> Iterator[Arm]:
    yield from ("never_updated", "kept")
    if felt.baseline is not None:
        yield "baseline"


def _percent(width: int) -> alt.Axis:
    sign = f"(datum.value > 0 ? '+' : datum.value < 0 ? '{MINUS}' : '')"
    label = f"{sign} + format(100 * abs(datum.value), '.3~f') + '{SPACE}%'"
    return alt.Axis(labelExpr=label, tickCount=max(3, width // 130), domain=False)


def _domain(report: Report) -> tuple[str, str]:
    days = [day.day for day in report.timeline]
    first = datetime.combine(min(days), time()) if days else report.replay.begins
    last = datetime.combine(max(days), time()) + timedelta(days=1) if days else report.replay.ends
    return _utc(min(first, report.replay.begins)), _utc(max(last, report.replay.ends))


def _spans(report: Report, domain: tuple[str, str]) -> Iterator[Row]:
    for update in report.updates:
        for span in update.stages:
            until = domain[1] if span.ends is None else _utc(span.ends)
            yield {"at": _utc(span.begins), "until": until, "stage": span.stage, "row": "ladder"}
    outage = report.fallback
    if outage is not None and outage.begins is not None:
        until = domain[1] if outage.ends is None else _utc(outage.ends)
        yield {"at": _utc(outage.begins), "until": until, "stage": "outage", "row": "outage"}


def _points(report: Report) -> Iterator[Row]:
    for alert in report.alerts:
        yield {"at": _utc(alert.at), "kind": "alert", "colour": MARKS["alert"], "row": "alerts"}
    for update in report.updates:
        yield {"at": _utc(update.at), "kind": update.decision, "colour": MARKS[update.decision], "row": "decisions"}
    if report.fallback is not None and report.fallback.begins is not None:
        yield {"at": _utc(report.fallback.begins), "kind": "outage", "colour": MARKS["outage"], "row": "outage"}


def _change(report: Report, x: alt.X) -> alt.Chart:
    at = report.replay.regime_change
    rows: list[Row] = [] if at is None else [{"at": _utc(at)}]
    rule: alt.Chart = _table(rows).mark_rule(strokeDash=[3, 3], color=PALETTE["ink"][0]).encode(x=x)
    return rule


def _table(rows: list[Row]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=rows))


def _colours(field: str) -> alt.Color:
    light = [pair[0] for pair in PALETTE.values()]
    return alt.Color(f"{field}:N", legend=None, scale=alt.Scale(domain=list(PALETTE), range=light))


def _utc(at: datetime) -> str:
    """Domain time is naive; called UTC so that the axis shows it as it is, wherever the page is made."""
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def svg(chart: alt.TopLevelMixin, label: str) -> str:
    """The chart as SVG that stands inside a page; `label` tells those who cannot see it what it shows."""
    ink, line = PALETTE["ink"][0], PALETTE["line"][0]
    spec = chart.to_dict()
    spec |= {"background": "transparent", "padding": {"left": 2, "right": 8, "top": 6, "bottom": 2}}
    spec["config"] = {
        "aria": False,
        "font": "sans-serif",
        "view": {"stroke": None},
        "axis": {
            "labelColor": ink,
            "labelFontSize": 11,
            "gridColor": line,
            "domainColor": line,
            "tickColor": line,
        },
        "title": {"color": ink, "fontSize": 12, "fontWeight": "normal", "anchor": "start", "offset": 4},
    }
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    box = re.search(r'viewBox="([^"]+)"', svg)
    body = svg[svg.index(">") + 1 :]
    width = box[1].split()[2] if box else "0"
    head = f'<svg class="chart" role="img" aria-label="{label}" viewBox="{box[1] if box else ""}" width="{width}">'
    return head + body
