"""Metrics of forecasts of counts and of numbers, from sums that one pass over the rows gives."""

import math
from collections.abc import Sequence

import msgspec
import polars as pl

from afield.errors import EvaluationError
from afield.statistics.losses import LOSSES, SMALLEST_RATE

TRUTH = "truth"


class Metrics(msgspec.Struct, frozen=True):
    """How far forecasts lie from the truth, over all rows.

    Where a truth is below zero they are no counts: then `wape`, `poisson_deviance` and `excess` are None.

    Attributes:
        rmse: root of the mean squared error, in the unit of the truth.
        mae: mean absolute error, in the unit of the truth.
        wape: sum of absolute errors over sum of truth; None where nothing happened. All zeros score 1, so it
            misleads on sparse counts. Source: Kolassa and Schütz, "Advantages of the MAD/mean ratio over the
            MAPE", Foresight 6 (2007).
        poisson_deviance: mean unit deviance `2 (y log(y / f) - y + f)`, forecasts floored at 1e-9.
            Source: McCullagh and Nelder, Generalized Linear Models, 2nd edition (1989), section 2.3.
        bias: sum of forecasts over sum of truth, minus one; None where nothing happened.
        excess: mean squared error minus the mean of the truth. Counts that are Poisson around the true rates
            have a variance equal to their mean, so this is the part of the error that a better forecast could
            still remove; below zero by chance, or where counts vary less than Poisson.
    """

    rmse: float
    mae: float
    wape: float | None
    poisson_deviance: float | None
    bias: float | None
    excess: float | None

    @property
    def squared_error(self) -> float:
        """Mean squared error; of probabilities, the Brier score."""
        return self.rmse**2

    @property
    def absolute_error(self) -> float:
        """Mean absolute error, by the name of its loss."""
        return self.mae

    def numbers(self, names: Sequence[str] = ()) -> dict[str, float]:
        """The metrics of these names, or all fields, without those that are undefined.

        Raises:
            EvaluationError: there is no metric of that name.
        """
        known = (*self.__struct_fields__, *LOSSES)
        if unknown := [name for name in names if name not in known]:
            raise EvaluationError(f"no metric called {', '.join(unknown)}; there is: {', '.join(dict.fromkeys(known))}")
        chosen = names or self.__struct_fields__
        return {name: value for name in chosen if (value := getattr(self, name)) is not None}


def measure(frame: pl.DataFrame, forecast: str = "forecast") -> Metrics:
    """The metrics of one column of forecasts.

    Args:
        frame: columns `truth` and `forecast`, one row a prediction.
        forecast: name of the column of forecasts.

    Raises:
        EvaluationError: there are no rows, a column is missing, or a value is null or not finite.
    """
    check(frame, [TRUTH, forecast])
    return metrics(frame.select(loss_sums([forecast])), forecast)


def loss_sums(forecasts: Sequence[str]) -> list[pl.Expr]:
    """Expressions that add up the losses of several columns of forecasts, for `select` or `agg`.

    Their columns are `rows`, `truth`, and for each forecast F: `F:sum`, `F:squared`, `F:absolute`, `F:deviance`.
    """
    truth = pl.col(TRUTH).cast(pl.Float64)
    sums = [pl.len().alias("rows"), truth.sum()]
    for name in forecasts:
        forecast = pl.col(name).cast(pl.Float64)
        error = forecast - truth
        mean = forecast.clip(lower_bound=SMALLEST_RATE)
        surprise = pl.when(truth > 0).then(truth * (truth / mean).log()).otherwise(0.0)
        deviance = (2.0 * (surprise - truth + mean)).clip(lower_bound=0.0)
        sums += [
            forecast.sum().alias(f"{name}:sum"),
            error.pow(2).sum().alias(f"{name}:squared"),
            error.abs().sum().alias(f"{name}:absolute"),
            pl.when(truth >= 0).then(deviance).otherwise(math.nan).sum().alias(f"{name}:deviance"),
        ]
    return sums


def metrics(sums: pl.DataFrame, forecast: str) -> Metrics:
    """The metrics of one column of forecasts, from a frame of `loss_sums` (one row, or one a block)."""
    names = ["rows", TRUTH, *(f"{forecast}:{what}" for what in ("sum", "squared", "absolute", "deviance"))]
    rows, truth, total, squared, absolute, deviance = sums.select(pl.col(names).sum()).row(0)
    counts = not math.isnan(deviance)
    return Metrics(
        rmse=math.sqrt(squared / rows),
        mae=absolute / rows,
        wape=absolute / truth if counts and truth > 0 else None,
        poisson_deviance=deviance / rows if counts else None,
        bias=total / truth - 1 if truth > 0 else None,
        excess=(squared - truth) / rows if counts else None,
    )


def check(frame: pl.DataFrame, numbers: Sequence[str], others: Sequence[str] = ()) -> None:
    """Return if every column is there and every number is finite.

    Raises:
        EvaluationError: it is not so; names the column and the first row.
    """
    missing = [name for name in (*numbers, *others) if name not in frame.columns]
    if missing:
        raise EvaluationError(f"columns {missing} are missing; the frame has {frame.columns}")
    if frame.is_empty():
        raise EvaluationError("there are no rows to score; choose a window and zones that hold some")
    for name in numbers:
        if not frame.schema[name].is_numeric():
            raise EvaluationError(f"column {name!r} holds {frame.schema[name]}; numbers are expected")
    wrong = {name: ~pl.col(name).is_finite().fill_null(value=False) for name in numbers}
    counts = frame.select(wrong_values.sum().alias(name) for name, wrong_values in wrong.items()).row(0, named=True)
    for name, count in counts.items():
        if count:
            row = frame.filter(wrong[name]).row(0, named=True)
            raise EvaluationError(
                f"column {name!r}: {count} of {frame.height} values are null or not finite, "
                f"first in row {row}; leave such rows out and count them"
            )
