"""Whether the forecast finds what matters: rows at or above capacity, and the hottest keys of each tick."""

import msgspec
import polars as pl

from afield.errors import EvaluationError
from afield.evaluation.metrics import TRUTH, check


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
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    precision: float | None
    recall: float | None
    rows_without_capacity: int


def confusion(frame: pl.DataFrame, forecast: str = "forecast", capacity: str = "capacity") -> Confusion:
    """How often a row was rightly or wrongly forecast to reach its capacity.

    A row is positive in truth where `truth >= capacity`, and as forecast where `forecast >= capacity`.
    Source: van Rijsbergen, Information Retrieval, 2nd edition (1979), chapter 7 (precision, recall).

    Args:
        frame: columns `truth`, the forecast and the capacity; rows whose capacity is null are left out and counted.
        forecast: name of the column of forecasts.
        capacity: name of the column of capacities, above zero.

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
    return Confusion(
        true_positives=both,
        false_positives=only_said,
        false_negatives=only_true,
        true_negatives=neither,
        precision=both / (both + only_said) if both + only_said else None,
        recall=both / (both + only_true) if both + only_true else None,
        rows_without_capacity=frame.height - known.height,
    )


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
    if top < 1:
        raise EvaluationError(f"top {top}: at least one key must count as hot")
    check(frame, [TRUTH, forecast], ["tick", "key"])
    chosen = pl.col(TRUTH).sort_by([forecast, "key"], descending=[True, False]).head(top)
    bar = pl.col(TRUTH).top_k(top).min()
    per_tick = frame.group_by("tick").agg(
        ((chosen >= bar) & (chosen > 0)).sum().alias("hits"),
        (pl.col(TRUTH) > 0).sum().clip(upper_bound=top).alias("hot"),
    )
    share: float | None = per_tick.filter(pl.col("hot") > 0).select((pl.col("hits") / pl.col("hot")).mean()).item()
    return share
