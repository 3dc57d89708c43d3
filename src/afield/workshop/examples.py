"""Examples: a spine row with its features and its truth, made by stretches of time so that memory stays bounded."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from afield.engine.engine import HERE, Engine
from afield.features.compute import compute
from afield.features.feature import FeatureSet
from afield.records.facts import Window

ROWS_AT_ONCE = 500_000
HELD_AT_MOST = 4_000_000
MONTH, PIECES = timedelta(days=28), 16

History = Mapping[str, pl.LazyFrame]
Spine = Callable[[History, Window], pl.DataFrame]
Labels = Callable[[pl.DataFrame, History], pl.DataFrame]


def write_examples(
    folder: Path,
    feature_set: FeatureSet,
    spine: Spine,
    labels: Labels,
    history: History,
    window: Window,
    engine: Engine = HERE,
) -> None:
    """Write the examples of `window` as Arrow files in time order.

    Columns: the spine's, `truth` (Float64), `has_history` (Boolean), and the features as Float32, the precision
    that models are fitted and served in.

    A table of up to `HELD_AT_MOST` rows is read once and held; of a longer one, each stretch reads what it needs, so
    that memory follows the stretch and not the history. The stretches of a window, one after the other, must be the
    spine of the window; on a cluster, its nodes read the tables where the history says they are.

    Raises:
        AfieldError: features or labels of a stretch cannot be made; the message names it.
        EngineError: the engine's processes or cluster were lost.
    """
    held = {name: _held(table) for name, table in history.items()}
    make = partial(_examples, feature_set=feature_set, labels=labels, history=held)
    for number, examples in enumerate(engine.map(make, _stretches(spine, held, window, feature_set.origin))):
        examples.write_ipc(folder / f"examples-{number:04}.arrow")


def open_examples(folder: Path, origin: str, window: Window | None = None) -> pl.LazyFrame:
    """The examples in a step's folder, those of `window` only where one is given."""
    examples = pl.scan_ipc(folder / "examples-*.arrow")
    if window is None:
        return examples
    return examples.filter(pl.col(origin).is_between(window.start, window.end, closed="left"))


def _examples(rows: pl.DataFrame, feature_set: FeatureSet, labels: Labels, history: History) -> pl.DataFrame:
    """The examples of some rows of the spine."""
    labelled = labels(rows, history)
    columns = compute(feature_set, rows, history)
    features = columns.select("has_history", pl.col(*feature_set.names).cast(pl.Float32))
    return pl.concat([labelled, features], how="horizontal")


def _held(table: pl.LazyFrame) -> pl.LazyFrame:
    """The table in memory, unless it is long."""
    rows = table.select(pl.len()).collect().item()
    return table.collect().lazy() if rows <= HELD_AT_MOST else table


def _stretches(spine: Spine, history: History, window: Window, origin: str) -> Iterator[pl.DataFrame]:
    """The spine in runs of whole days with about `ROWS_AT_ONCE` rows each; at least one, perhaps without a row."""
    waiting: list[pl.DataFrame] = []
    for piece in _pieces(window):
        rows = spine(history, piece)
        if waiting and sum(map(len, waiting)) + len(rows) > ROWS_AT_ONCE:
            yield from _runs(pl.concat(waiting), origin)
            waiting = []
        waiting.append(rows)
    yield from _runs(pl.concat(waiting), origin)


def _pieces(window: Window) -> Iterator[Window]:
    """The window in stretches that end at midnight: months, or at most `PIECES` of them."""
    length = max(MONTH, (window.end - window.start) / PIECES)
    start = window.start
    while start < window.end:
        end = min(window.end, (start + length).replace(hour=0, minute=0, second=0, microsecond=0))
        yield Window(start, end)
        start = end
    if window.start == window.end:
        yield window


def _runs(spine: pl.DataFrame, origin: str) -> Iterator[pl.DataFrame]:
    """The rows, in time order, in runs of whole days with about `ROWS_AT_ONCE` each."""
    days = spine[origin].dt.truncate("1d")
    number = (days.rle_id() * spine.height // (ROWS_AT_ONCE * max(1, days.n_unique()))).to_numpy()
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), spine.height]
    for start, end in pairwise(edges):
        yield spine.slice(start, end - start)
