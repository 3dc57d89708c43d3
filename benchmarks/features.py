"""Nine months of features at 15 minutes against a plain Polars script: seconds and peak memory, processes in turn.

Run with `--data FOLDER` for a folder of taxi files; without, on the generated city.
"""

import resource
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec
import polars as pl

from afield.data.sources import Source
from afield.features.compute import compute
from afield.records.facts import Window
from benchmarks.measure import Result, show
from benchmarks.plain_features import matrix
from surge.examples import spine
from surge.features import feature_set
from surge.sources import open_source

ROUNDS = 3
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
PLAIN = "plain Polars script"
GOAL, TICK = 1.5, 0.03


class Run(msgspec.Struct):
    """What one process measured of itself."""

    seconds: float
    megabytes: float
    rows: int


def main() -> None:
    """Measure and print; with `--make ours|plain`, be one of the measured processes."""
    if "--make" in sys.argv:
        sys.stdout.write(msgspec.json.encode(_made(sys.argv[sys.argv.index("--make") + 1])).decode())
        return
    runs: dict[str, list[Run]] = {"ours": [], "plain": []}
    for _ in range(ROUNDS):
        for which, measured in runs.items():
            measured.append(_process(which))
    seconds, megabytes = (
        {which: median(getattr(run, field) for run in measured) for which, measured in runs.items()}
        for field in ("seconds", "megabytes")
    )
    rows = f"{runs['ours'][0].rows / 1e6:.1f} million rows"
    show(
        [_result(f"features of {rows}", "s", seconds), _result(f"memory of {rows}", "MB", megabytes), _tick()],
        _source().fingerprint(),
    )


def _result(name: str, unit: str, found: dict[str, float]) -> Result:
    ratio = found["ours"] / found["plain"]
    return Result(name, found["ours"], unit, PLAIN, ratio, f"<= {GOAL}", ratio <= GOAL)


def _process(which: str) -> Run:
    command = [sys.executable, "-m", "benchmarks.features", "--make", which, *sys.argv[1:]]
    made = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - our own interpreter and module
    return msgspec.json.decode(made.stdout, type=Run)


def _source() -> Source:
    folder = Path(sys.argv[sys.argv.index("--data") + 1]) if "--data" in sys.argv else None
    return open_source(folder, {"slot": "15m"})


def _tables() -> tuple[dict[str, pl.LazyFrame], Window]:
    """History in memory, and the nine months that it covers (the generated city covers fewer)."""
    tables = {name: table.collect().lazy() for name, table in _source().read().tables.items()}
    first, last = (
        tables["orders"].select(pl.col("at").min().alias("first"), pl.col("at").max().alias("last")).collect().row(0)
    )
    return tables, Window(_midnight(first), _midnight(last) + timedelta(days=1))


def _midnight(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day)


def _made(which: str) -> Run:
    tables, window = _tables()
    before = _peak()
    started = perf_counter()
    if which == "plain":
        rows = matrix(tables, window, QUARTER)
    else:
        rows = compute(feature_set(QUARTER), spine(tables["zones"], window, QUARTER), tables)
    seconds = perf_counter() - started
    return Run(seconds, max(_peak(), before), len(rows))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _tick() -> Result:
    """One tick at 60 minutes, all zones, from five weeks in memory."""
    tables, window = _tables()
    declared, tick = feature_set(HOUR), window.end - timedelta(hours=6)
    recent = tables["orders"].filter(pl.col("at").is_between(tick - declared.lookback, tick, closed="left"))
    history = {**tables, "orders": recent.collect().lazy()}
    rows = spine(tables["zones"], Window(tick, tick + HOUR), HOUR)
    times = []
    for _ in range(20):
        started = perf_counter()
        compute(declared, rows, history)
        times.append(perf_counter() - started)
    value = median(times)
    return Result("one tick at 60 minutes", value, "s", "no baseline", None, f"<= {TICK} s", value <= TICK)


if __name__ == "__main__":
    main()
