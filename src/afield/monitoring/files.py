"""Drift between two Parquet files, column by column: no more of them is in memory than a few columns."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl

from afield.errors import MonitoringError
from afield.monitoring.bins import bins
from afield.monitoring.distances import Effect, Statistic, distances, divergence, stability
from afield.monitoring.frames import Floats, categories
from afield.monitoring.grid import grid_distances

LEVEL = 0.99


def files_drift(
    reference: Path,
    chunk: Path,
    statistics: Sequence[Statistic] = ("psi", "ks", "wasserstein"),
    *,
    columns: Sequence[str] | None = None,
    level: float = LEVEL,
    exact: bool = False,
) -> dict[str, dict[Statistic, Effect]]:
    """How far the columns of one file lie from those of another, by name; categories have psi and js alone.

    Args:
        reference: a Parquet file.
        chunk: another.
        statistics: which distances.
        columns: of the reference; None takes all that hold numbers, truth values or text.
        level: of all columns' intervals together (Bonferroni).
        exact: whether to sort instead of counting on a grid (`afield.monitoring.grid`: the error is at most 1/4096).

    Raises:
        MonitoringError: a file is no Parquet file, lacks a column or holds no row.
    """
    schema = _schema(reference)
    names = [name for name, kind in schema.items() if _counted(kind)] if columns is None else list(columns)
    for path, known in ((reference, schema), (chunk, _schema(chunk))):
        if lacking := [name for name in names if name not in known]:
            raise MonitoringError(f"{path} has no column {', '.join(lacking)}; it has {', '.join(known)}")
    each = 1.0 - (1.0 - level) / max(len(names), 1)

    def measured(name: str) -> dict[Statistic, Effect]:
        first, second = (_column(path, name) for path in (reference, chunk))
        if schema[name].is_numeric() or schema[name] == pl.Boolean:
            known, others = (_numbers(part, name) for part in (first, second))
            if exact:
                return distances(np.concatenate(known), np.concatenate(others), statistics, each)
            return grid_distances(known, others, statistics, each)
        texts = [categories(part, name) for part in (first, second)]
        binned = bins(texts[0])
        counts = binned.count(texts[0]), binned.count(texts[1])
        return {
            name: (stability if name == "psi" else divergence)(*counts, each) for name in statistics if name in _ANY
        }

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(names, pool.map(measured, names), strict=True))


_ANY = ("psi", "js")


def _schema(path: Path) -> pl.Schema:
    try:
        return pl.scan_parquet(path, glob=False).collect_schema()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise MonitoringError(f"{path} cannot be read as a Parquet file: {error}") from error


def _column(path: Path, name: str) -> pl.DataFrame:
    found = pl.read_parquet(path, columns=[name], glob=False)
    if found.is_empty():
        raise MonitoringError(f"{path} holds no row; give rows to compare")
    return found


def _numbers(frame: pl.DataFrame, name: str) -> list[Floats]:
    """The parts in which the column was read, none of them copied; what is missing is NaN."""
    return [part.to_numpy() for part in frame[name].cast(pl.Float64).get_chunks()]


def _counted(kind: pl.DataType) -> bool:
    return kind.is_numeric() or kind in (pl.Boolean, pl.String, pl.Categorical, pl.Enum)
