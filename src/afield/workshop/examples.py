"""Examples: a spine row with its features and its truth, made in stretches so that memory stays bounded."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from afield.features.compute import compute
from afield.features.feature import FeatureSet
from afield.records.facts import Window

ROWS_AT_ONCE = 1_500_000

Spine = Callable[[Mapping[str, pl.LazyFrame], Window], pl.DataFrame]
Labels = Callable[[pl.DataFrame, Mapping[str, pl.LazyFrame]], pl.DataFrame]


def write_examples(
    folder: Path,
    feature_set: FeatureSet,
    spine: Spine,
    labels: Labels,
    history: Mapping[str, pl.LazyFrame],
    window: Window,
) -> None:
    """Write the examples of `window` as Arrow files in time order.

    Columns: the spine's, `truth` (Float64), `has_history` (Boolean), and the features as Float32, the precision
    that models are fitted and served in.
    """
    held = {name: table.collect().lazy() for name, table in history.items()}
    for number, rows in enumerate(_stretches(spine(held, window), feature_set.origin)):
        labelled = labels(rows, held)
        columns = compute(feature_set, rows, held)
        features = columns.select("has_history", pl.col(*feature_set.names).cast(pl.Float32))
        pl.concat([labelled, features], how="horizontal").write_ipc(folder / f"examples-{number:04}.arrow")


def open_examples(folder: Path, origin: str, window: Window | None = None) -> pl.LazyFrame:
    """The examples in a step's folder, those of `window` only where one is given."""
    examples = pl.scan_ipc(folder / "examples-*.arrow")
    if window is None:
        return examples
    return examples.filter(pl.col(origin).is_between(window.start, window.end, closed="left"))


def _stretches(spine: pl.DataFrame, origin: str) -> Iterator[pl.DataFrame]:
    """Runs of whole days with about `ROWS_AT_ONCE` rows each; the spine is in time order."""
    days = spine[origin].dt.truncate("1d")
    number = (days.rle_id() * spine.height // (ROWS_AT_ONCE * max(1, days.n_unique()))).to_numpy()
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), spine.height]
    for start, end in pairwise(edges):
        yield spine.slice(start, end - start)
