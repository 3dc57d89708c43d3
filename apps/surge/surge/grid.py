"""A dense grid of slots and zones, on which every window of a feature is one subtraction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import FeatureError

Whole = NDArray[np.int64]
Values = NDArray[np.float64]

LATE = {"target_location": "target_known_at"}
MICROSECOND = timedelta(microseconds=1)
ORDERS_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Where spine rows lie on the grid of consecutive slots × zones.

    Attributes:
        zones: zone ids, ascending: the columns of the grid.
        length: of a slot, microseconds.
        first: number of the first spine slot, counted from 1970.
        count: slots from the first to the last of the spine.
        rows: position of each spine row in the grid, `slot * zones + zone`; None when they are the whole
            grid in this order.
    """

    zones: Whole
    length: int
    first: int
    count: int
    rows: Whole | None

    def starts(self) -> Whole:
        """Start of each spine slot, microseconds since 1970."""
        return (np.arange(self.count, dtype=np.int64) + self.first) * self.length

    def columns(self, zones: NDArray[np.integer]) -> Whole:
        """Column of each zone id, -1 where the grid has none."""
        known = np.full(int(self.zones[-1]) + 2, -1, dtype=np.int64)
        known[self.zones] = np.arange(len(self.zones))
        return np.take(known, np.where((zones >= 0) & (zones < len(known)), zones, -1))

    def place(self, values: Values) -> Values:
        """One value a spine row, from an array that broadcasts to `(slots, zones)`."""
        whole = np.broadcast_to(values, (self.count, len(self.zones)))
        if self.rows is None:
            return whole.reshape(-1)
        if values.shape[1] == 1:
            return np.take(values[:, 0], self.rows // len(self.zones))
        if values.shape[0] == 1:
            return np.take(values[0], self.rows % len(self.zones))
        return np.take(whole.reshape(-1), self.rows)


@dataclass(frozen=True, slots=True)
class Grid:
    """Cumulative counts: row `i` holds what was counted before slot `i` of the grid, per column.

    Attributes:
        sums: `(slots + 1, columns)`, whole numbers.
        ahead: row of the first spine slot; the slots before it are the lookback.
        delay: slots that pass before all facts of a slot are known.
        length: of a slot, microseconds.
    """

    sums: NDArray[np.int32] | Values
    ahead: int
    delay: int
    length: int

    def window(self, back: int, width: int) -> Values:
        """Counts of the `width` slots that begin `back` slots before each spine slot: `(spine slots, columns)`."""
        start = self.ahead - back
        length = len(self.sums) - self.ahead - 1
        counted = np.empty((length, self.sums.shape[1]))
        return np.subtract(self.sums[start + width :][:length], self.sums[start:][:length], out=counted)

    def recent(self, width: int, back: int = 0) -> Values:
        """Counts of the last `width` slots whose facts are all known, as they were `back` slots before."""
        return self.window(self.delay + width + back, width)

    def together(self) -> "Grid":
        """The grid of one column that sums all of this one's."""
        return replace(self, sums=self.sums.sum(axis=1, keepdims=True))

    def through(self, weights: Values) -> "Grid":
        """The grid whose columns are weighted sums of this one's; `weights` is `(columns, new columns)`."""
        return replace(self, sums=self.sums.astype(np.float64) @ weights)


def lay(spine: pl.DataFrame, zones: pl.LazyFrame, slot: timedelta) -> Layout:
    """The grid under the rows `(zone, slot)` of a spine.

    Raises:
        FeatureError: a zone is not in the table of zones, or a slot does not start on the grid.
    """
    ids = np.unique(zones.select(pl.col("location_id").cast(pl.Int64)).collect()["location_id"].to_numpy())
    length = slot // MICROSECOND
    starts = spine["slot"].cast(pl.Datetime("us")).to_physical().to_numpy()
    asked = spine["zone"].cast(pl.Int64).to_numpy()
    layout = Layout(ids, length, 0, 0, None)
    columns = layout.columns(asked) if len(ids) else np.full(len(asked), -1)
    if (columns < 0).any():
        missing = asked[columns < 0][0]
        raise FeatureError(f"zone {missing} of the spine is not in the table of zones; add it or drop the row")
    off = starts % length != 0
    if off.any():
        raise FeatureError(f"slot {spine['slot'][int(np.argmax(off))]} is not a multiple of {slot}; truncate the spine")
    slots = starts // length
    first, count = int(slots.min()), int(slots.max() - slots.min()) + 1
    rows = (slots - first) * len(ids) + columns
    whole = len(rows) == count * len(ids) and bool((rows[1:] - rows[:-1] == 1).all())
    return replace(layout, first=first, count=count, rows=None if whole else rows)


def count(
    orders: pl.LazyFrame, places: Sequence[str], layout: Layout, ahead: int, delay: timedelta
) -> tuple[Grid, ...]:
    """Orders by the zone in each of the columns `places`, per slot, from `ahead` slots before the spine to its last.

    An order counts in the slot in which it was made. One that became known more than `delay` after that slot
    counts in the slot whose facts were awaited then, so that no count changes once it is used. A place that
    became known later than its order (`LATE`) counts in the slot in which it did.
    """
    wait = delay // MICROSECOND
    made, told = pl.col("at").dt.epoch("us"), pl.col("known_at").dt.epoch("us")
    moments = {
        place: pl.max_horizontal(made, (pl.col(LATE[place]).dt.epoch("us") if place in LATE else told), told) - wait
        for place in places
    }
    found = orders.select(
        *(pl.max_horizontal(made, moment).alias(f"{place}:moment") for place, moment in moments.items()),
        *(pl.col(place).fill_null(-1).alias(place) for place in places),
    )
    size, width = ahead + layout.count, len(layout.zones)
    counts = {place: np.zeros((size + 1) * width, np.int32) for place in places}
    for batch in found.collect_batches(chunk_size=ORDERS_AT_ONCE, maintain_order=False):
        for place, counted in counts.items():
            slots = batch[f"{place}:moment"].to_numpy() // layout.length - (layout.first - ahead)
            columns = layout.columns(batch[place].to_numpy())
            inside = (columns >= 0) & (slots >= 0) & (slots < size)
            counted += np.bincount((slots[inside] + 1) * width + columns[inside], minlength=len(counted))
    late = -(-wait // layout.length)
    sums = (counted.reshape(size + 1, width) for counted in counts.values())
    return tuple(Grid(np.cumsum(each, axis=0, out=each), ahead, late, layout.length) for each in sums)
