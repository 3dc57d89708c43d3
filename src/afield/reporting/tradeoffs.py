"""The report of a comparison: its tables, learning curves and Pareto front."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from afield.records.evidence import Estimate
from afield.records.examination import Degradation
from afield.records.words import Words
from afield.reporting.sheet import Chart, Grid, Section, Sheet
from afield.reporting.sheet import write as write_sheet
from afield.reporting.tradeoff_charts import curves, front
from afield.study.compared import Compared, Option
from afield.wording import NONE, metric_name, moment, number, share

WIDE, NARROW = 980, 340

Titled = tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]


def write(found: Compared, folder: Path, words: Words) -> Path:
    """The path of `compare.html`, written with `compare.json` beside it.

    Raises:
        StoreError: the folder or a file in it cannot be written.
    """
    return write_sheet(sheet(found, words), found, folder, "compare")


def sheet(found: Compared, words: Words) -> Sheet:
    """The comparison as a page."""
    grids = [Grid(head, rows, title) for title, head, rows in rows_of(found, words)]
    called = metric_name(found.metric, words)
    sections = [
        Section("Side by side", (_judged(found),), grids=(grids[0], grids[1])),
        Section(
            "What each costs",
            (_costs(found),),
            charts=_drawn(found, called, "front"),
            grids=(grids[2],),
        ),
        Section("Learning curves", (_learning(found),), charts=_drawn(found, called, "curves"), grids=tuple(grids[4:])),
        Section("Hard inputs", (_hard(found),), grids=(grids[3],)),
    ]
    if not any(each.curve for each in found.options):
        sections.pop(2)
    options = ", ".join(f"{name} {value}" for name, value in found.settings.items())
    eyebrow = f"{found.application}{', ' if options else ''}{options} · comparison · {_source(found)}"
    return Sheet(eyebrow, found.recommendation, found.warnings, sections, found.provenance)


def short_rows(found: Compared, words: Words) -> Iterator[Titled]:
    """Title, head and rows of two tables that fit a terminal; the rest stands in the report."""
    first, *rest = [metric_name(metric, words) for metric in found.metrics]
    yield (
        f"{_source(found)} · {found.test_rows:,} unseen rows, slice {found.slice}, {found.blocks} blocks",
        ("option", first, f"÷ {found.reference}", *rest, "front"),
        tuple(
            (
                each.name,
                _value(each.accuracy.get(found.metric)),
                _brief(each, found),
                *(_value(each.accuracy.get(metric)) for metric in found.metrics[1:]),
                each.problem or ("no" if each.dominated_by else "yes"),
            )
            for each in found.options
        ),
    )
    yield (
        f"costs · fitted on {found.training_rows:,} rows, of which it needs · batch of {found.batch:,} · gaps: {first} "
        "where a tenth is missing"
        if found.training
        else "costs",
        ("option", "row µs", "batch ms", "fit s", "MB", "kB", "needs", "gaps"),
        tuple(
            (
                each.name,
                *(_short(value, scale) for value, scale in ((each.single, 1e6), (each.batch, 1e3))),
                _short(each.training, 1.0),
                _plain(each.memory, 1e-6),
                f"{each.size / 1000:,.0f}",
                (f"{each.needed.rows:,}" if each.needed.enough else "all") if _curved(each) and each.needed else NONE,
                next((f"×{float(value):.3g}" for value, _ in map(_degraded, each.robust[-1:]) if value != NONE), NONE),
            )
            for each in found.options
        ),
    )


def _curved(option: Option) -> bool:
    return option.needed is not None and option.needed.rows is not None


def _short(estimate: Estimate | None, scale: float) -> str:
    return (
        NONE
        if estimate is None
        else f"{estimate.value * scale:.2g}"
        if estimate.value * scale < 10
        else f"{estimate.value * scale:,.0f}"
    )


def _brief(option: Option, found: Compared) -> str:
    comparison = option.against.get(found.metric)
    if comparison is None or comparison.ratio is None:
        return "1" if option.name == found.reference else NONE
    ratio = comparison.ratio
    return f"{ratio.value:.3f} {ratio.interval.low:.3f}–{ratio.interval.high:.3f}"


def rows_of(found: Compared, words: Words) -> Iterator[Titled]:
    """Title, head and rows of each table of the report."""
    metrics = found.metrics
    first, *rest = (metric_name(metric, words) for metric in metrics)
    yield (
        f"{_source(found)} · {found.test_rows:,} unseen rows, {found.blocks} blocks",
        ("option", first, "95 %", f"against {found.reference}", "95 % ", *rest),
        tuple(
            (
                each.name,
                *_valued(each.accuracy.get(found.metric)),
                *_ratio(each, found),
                *(_value(each.accuracy.get(metric)) for metric in metrics[1:]),
            )
            for each in found.options
        ),
    )
    yield (
        "what each is",
        ("option", "what it is", "explained", "incremental", "on the Pareto front"),
        tuple(
            (
                each.name,
                each.says,
                each.explainable,
                "yes" if each.incremental else "no",
                f"no: {', '.join(each.dominated_by)}" if each.dominated_by else each.problem or "yes",
            )
            for each in found.options
        ),
    )
    yield (
        f"what it costs · medians of {found.calls} calls of one row; batches of {found.batch:,} rows",
        (
            "option",
            "one row, µs",
            "95 %",
            "batch, ms",
            "95 % ",
            "training, s",
            "range",
            "memory, MB",
            "size, kB",
        ),
        tuple(
            (
                each.name,
                *_valued(each.single, 1e6),
                *_valued(each.batch, 1e3),
                *_valued(each.training),
                _plain(each.memory, 1e-6),
                _plain(float(each.size), 1e-3),
            )
            for each in found.options
        ),
    )
    yield (
        f"hard inputs · {first} over that with the true inputs, {found.hard_rows:,} rows",
        ("option", "noise of a tenth", "95 %", "a tenth missing", "95 % ", "left unanswered"),
        tuple(
            (each.name, *(cell for stress in each.robust for cell in _degraded(stress)), _unanswered(each))
            for each in found.options
            if each.robust
        ),
    )
    curves = [each for each in found.options if each.curve]
    if curves:
        shares = sorted({point.share for each in curves for point in each.curve})
        yield (
            f"learning curve · {first} over that with all {found.training_rows:,} rows, the newest share of them",
            ("option", *_shares(shares), f"data needed ({share(found.within)} of the best)"),
            tuple((each.name, *_curve(each, shares), _needed(each)) for each in curves),
        )


def _shares(shares: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"1/{round(1 / each)}" if each < 1 else "all" for each in shares)


def _curve(option: Option, shares: Sequence[float]) -> Iterator[str]:
    points = {point.share: point for point in option.curve}
    for each in shares:
        point = points.get(each)
        if point is None or point.value is None or point.against_all is None:
            yield NONE
        elif each == 1:
            yield "1"
        else:
            low, high = point.against_all.interval.low, point.against_all.interval.high
            yield f"{point.against_all.value:.3f} ({low:.3f} to {high:.3f})"


def _needed(option: Option) -> str:
    need = option.needed
    if need is None or need.rows is None or need.share is None:
        return NONE
    return f"{need.rows:,}" if need.enough else f"{need.rows:,} or more"


def _ratio(option: Option, found: Compared) -> tuple[str, str]:
    comparison = option.against.get(found.metric)
    if comparison is None or comparison.ratio is None:
        return ("1", "") if option.name == found.reference else (NONE, "")
    ratio = comparison.ratio
    return f"{ratio.value:.4f}", f"{ratio.interval.low:.4f} to {ratio.interval.high:.4f}"


def _degraded(stress: Degradation) -> tuple[str, str]:
    ratio = stress.comparison.ratio if stress.comparison else None
    if ratio is None:
        return NONE, ""
    return f"{ratio.value:.3f}", f"{ratio.interval.low:.3f} to {ratio.interval.high:.3f}"


def _unanswered(option: Option) -> str:
    return share(max((each.unanswered for each in option.robust), default=0.0))


def _valued(estimate: Estimate | None, scale: float = 1.0) -> tuple[str, str]:
    if estimate is None:
        return NONE, ""
    low, high = estimate.interval.low, estimate.interval.high
    if not estimate.interval.level:
        return number(estimate.value * scale), "one run"
    return number(estimate.value * scale), f"{number(low * scale)} to {number(high * scale)}"


def _value(estimate: Estimate | None) -> str:
    return NONE if estimate is None else number(estimate.value)


def _plain(value: float | None, scale: float) -> str:
    return NONE if value is None else f"{value * scale:,.1f}"


def _source(found: Compared) -> str:
    return "generated data" if found.generated else f"recorded data: {found.data}"


def _judged(found: Compared) -> str:
    apart = f" {found.unanswered_rows:,} rows were left out, because an option has no answer to them."
    return (
        f"Everybody is judged on the same {found.test_rows:,} rows from {moment(found.test[0])} to "
        f"{moment(found.test[1])}, slice: {found.slice}. Intervals are drawn over {found.blocks} blocks of time, which "
        "stay whole; differences are paired, row by row. An option leaves the front where another is better beyond "
        f"noise by {_or(found.axes)}, and worse by none of them.{apart if found.unanswered_rows else ''}"
    )


def _costs(found: Compared) -> str:
    return (
        "One row and a batch are answered on the path that serves them, options in turn, on one thread. Training "
        f"includes calibration and export, on {found.training_rows:,} rows; its memory is what a fresh process takes "
        "beyond the rows."
        if found.training
        else "One row and a batch are answered on the path that serves them, releases in turn, on one thread."
    )


def _learning(found: Compared) -> str:
    return (
        "The same recipe fitted on the newest half, quarter and so on of the rows. The data needed are the fewest of "
        f"these from which on the error stays within {share(found.within)} of the best point of the curve."
    )


def _hard(found: Compared) -> str:
    return (
        f"On {found.hard_rows:,} of the rows: each number off by normal noise of a tenth of its usual spread, and a "
        "tenth of all inputs not known. A row that is left unanswered goes to the fallback."
    )


def _or(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _drawn(found: Compared, called: str, which: str) -> tuple[Chart, ...]:
    draw = front if which == "front" else curves
    captions = {
        "front": f"{called} with its interval over the latency of one row; filled: on the Pareto front.",
        "curves": f"{called} over that with all rows, with its paired interval, over rows learned from.",
    }
    wide = draw(found, called, WIDE)
    return (Chart(wide, draw(found, called, NARROW), captions[which]),) if wide else ()
