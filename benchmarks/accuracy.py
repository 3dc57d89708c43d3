"""Rolling-origin backtest of surge's recipes on a folder of taxi files: train before each quarter, score the quarter.

Busy zones: those that hold 95 % of the training orders. Run with `--data FOLDER [--slot 60m|15m] [--months]`, where
`--months` trains anew before each month. The table goes to stderr, one line a result to stdout.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.evaluation.metrics import measure
from afield.evaluation.slices import holding
from afield.features.compute import compute
from afield.records.facts import Window
from afield.statistics.bootstrap import paired
from afield.training.scoring import forecast
from afield.training.train import train
from benchmarks.measure import Result, show
from surge.application import SLOTS
from surge.examples import label, spine
from surge.features import feature_set
from surge.recipes import BASELINES, FORECAST, LAGS, QUICK, REGRESSION
from surge.sources import open_source

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "surge"
YEAR = 2023
RIVALS = (LAGS.name, "one_week_back")
GOALS = {("60m", LAGS.name): 0.985, ("15m", LAGS.name): 0.985, ("60m", "one_week_back"): 0.68}
SEED = 7


def main() -> None:
    """Backtest and print."""
    folder = Path(_option("--data", str(SHARED)))
    if not folder.exists():
        sys.stderr.write(f"accuracy: not measured, there are no taxi files at {folder}; give --data FOLDER\n")
        return
    tables = {name: table.collect().lazy() for name, table in open_source(folder, {}).read().tables.items()}
    for slot in _option("--slot", "60m,15m").split(","):
        _tell(f"{'':24s}{'rmse':>9s}{'mae':>9s}{'wape':>9s}{'deviance':>10s}{'bias':>9s}{'seconds':>9s}")
        with TemporaryDirectory() as kept:
            _write_examples(tables, SLOTS[slot], Path(kept))
            for start, end in _folds():
                show(_fold(pl.scan_parquet(Path(kept) / "*.parquet"), start, end, slot))


def _folds() -> list[tuple[datetime, datetime]]:
    length = 1 if "--months" in sys.argv else 3
    return [(datetime(YEAR, month, 1), datetime(YEAR, month + length, 1)) for month in range(4, 10, length)]


def _write_examples(tables: dict[str, pl.LazyFrame], slot: timedelta, folder: Path) -> None:
    """Labelled rows of the nine months, a file a month, so that no more is in memory than a fold needs."""
    for month in range(1, 10):
        window = Window(datetime(YEAR, month, 1), datetime(YEAR, month + 1, 1))
        asked = spine(tables["zones"], window, slot)
        columns = compute(feature_set(slot), asked, tables).with_columns(pl.col(pl.Float64).cast(pl.Float32))
        truth = label(asked, tables["orders"], slot)["truth"]
        columns.with_columns(truth).write_parquet(folder / f"{month:02d}.parquet")


def _fold(rows: pl.LazyFrame, start: datetime, end: datetime, slot: str) -> list[Result]:
    known = rows.filter(pl.col("slot") < start, "has_history").collect()
    busy = holding(known.select("truth", key="zone"), 0.95)
    test = rows.filter(pl.col("slot") >= start, pl.col("slot") < end, pl.col("zone").is_in(list(busy))).collect()
    title = f"{slot} {start:%Y-%m} to {end - timedelta(days=1):%Y-%m}"
    _tell(f"{title}: {len(known)} training rows, {len(busy)} busy zones, {len(test)} rows scored")
    made: dict[str, NDArray[np.float64]] = {}
    for baseline in BASELINES:
        made[baseline.name] = baseline.forecast(test)
        _line(baseline.name, test, made[baseline.name], 0.0)
    for recipe in (LAGS, REGRESSION, QUICK, FORECAST):
        trained = train(recipe, known, SEED)
        made[recipe.name] = forecast(trained.model, trained.features, test)
        _line(recipe.name, test, made[recipe.name], float(trained.report["seconds"]))
    _months(test, made[FORECAST.name])
    return [_compared(title, slot, test, made, rival) for rival in RIVALS]


def _line(name: str, test: pl.DataFrame, forecasts: NDArray[np.float64], seconds: float) -> None:
    found = measure(test.select("truth", forecast=pl.Series(forecasts)))
    _tell(
        f"  {name:22s}{found.rmse:9.4f}{found.mae:9.4f}{found.wape or 0:9.4f}{found.poisson_deviance:10.4f}"
        f"{found.bias or 0:+9.4f}{seconds:9.1f}"
    )


def _months(test: pl.DataFrame, forecasts: NDArray[np.float64]) -> None:
    by_month = test.select(month=pl.col("slot").dt.strftime("%Y-%m"), truth="truth", forecast=pl.Series(forecasts))
    for (month,), rows in by_month.group_by("month", maintain_order=True):
        found = measure(rows.select("truth", "forecast"))
        _tell(f"    {month}: rmse {found.rmse:.4f}, bias {found.bias or 0:+.4f}")


def _compared(title: str, slot: str, test: pl.DataFrame, made: dict[str, NDArray[np.float64]], rival: str) -> Result:
    """The ratio of root mean squared errors; days are the blocks of its interval."""
    truth, days = test["truth"].to_numpy(), test["slot"].dt.date().cast(pl.Int32).to_numpy()
    losses = [(made[name] - truth) ** 2 for name in (FORECAST.name, rival)]
    found = paired(losses[0], losses[1], days, metric="rmse", names=(FORECAST.name, rival), root=True)
    ratio, goal = found.ratio, GOALS.get((slot, rival))
    if ratio is not None:
        within = f"{ratio.interval.low:.4f} to {ratio.interval.high:.4f}"
        _tell(f"  rmse over that of {rival}: {ratio.value:.4f} ({within}, 95 %, days as blocks)")
    rmse = float(np.sqrt(losses[0].mean()))
    value = None if ratio is None else ratio.value
    met = None if goal is None or value is None else value <= goal
    return Result(f"rmse {title}", rmse, "orders", rival, value, None if goal is None else f"<= {goal}", met)


def _option(name: str, otherwise: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
