"""What Ray costs on one node: a month of surge's features by the day, in this process and on a cluster of one node.

The cluster is started beforehand, on loopback; each run connects to it anew, as a verb does.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from afield.engine.engine import HERE, Engine, open_engine
from afield.features.compute import compute
from afield.records.facts import Window
from afield.store.tables import Tables
from benchmarks.measure import Result, in_turn, show
from benchmarks.ray_nodes import Nodes
from surge.examples import spine
from surge.features import feature_set
from surge.generated import GeneratedCity

ROUNDS = 3
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
DAYS = 28
CITY = GeneratedCity(seed=3, days=35 + DAYS, change=0)


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as folder, Nodes.up() as nodes:
        store, found = Tables(Path(folder)), CITY.read().tables
        for name, table in found.items():
            store.append(name, table.collect())
        tables = {name: store.scan(name) for name in found}
        cluster = open_engine("ray", nodes.address)
        there, here = in_turn(lambda: _all(cluster, tables), lambda: _all(HERE, tables), ROUNDS)
        idle, _ = in_turn(lambda: list(cluster.map(abs, [1])), lambda: None, ROUNDS)
    rows = f"{DAYS} days of features"
    show(
        [
            Result(f"{rows} on a Ray node", there, "s", f"here, in process ({here:.3g} s)", there / here),
            Result("connecting to Ray, and one empty partition", idle, "s", "no baseline", None),
            Result("Ray's overhead a partition", (there - here - idle) / DAYS, "s", "no baseline", None),
        ]
    )


def _all(engine: Engine, tables: dict[str, pl.LazyFrame]) -> int:
    """The rows that all days have together."""
    return sum(frame.height for frame in engine.map(partial(_day, tables), _days()))


def _days() -> Iterator[Window]:
    for number in range(DAYS):
        start = CITY.until - (DAYS - number) * DAY
        yield Window(start, start + DAY)


def _day(tables: dict[str, pl.LazyFrame], window: Window) -> pl.DataFrame:
    return compute(feature_set(QUARTER), spine(tables["zones"], window, QUARTER), tables)


if __name__ == "__main__":
    main()
