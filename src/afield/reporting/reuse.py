"""The report of a model that was taken elsewhere: its arms on ever more local data."""

from collections.abc import Iterator
from pathlib import Path

import altair as alt

from afield.records.evidence import Comparison
from afield.records.words import Words
from afield.reporting.charts import Row, svg
from afield.reporting.sheet import SERIES, Chart, Grid, Section, Sheet
from afield.reporting.sheet import write as write_sheet
from afield.reporting.tradeoff_charts import HEIGHT
from afield.reporting.tradeoffs import NARROW, WIDE, Titled
from afield.study.reusing import ARMS, FRESH, RECALIBRATED, TUNED, Reused
from afield.wording import NONE, metric_name, moment, number

FAR = 100
"""A ratio above that is told no further."""

FITTED = (RECALIBRATED, TUNED, FRESH)
SAYS = (
    "Frozen: as it came. Recalibrated: a line fitted on what it says, two numbers. Fine-tuned: a model that starts "
    "from what it says, fitted on all local features. Fresh: the same recipe fitted on local rows alone."
)


def write(found: Reused, folder: Path, words: Words) -> Path:
    """The path of `elsewhere.html`, written with `elsewhere.json` beside it.

    Raises:
        StoreError: the folder or a file in it cannot be written.
    """
    return write_sheet(sheet(found, words), found, folder, "elsewhere")


def sheet(found: Reused, words: Words) -> Sheet:
    """The page."""
    called = metric_name(found.metric, words)
    grids = tuple(Grid(head, rows, title) for title, head, rows in rows_of(found, words))
    judged = (
        f"From {found.here} ({found.model}) to {found.there}. Judged on {found.test_rows:,} local rows from "
        f"{moment(found.test[0])} to {moment(found.test[1])}; intervals are drawn over {found.blocks} blocks of time, "
        f"differences paired. Local data: the newest rows of {moment(found.training[0])} to {moment(found.training[1])}"
        "."
    )
    chart = Chart(_drawn(found, called, WIDE), _drawn(found, called, NARROW), f"{called} over local rows learned from.")
    problems = [f"{each.rows:,} rows, {arm}: {said}" for each in found.amounts for arm, said in each.problems.items()]
    section = Section("Frozen, fine-tuned and fresh", (judged, SAYS, *problems), (chart,), grids)
    options = ", ".join(f"{name} {value}" for name, value in found.settings.items())
    kind = "generated data" if found.generated else "recorded data"
    eyebrow = f"{found.application}{', ' if options else ''}{options} · {found.there} · {kind}"
    return Sheet(eyebrow, found.recommendation, (), (section,), found.provenance)


def rows_of(found: Reused, words: Words) -> Iterator[Titled]:
    """Title, head and rows of the table: arms by amount of local data."""
    called = metric_name(found.metric, words)
    frozen, rules = found.frozen, ", ".join(f"{name} {number(each.value)}" for name, each in found.baselines.items())
    low, high = number(frozen.interval.low), number(frozen.interval.high)
    yield (
        f"{found.here} → {found.there} · {called} of the frozen model {number(frozen.value)} ({low} to {high})"
        f"{'; ' if rules else ''}{rules} · each arm ÷ frozen, 95 %",
        ("local rows", *FITTED, "fresh ÷ fine-tuned"),
        tuple(
            (f"{each.rows:,}", *(_ratio(each.against.get(arm)) for arm in FITTED), _ratio(each.fresh_against_tuned))
            for each in found.amounts
        ),
    )


def _ratio(comparison: Comparison | None) -> str:
    if comparison is None or comparison.ratio is None:
        return NONE
    ratio = comparison.ratio
    if ratio.interval.high > FAR:
        return f"over {FAR}" if ratio.value > FAR else f"{ratio.value:.3g} (to over {FAR})"
    return f"{ratio.value:.3f} ({ratio.interval.low:.3f}–{ratio.interval.high:.3f})"


def _drawn(found: Reused, called: str, width: int) -> str:
    rows: list[Row] = [
        {
            "arm": arm,
            "rows": each.rows,
            "value": each.values[arm].value,
            "low": each.values[arm].interval.low,
            "high": each.values[arm].interval.high,
        }
        for each in found.amounts
        for arm in FITTED
        if arm in each.values and each.values[arm].interval.high <= FAR * found.frozen.value
    ]
    if not rows:
        return ""
    counts = [each.rows for each in found.amounts]
    axis = alt.Axis(title="local rows learned from", values=counts, format=",d", grid=False, labelOverlap=True)
    x = alt.X("rows:Q", axis=axis).scale(type="log", domain=[counts[0] / 1.15, counts[-1] * 1.15], nice=False)
    colours = alt.Scale(domain=list(ARMS), range=[light for light, _ in SERIES.values()][: len(ARMS)])
    legend = alt.Legend(title=None, orient="top", symbolOpacity=1, columns=2 if width == NARROW else 4)
    colour = alt.Color("arm:N", legend=legend, scale=colours)
    frozen, ends = found.frozen, {"from": counts[0], "to": counts[-1]}
    flat = {**ends, "arm": "frozen", "value": frozen.value, "low": frozen.interval.low, "high": frozen.interval.high}
    held = alt.Chart(alt.InlineData(values=[flat]))
    across = alt.X("from:Q", axis=axis).scale(type="log", nice=False)
    y = alt.Y("low:Q", title=called, scale=alt.Scale(zero=False, nice=True))
    base = alt.Chart(alt.InlineData(values=rows))
    chart = alt.layer(
        held.mark_rect(opacity=0.1).encode(x=across, x2="to:Q", y=y, y2="high:Q", color=colour),
        held.mark_rule(strokeWidth=1.8).encode(x=across, x2="to:Q", y="value:Q", color=colour),
        base.mark_rule(strokeWidth=1.4, opacity=0.6).encode(x=x, y=y, y2="high:Q", color=colour),
        base.mark_line(strokeWidth=1.8, point=True).encode(x=x, y="value:Q", color=colour),
    ).properties(width=width - 90, height=HEIGHT)
    return svg(chart, f"{called} of each arm over local rows")
