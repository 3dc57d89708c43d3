"""Whether the forecast finds what matters: rows at or above capacity, and the hottest keys of each tick."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import EvaluationError
from afield.evaluation.metrics import TRUTH, check
from afield.records.evidence import Comparison, Estimate, Interval
from afield.statistics.bootstrap import block_totals, paired, percentiles, resampled

MEASURES = ("precision", "recall", "hit_rate", "ndcg")


class Confusion(msgspec.Struct, frozen=True):
    """Rows at or above their capacity, as forecast and in truth.

    Attributes:
        true_positives: forecast and true.
        false_positives: forecast, not true.
        false_negatives: true, not forecast.
        true_negatives: neither.
        precision: true positives over all forecast; None where none was forecast.
        recall: true positives over all true; None where none was true.
        rows_without_capacity: rows left out because their capacity is null.
        precise: the 95 % interval of the precision; None without one, or where no blocks of time were given.
        recalled: that of the recall; None likewise.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    precision: float | None
    recall: float | None
    rows_without_capacity: int
    precise: Interval | None = None
    recalled: Interval | None = None


class Ranking(msgspec.Struct, frozen=True):
    """How well the keys of each tick were ranked.

    Attributes:
        top: how many keys are chosen a tick.
        scores: who → precision, recall, hit rate and NDCG at `top`, means over ticks (see `per_tick`).
        comparisons: hit rate and NDCG of the first minus those of each other; above zero, the first ranks better.
    """

    top: int
    scores: dict[str, dict[str, Estimate]] = {}
    comparisons: tuple[Comparison, ...] = ()


def confusion(
    frame: pl.DataFrame,
    forecast: str = "forecast",
    capacity: str = "capacity",
    *,
    blocks: pl.Series | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Confusion:
    """How often a row was rightly or wrongly forecast to reach its capacity.

    A row is positive in truth where `truth >= capacity`, and as forecast where `forecast >= capacity`.
    Source: van Rijsbergen, Information Retrieval, 2nd edition (1979), chapter 7 (precision, recall).

    Args:
        frame: columns `truth`, the forecast and the capacity; rows whose capacity is null are left out and counted.
        forecast: name of the column of forecasts.
        capacity: name of the column of capacities, above zero.
        blocks: label of what is drawn as a whole for the intervals, one a row; None, or one alone: no intervals.
        resamples: bootstrap draws.
        seed: of the draws.

    Raises:
        EvaluationError: a column is missing, no row has a capacity, or a capacity is not above zero.
    """
    check(frame, [TRUTH, forecast], [capacity])
    known = frame.filter(pl.col(capacity).is_not_null())
    if known.is_empty():
        raise EvaluationError(f"no row has a {capacity}; declare one for each key, or leave this metric out")
    check(known, [capacity])
    if known.select((pl.col(capacity) <= 0).any()).item():
        row = known.filter(pl.col(capacity) <= 0).row(0, named=True)
        raise EvaluationError(f"a {capacity} is not above zero, first in row {row}: every row would reach it")
    said, true = pl.col(forecast) >= pl.col(capacity), pl.col(TRUTH) >= pl.col(capacity)
    both, only_said, only_true, neither = known.select(
        (said & true).sum().alias("both"),
        (said & ~true).sum().alias("only_said"),
        (~said & true).sum().alias("only_true"),
        (~said & ~true).sum().alias("neither"),
    ).row(0)
    precise = recalled = None
    if blocks is not None:
        labels = blocks.filter(frame[capacity].is_not_null()).to_numpy()
        flags = known.select((said & true).alias("both"), said.alias("said"), true.alias("true")).to_numpy()
        precise, recalled = _shares(flags, labels, resamples, seed)
    return Confusion(
        precise=precise,
        recalled=recalled,
        true_positives=both,
        false_positives=only_said,
        false_negatives=only_true,
        true_negatives=neither,
        precision=both / (both + only_said) if both + only_said else None,
        recall=both / (both + only_true) if both + only_true else None,
        rows_without_capacity=frame.height - known.height,
    )


def _shares(
    flags: NDArray[np.bool_], blocks: NDArray[np.generic], resamples: int, seed: int
) -> tuple[Interval | None, Interval | None]:
    """The interval of the first column over the second, and over the third; None over nothing or with one block."""
    if len(np.unique(blocks)) < 2:
        return None, None
    totals = block_totals(flags, blocks)
    means = resampled(totals, resamples, seed)
    found = [
        percentiles(np.divide(means[:, 0], each, out=np.full(len(each), np.nan), where=each > 0), len(totals))
        if there
        else None
        for each, there in zip(means.T[1:], (flags[:, 1].any(), flags[:, 2].any()), strict=True)
    ]
    return found[0], found[1]


def hot_keys(frame: pl.DataFrame, top: int = 10, forecast: str = "forecast") -> float | None:
    """The mean share of each tick's hottest keys that are among the hottest by forecast; in [0, 1].

    Per tick, the `top` keys by forecast (equal forecasts: the smaller key first) are held against the `top`
    keys by truth. Keys of equal truth are equally good, a key without orders is never hot, and a tick with
    fewer hot keys than `top` is judged on those; None where no tick has any. Precision at K, also called hit rate:
    Manning, Raghavan and Schütze, Introduction to Information Retrieval (2008), section 8.4.

    Args:
        frame: columns `truth`, `tick`, `key` and the forecast.
        top: how many keys count as hot.
        forecast: name of the column of forecasts.

    Raises:
        EvaluationError: `top` is below one, or a column is missing or holds no numbers.
    """
    found = per_tick(frame, top, forecast)
    share: float | None = found["hit_rate"].mean() if found.height else None  # type: ignore[assignment]
    return share


def per_tick(frame: pl.DataFrame, top: int = 10, forecast: str = "forecast") -> pl.DataFrame:
    """How well each tick's keys are ranked: columns `tick`, `precision`, `recall`, `hit_rate` and `ndcg`.

    What is relevant are the keys at or above the truth of the `top`-th, if anything happened there; ticks without any
    are left out. Precision and recall are shares of the `top` chosen and of the relevant; the hit rate is the share of
    the best that could be hit (see `hot_keys`). The gain of NDCG is the truth itself, discounted by the logarithm of
    the place.

    Source: Manning, Raghavan and Schütze (2008), section 8.4; Järvelin and Kekäläinen, "Cumulated gain-based
    evaluation of IR techniques", ACM Transactions on Information Systems 20 (2002).

    Args:
        frame: columns `truth`, `tick`, `key` and the forecast.
        top: how many keys are chosen.
        forecast: name of the column of forecasts.

    Raises:
        EvaluationError: as `hot_keys`.
    """
    if top < 1:
        raise EvaluationError(f"top {top}: at least one key must count as hot")
    check(frame, [TRUTH, forecast], ["tick", "key"])
    truth = pl.col(TRUTH).cast(pl.Float64)
    chosen = truth.sort_by([forecast, "key"], descending=[True, False]).head(top)
    best = truth.sort(descending=True).head(top)
    bar = truth.top_k(top).min()
    counted = frame.group_by("tick").agg(
        ((chosen >= bar) & (chosen > 0)).sum().alias("hits"),
        (truth > 0).sum().clip(upper_bound=top).alias("hot"),
        ((truth >= bar) & (truth > 0)).sum().alias("relevant"),
        pl.len().clip(upper_bound=top).alias("chosen"),
        _gain(chosen).alias("gain"),
        _gain(best).alias("ideal"),
    )
    return (
        counted.filter(pl.col("hot") > 0)
        .sort("tick")
        .select(
            "tick",
            precision=pl.col("hits") / pl.col("chosen"),
            recall=pl.col("hits") / pl.col("relevant"),
            hit_rate=pl.col("hits") / pl.col("hot"),
            ndcg=pl.col("gain") / pl.col("ideal"),
        )
    )


def ranked(
    frame: pl.DataFrame,
    forecasts: Mapping[str, str],
    top: int = 10,
    *,
    block: timedelta = timedelta(days=1),
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Ranking:
    """How well several forecasts rank the keys of each tick, the first of them compared with each other one.

    Ticks are averaged; whole blocks of them are resampled, the same for everybody. Below two blocks there are no
    intervals, and the result is empty.

    Args:
        frame: as for `per_tick`; with `tick` (Datetime).
        forecasts: who → column of forecasts, the model first.
        top: how many keys are chosen.
        block: stretch of time that is drawn as a whole.
        resamples: bootstrap draws.
        seed: of the draws.
        level: coverage of the intervals.

    Raises:
        EvaluationError: as `per_tick`.
    """
    scored = {who: per_tick(frame, top, column) for who, column in forecasts.items()}
    days = next(iter(scored.values()))["tick"].dt.truncate(block).to_numpy()
    if len(np.unique(days)) < 2:
        return Ranking(top)
    scores = {}
    for who, ticks in scored.items():
        totals = block_totals(ticks.select(MEASURES).to_numpy(), days)
        means = resampled(totals, resamples, seed)
        scores[who] = {
            name: Estimate(
                float(ticks[name].to_numpy().mean()),
                percentiles(each, len(totals), level),
                ticks.height,
                float(ticks.height),
            )
            for name, each in zip(MEASURES, means.T, strict=True)
        }
    model, *others = forecasts
    compared = tuple(
        paired(
            scored[model][name],
            scored[other][name],
            days,
            metric=name,
            names=(model, other),
            resamples=resamples,
            seed=seed,
            level=level,
        )
        for other in others
        for name in ("hit_rate", "ndcg")
    )
    return Ranking(top, scores, compared)


def _gain(truths: pl.Expr) -> pl.Expr:
    """Truths in the order of their places, each over the logarithm of its place."""
    return (truths / (pl.int_range(2, truths.len() + 2).log(2))).sum()
