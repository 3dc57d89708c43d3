"""The report of a backtest: all origins together, the origins beside each other, and a chart of both."""

from collections.abc import Iterator
from pathlib import Path

import altair as alt

from afield.evaluation.questions import MODEL
from afield.records.evidence import Estimate
from afield.records.words import Words
from afield.reporting.charts import PALETTE, Row, svg
from afield.reporting.sheet import SERIES, Chart, Grid, Section, Sheet
from afield.reporting.sheet import write as write_sheet
from afield.study.backtest import ALL, Backtest
from afield.wording import NONE, metric, metric_name, moment

WIDE, NARROW, HEIGHT = 880, 340, 240
SHOWN = 3
"""Metrics that a terminal shows."""
SLICED = 4
"""Metrics that the page shows of a slice."""

Titled = tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]


def write(found: Backtest, folder: Path, words: Words) -> Path:
    """The path of `backtest.html`, written with `backtest.json` beside it.

    Raises:
        StoreError: the folder or a file in it cannot be written.
    """
    return write_sheet(sheet(found, words), found, folder, "backtest")


def sheet(found: Backtest, words: Words) -> Sheet:
    """The backtest as a page."""
    grids = [Grid(head, rows, title) for title, head, rows in rows_of(found, words)]
    source = "generated data" if found.generated else "recorded data"
    first = found.metrics[0]
    charts = (
        Chart(_origins(found, words, WIDE), _origins(found, words, NARROW), f"{metric_name(first, words)} by origin."),
    )
    text = (
        "At each origin the recipes learned from what was known then, labels included; what followed was forecast and "
        "is no part of what was learned. Intervals draw whole blocks of time."
    )
    sections = [
        Section("All origins together", (text,), grids=tuple(grids[:-2])),
        Section("Origin by origin", charts=charts, grids=tuple(grids[-2:])),
    ]
    return Sheet(f"{found.application} · backtest · {source}", title(found, words), (), sections, found.provenance)


def title(found: Backtest, words: Words) -> str:
    """What was found, in a sentence."""
    first, folds = found.metrics[0], found.folds
    better = [each for each in found.pooled[ALL].comparisons if each.metric == first and each.ratio]
    if not better:
        return f"{len(folds)} origins, {found.pooled[ALL].rows:,} rows"
    hardest = max(better, key=lambda each: each.ratio.value if each.ratio else 0.0)
    wins = sum(fold.scores[MODEL][first] < fold.scores[hardest.second][first] for fold in folds)
    ratio = hardest.ratio
    told = f"{ratio.value:.3f} ({ratio.interval.low:.3f} to {ratio.interval.high:.3f})" if ratio else NONE
    return (
        f"Over {len(folds)} origins, {metric_name(first, words)} is {told} times that of {hardest.second}, the best "
        f"rival; lower at {wins} of them"
    )


def rows_of(found: Backtest, words: Words) -> Iterator[Titled]:
    """Title, head and rows of each table: pooled for each slice, against rivals, the origins, the spread between."""
    names = [name for name in found.metrics if name in found.folds[0].scores[MODEL]]
    called = [metric_name(name, words) for name in names]
    for part, pooled in found.pooled.items():
        shown = names if part == ALL else names[:SLICED]
        rows = tuple(
            (_who(name), *(_estimate(each, scores.get(each)) for each in shown))
            for name, scores in pooled.scores.items()
        )
        if rows:
            yield f"slice {part} · {pooled.rows:,} rows · 95 % intervals", ("", *called[: len(shown)]), rows
    comparisons = [each for each in found.pooled[ALL].comparisons if each.metric in names and each.ratio]
    if comparisons:
        rows = tuple(
            (each.second, metric_name(each.metric, words), *_bounds(each.ratio)) for each in comparisons if each.ratio
        )
        yield "the model over each rival, paired by block of time", ("rival", "metric", "ratio", "95 %"), rows
    yield (
        "each origin: the model",
        ("origin", "up to", "recipe", "learned from", "rows", *called),
        tuple(
            (
                moment(fold.origin),
                moment(fold.judged.end),
                fold.recipe,
                f"{fold.learned:,}",
                f"{fold.rows:,}",
                *(metric(name, fold.scores[MODEL].get(name)) for name in names),
            )
            for fold in found.folds
        ),
    )
    yield (
        f"between {len(found.folds)} origins: mean ± standard deviation (least to most)",
        ("", *called),
        tuple((_who(name), *(_spread(found, name, each) for each in names)) for name in found.spread),
    )


def short_rows(found: Backtest, words: Words) -> Iterator[Titled]:
    """Title, head and rows of three tables that fit a terminal; the rest stands in the report."""
    names = [name for name in found.metrics if name in found.folds[0].scores[MODEL]][:SHOWN]
    scores = found.pooled[ALL].scores
    yield (
        f"{found.pooled[ALL].rows:,} rows of {len(found.folds)} origins",
        ("", "metric", "pooled", "95 %", "least and most of an origin"),
        tuple(
            (_who(who), metric_name(name, words), *_parts(name, each.get(name)), _ends(found, who, name))
            for who, each in scores.items()
            for name in names
        ),
    )
    comparisons = [each for each in found.pooled[ALL].comparisons if each.metric in names]
    rows = tuple(
        (each.second, metric_name(each.metric, words), *_bounds(each.ratio)) for each in comparisons if each.ratio
    )
    if rows:
        yield "the model over each rival, paired by block of time", ("rival", "metric", "ratio", "95 %"), rows
    yield (
        "each origin",
        ("origin", "chosen", "learned from", "rows", metric_name(names[0], words)),
        tuple(
            (
                moment(fold.origin),
                fold.recipe,
                f"{fold.learned:,}",
                f"{fold.rows:,}",
                metric(names[0], fold.scores[MODEL].get(names[0])),
            )
            for fold in found.folds
        ),
    )


def _parts(name: str, value: Estimate | None) -> tuple[str, str]:
    if value is None:
        return NONE, NONE
    return metric(name, value.value), f"{metric(name, value.interval.low)} to {metric(name, value.interval.high)}"


def _ends(found: Backtest, who: str, name: str) -> str:
    spread = found.spread[who].get(name)
    return NONE if spread is None else f"{metric(name, spread.least)} to {metric(name, spread.most)}"


def _who(name: str) -> str:
    return "model" if name == MODEL else name


def _estimate(name: str, value: Estimate | None) -> str:
    if value is None:
        return NONE
    low, high = value.interval.low, value.interval.high
    return f"{metric(name, value.value)} ({metric(name, low)} to {metric(name, high)})"


def _bounds(value: Estimate) -> tuple[str, str]:
    return f"{value.value:.4f}", f"{value.interval.low:.4f} to {value.interval.high:.4f}"


def _spread(found: Backtest, who: str, name: str) -> str:
    spread = found.spread[who].get(name)
    if spread is None:
        return NONE
    between = f"({metric(name, spread.least)} to {metric(name, spread.most)})"
    return f"{metric(name, spread.mean)} ± {metric(name, spread.deviation)} {between}"


def _origins(found: Backtest, words: Words, width: int) -> str:
    """The first metric of everybody at each origin."""
    first = found.metrics[0]
    rows: list[Row] = [
        {"who": _who(name), "origin": f"{fold.origin:%Y-%m-%dT%H:%M:%S}Z", "value": scores[first]}
        for fold in found.folds
        for name, scores in fold.scores.items()
        if first in scores and name in found.spread
    ]
    people = list(dict.fromkeys(str(row["who"]) for row in rows))
    colours = [light for light, _ in SERIES.values()]
    scale = alt.Scale(domain=people, range=[colours[place % len(colours)] for place in range(len(people))])
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "origin:T",
            title=None,
            scale=alt.Scale(type="utc"),
            axis=alt.Axis(grid=False, format="%-d %b %H:%M", labelOverlap=True),
        ),
        y=alt.Y(
            "value:Q",
            title=metric_name(first, words),
            scale=alt.Scale(zero=False),
            axis=alt.Axis(gridColor=PALETTE["line"][0]),
        ),
        color=alt.Color("who:N", title=None, scale=scale, legend=alt.Legend(orient="bottom", columns=2)),
    )
    chart = alt.layer(base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=45, opacity=1))
    return svg(chart.properties(width=width - 90, height=HEIGHT), f"{metric_name(first, words)} at each origin")
