"""1, 5, 25 and 50 million generated orders to surge's hourly features, on two cores: seconds, peak memory, growth.

The city is made up. Its orders lie in a Delta table on disk in order of time, about 40,000 a day: a longer history has
more days. Each run is a process of its own that reads that table and writes the features as Arrow files; Afield does it
by stretches of time. Where pandas is measured it makes only the features that come of orders alone.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import msgspec
import numpy as np
import polars as pl

from afield.engine.engine import Local
from afield.records.facts import Window
from afield.store.tables import Tables
from afield.workshop.examples import write_examples
from benchmarks import pandas_features, plain_features
from benchmarks.measure import Result, show
from surge.city.almanac import almanac
from surge.city.demand import Demand
from surge.city.layout import layout
from surge.city.regimes import usual
from surge.examples import spine
from surge.features import feature_set
from surge.tables import typed

MILLIONS = (1, 5, 25, 50)
SEED, DENSITY, START = 7, 19.0, datetime(2021, 1, 4)
DAYS = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CORES = 2
SMALL, ROUNDS = 5, 3
GIBIBYTES, SHARE = 4.0, 0.6
PANDAS = 0.5
LINEAR = 1.1
WORKERS = ("afield", "polars", "pandas")


class Extent(msgspec.Struct):
    """A version of the table of orders: how many it holds, and of how many days."""

    version: int
    orders: int
    days: int


class Run(msgspec.Struct):
    """What one process measured of itself; the memory is the highest that it ever held."""

    seconds: float
    gibibytes: float
    rows: int


def main() -> None:
    """Measure and print; `--millions 1,5` names other sizes. `--work WHAT ...` is one of the measured processes."""
    if "--work" in sys.argv:
        what, folder, *rest = sys.argv[sys.argv.index("--work") + 1 :]
        done = (
            _generate(Path(folder), [int(each) for each in rest])
            if what == "orders"
            else _made(what, Path(folder), *rest)
        )
        sys.stdout.write(msgspec.json.encode(done).decode())
        return
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    asked = sys.argv[sys.argv.index("--millions") + 1] if "--millions" in sys.argv else ",".join(map(str, MILLIONS))
    sizes = [int(each) for each in asked.split(",")]
    with TemporaryDirectory() as folder:
        extents = msgspec.json.decode(_process("orders", folder, *map(str, sizes)) or b"[]", type=list[Extent])
        found = {size: _measured(Path(folder), size, extent) for size, extent in zip(sizes, extents, strict=True)}
    show(_growth({size: runs["afield"].seconds for size, runs in found.items() if "afield" in runs}))


def _measured(folder: Path, size: int, extent: Extent) -> Mapping[str, Run]:
    """One size by everybody, in turn; prints its lines."""
    runs: dict[str, list[Run]] = {}
    for _ in range(ROUNDS if size <= SMALL else 1):
        for worker in WORKERS if size <= SMALL else WORKERS[:2]:
            out = _process(worker, str(folder), str(extent.version), str(extent.days))
            if out is not None:
                runs.setdefault(worker, []).append(msgspec.json.decode(out, type=Run))
    found = {
        worker: Run(median(run.seconds for run in each), median(run.gibibytes for run in each), each[0].rows)
        for worker, each in runs.items()
    }
    ours, name = found["afield"], f"{extent.orders / 1e6:.1f} million orders"
    goals = {"polars": 1.0 if size <= SMALL else None, "pandas": PANDAS} if size == SMALL else {"polars": None}
    rows = f"{name} ({ours.rows / 1e6:.1f} million rows)"
    results = []
    for other, goal in goals.items():
        theirs = found.get(other)
        results.append(_against(f"{rows}: time", ours.seconds, "s", other, theirs.seconds if theirs else None, goal))
        share = SHARE if size == max(MILLIONS) else goal if other == "polars" else None
        results.append(
            _against(f"{rows}: peak memory", ours.gibibytes, "GiB", other, theirs.gibibytes if theirs else None, share)
        )
    if size == max(MILLIONS):
        met = ours.gibibytes <= GIBIBYTES
        results.append(Result(f"{rows}: peak", ours.gibibytes, "GiB", "its bound", None, f"<= {GIBIBYTES} GiB", met))
    show(results)
    return found


def _against(name: str, value: float, unit: str, other: str, theirs: float | None, goal: float | None) -> Result:
    ratio = None if theirs is None else value / theirs
    plain = f"plain {other}" + (f" ({theirs:.3g} {unit})" if theirs is not None else ", which did not end")
    met = None if goal is None or ratio is None else ratio <= goal
    return Result(name, value, unit, plain, ratio, None if goal is None else f"<= {goal}", met)


def _growth(seconds: Mapping[int, float]) -> Sequence[Result]:
    """The exponent with which time grows with the orders: 1 is linear."""
    if len(seconds) < 2:
        return ()
    size, took = (np.log([*values]) for values in (seconds.keys(), seconds.values()))
    exponent, last = float(np.polyfit(size, took, 1)[0]), float((took[-1] - took[-2]) / (size[-1] - size[-2]))
    return [
        Result(
            "growth of time, all sizes", exponent, "exponent", "linear: 1", None, f"<= {LINEAR}", exponent <= LINEAR
        ),
        Result("growth of time, last two sizes", last, "exponent", "linear: 1", None, f"<= {LINEAR}", last <= LINEAR),
    ]


def _process(what: str, *arguments: str) -> bytes | None:
    """What a process of its own says; None where it did not end well."""
    command = [sys.executable, "-m", "benchmarks.scale", "--work", what, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=what in {"orders", "afield"})  # noqa: S603 - our own
    return done.stdout if done.returncode == 0 else None


def _generate(folder: Path, millions: Sequence[int]) -> list[Extent]:
    """Write orders until there are as many as asked; tells the version of the table at each number."""
    tables, total, extents = Tables(folder), 0, list[Extent]()
    demand = Demand(SEED, DENSITY, START.date(), (usual(START.date()),))
    for number, frame in enumerate(Local(CORES).map(partial(_orders, demand), _stretches())):
        version = tables.append("orders", frame)
        total += frame.height
        while len(extents) < len(millions) and total >= millions[len(extents)] * 1e6:
            extents.append(Extent(version, total, (number + 1) * DAYS))
        if len(extents) == len(millions):
            break
    return extents


def _stretches() -> Iterator[date]:
    day = START.date()
    while True:
        yield day
        day += DAYS * DAY


def _orders(demand: Demand, first: date) -> pl.DataFrame:
    """The orders of a few days, in the schema of surge's."""
    zones, parts = layout(SEED).zones, []
    for day in (first + number * DAY for number in range(DAYS)):
        asked = demand.orders(day)
        midnight = np.datetime64(day, "us")
        parts.append(
            pl.DataFrame(
                {
                    "order_id": pl.Series(asked.number).cast(pl.String),
                    "user_id": pl.Series(asked.rider).cast(pl.String),
                    "pickup_location": zones[asked.origin],
                    "target_location": zones[asked.target],
                    "at": midnight + asked.seconds.astype("timedelta64[s]"),
                }
            ).with_columns(order_id=pl.lit(f"{day}-") + pl.col("order_id"))
        )
    times = {"order_time": pl.col("at"), "pickup_time": None, "known_at": pl.col("at")}
    return typed("orders", pl.concat(parts).with_columns(**times))


def _every(history: Mapping[str, pl.LazyFrame], window: Window, slot: timedelta) -> pl.DataFrame:
    return spine(history["zones"], window, slot)


def _made(worker: str, folder: Path, version: str, days: str) -> Run:
    """Features by one of the workers, from the table on disk to Arrow files."""
    window = Window(START, START + int(days) * DAY)
    with TemporaryDirectory(dir=folder) as out:
        started = perf_counter()
        orders = Tables(folder).scan("orders", int(version))
        tables = {**{name: table.lazy() for name, table in almanac(SEED, START, window.end).items()}, "orders": orders}
        if worker == "afield":
            every = partial(_every, slot=HOUR)
            write_examples(Path(out), feature_set(HOUR), every, lambda rows, _: rows, tables, window)
        elif worker == "polars":
            plain_features.matrix(tables, window, HOUR).write_ipc(Path(out) / "features.arrow")
        else:
            pandas_features.write(Path(out) / "features.arrow", tables, window, HOUR)
        seconds = perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        return Run(seconds, peak, int(pl.scan_ipc(Path(out) / "*.arrow").select(pl.len()).collect().item()))


if __name__ == "__main__":
    main()
