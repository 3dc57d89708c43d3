"""Windows for training, validation and test, one after the other with a gap, so that nothing leaks back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from afield.errors import DataError
from afield.records.facts import Window

# Fitted on a day, coefficients of hours and weekdays that were hardly seen grow without bounds.
LEAST = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Split:
    """Three windows in order of time, apart by the gap."""

    training: Window
    validation: Window
    test: Window


def by_time(
    validation: timedelta,
    test: timedelta,
    *,
    gap: timedelta = timedelta(0),
    lookback: timedelta = timedelta(0),
) -> Callable[[Window], Split]:
    """A function from the window of the data to its split: the last stretch is the test.

    Args:
        validation: length of the window on which recipes are tuned.
        test: length of the window on which the result is judged.
        gap: left out before validation and before test: at least the time after which a label is known.
        lookback: left out at the start, where features would see too little history.

    The function raises `DataError` when the data are too short to leave anything to train on.
    """

    def split(data: Window) -> Split:
        judged = Window(data.end - test, data.end)
        tuned = Window(judged.start - gap - validation, judged.start - gap)
        start, end = data.start + lookback, tuned.start - gap
        if end <= start:
            needed = lookback + validation + test + 2 * gap
            raise DataError(
                f"the data from {data.start} to {data.end} ({data.end - data.start}) leave nothing to train on: "
                f"look-back, validation, test and gaps take {needed}; give a longer period or shorter windows"
            )
        return Split(Window(start, end), tuned, judged)

    return split


def enough(training: Window, lookback: timedelta) -> None:
    """Return where features that look back have `LEAST` of rows with their whole history to learn from.

    Raises:
        DataError: the training window is too short; says by how much.
    """
    short = lookback + LEAST - (training.end - training.start)
    if lookback and short > timedelta(0):
        raise DataError(
            f"the training window, {training.start} to {training.end}, is too short: features look back {lookback}, "
            f"and {LEAST} of rows behind that are the least to learn from; give data that begin {short} earlier, "
            "or a later --until by as much"
        )


def within(column: str, window: Window) -> pl.Expr:
    """Whether the time in `column` lies in the window, its end excluded."""
    return (pl.col(column) >= window.start) & (pl.col(column) < window.end)
