"""A sample of rows with features and truth, drawn by blocks from the training window and from what follows it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.data.split import by_time
from afield.errors import DataError
from afield.features.compute import compute
from afield.records.facts import Window
from afield.workshop.plan import SEED, Build

Floats = NDArray[np.float64]
History = Mapping[str, pl.LazyFrame]

EARLY, LATE = 28, 14
"""Blocks drawn from the training window, and from those that follow."""
ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows with their features, drawn by blocks from all of the history.

    Attributes:
        rows: spine, `truth`, `has_history` and the features.
        block: number of each row's block.
        late: whether it lies behind the training window.
        looked: the same in words.
    """

    rows: pl.DataFrame
    block: NDArray[np.int64]
    late: NDArray[np.bool_]
    looked: str

    def values(self, name: str) -> Floats:
        """A column as numbers; NaN where null."""
        return self.rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def draw(plan: Build, history: History, tell: Callable[[str], None] = lambda _: None) -> Sample:
    """The sample.

    Raises:
        DataError: the data are too short to tell training from what follows, or no row has a history and a truth.
    """
    start, end = plan.period(history)
    if end <= start:
        raise DataError("the data hold no period at all; give data with rows")
    split = by_time(plan.validation, plan.test, gap=plan.slot)(Window(start, end))
    origin = plan.features.origin
    held = {name: table.collect().lazy() for name, table in history.items()}
    parts: list[pl.DataFrame] = []
    chosen = [
        (late, begins)
        for late, window, most in (
            (False, split.training, EARLY),
            (True, Window(split.validation.start, split.test.end), LATE),
        )
        for begins in _evenly(_begins(plan, window), most)
    ]
    tell(f"looking for misleading features in {len(chosen)} blocks of {plan.block}")
    for number, (late, begins) in enumerate(chosen):
        # A block more than is kept: what becomes known behind a row is in the batch, as in that of the examples.
        asked = plan.spine(held, Window(begins, min(begins + 2 * plan.block, end)))
        if asked.is_empty():
            continue
        made = compute(plan.features, asked, held)
        truth = plan.labels(asked, held)["truth"].cast(pl.Float64)
        whole = made.with_columns(truth.alias("truth"), block=pl.lit(number), late=pl.lit(late))
        inside = pl.col(origin) < begins + plan.block
        known_rows = whole.filter(inside, "has_history", pl.col("truth").is_not_null())
        parts.append(known_rows.sample(min(known_rows.height, ROWS // len(chosen)), seed=SEED))
    rows = pl.concat(parts).sort("block", maintain_order=True) if parts else pl.DataFrame()
    if rows.is_empty() or rows["late"].n_unique() < 2 or rows["block"].n_unique() < 4:
        raise DataError(
            f"between {start} and {end} too few rows have a history and a truth, on both sides of "
            f"{split.training.end}; a misleading feature cannot be told from an honest one: give more data"
        )
    blocks, first, last = rows["block"].n_unique(), str(rows[origin].min()), str(rows[origin].max())
    looked = f"{rows.height:,} rows of {blocks} blocks from {first} to {last}"
    return Sample(rows, rows["block"].to_numpy(), rows["late"].to_numpy(), looked)


def _begins(plan: Build, window: Window) -> list[datetime]:
    """The start of each whole block of the window, behind the lookback where there is one."""
    first = min(window.start + plan.features.lookback, window.end)
    first = window.start if first + plan.block > window.end else first
    first += (datetime.min - first) % plan.slot
    number = max(1, int((window.end - first) / plan.block))
    return [first + place * plan.block for place in range(number)]


def _evenly(all_of_them: Sequence[datetime], most: int) -> list[datetime]:
    places = np.unique(np.linspace(0, len(all_of_them) - 1, min(most, len(all_of_them))).round().astype(int))
    return [all_of_them[int(place)] for place in places]
