"""Rolling-origin backtest of surge's recipes on a folder of taxi files: train before each quarter, score the quarter.

Busy zones: those that hold 95 % of the training orders. Run with `--data FOLDER [--slot 60m|15m] [--months] [--last]`,
where `--months` trains anew before each month and `--last` scores the last stretch alone. Tables go to stderr, one line
a result to stdout: errors over those of the named baselines, what lies above the Poisson floor, predictive intervals,
and the hottest zones.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.evaluation.evaluate import Evaluation, evaluate
from afield.evaluation.metrics import measure
from afield.evaluation.questions import Questions
from afield.evaluation.slices import holding
from afield.features.compute import compute
from afield.records.evidence import Estimate
from afield.records.facts import Window
from afield.statistics.counts import fit_dispersion
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
RIVALS = (LAGS.name, "one_week_back", "same_slot_four_weeks")
NAIVE = RIVALS[1:]
GOALS = {"rmse": 0.985, "poisson_deviance": 0.985}
"""Of the ratio to the error of trees on lags, whose interval must exclude 1 too."""
HELD = timedelta(days=14)
LEVEL, NEAR = 0.9, 0.02
SEED = 7


def main() -> None:
    """Backtest and print."""
    folder = Path(_option("--data", str(SHARED)))
    if not folder.exists():
        sys.stderr.write(f"accuracy: not measured, there are no taxi files at {folder}; give --data FOLDER\n")
        return
    source = open_source(folder, {})
    tables = {name: table.collect().lazy() for name, table in source.read().tables.items()}
    for slot in _option("--slot", "60m,15m").split(","):
        _tell(f"{'':24s}{'rmse':>9s}{'mae':>9s}{'wape':>9s}{'deviance':>10s}{'bias':>9s}{'seconds':>9s}")
        with TemporaryDirectory() as kept:
            _write_examples(tables, SLOTS[slot], Path(kept))
            for start, end in _folds():
                show(_fold(pl.scan_parquet(Path(kept) / "*.parquet"), start, end, slot), source.fingerprint())


def _folds() -> list[tuple[datetime, datetime]]:
    length = 1 if "--months" in sys.argv else 3
    folds = [(datetime(YEAR, month, 1), datetime(YEAR, month + length, 1)) for month in range(4, 10, length)]
    return folds[-1:] if "--last" in sys.argv else folds


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
    columns = {("forecast" if name == FORECAST.name else name): pl.Series(values) for name, values in made.items()}
    frame = test.select("truth", tick="slot", key="zone").with_columns(**columns)
    asked = Questions(promised=LEVEL)
    found = evaluate(frame, baselines=RIVALS, dispersion=_dispersion(known, start), questions=asked, seed=SEED)
    return [*_errors(title, found), *_intervals(title, found), *_hottest(title, found)]


def _dispersion(known: pl.DataFrame, start: datetime) -> float:
    """The spread around forecasts of the last two weeks by a model that has not seen them, as a build fits it."""
    late = pl.col("slot") >= start - HELD
    trained, held = train(FORECAST, known.filter(~late), SEED), known.filter(late)
    return fit_dispersion(forecast(trained.model, trained.features, held), held["truth"].to_numpy())


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


def _errors(title: str, found: Evaluation) -> list[Result]:
    """Each error over that of each rival, and what lies above the Poisson floor."""
    results = []
    for each in found.comparisons:
        if each.ratio is None or each.metric == "mae":
            continue
        goal = GOALS[each.metric] if each.second == LAGS.name else None
        ratio, value = each.ratio, getattr(found.model, each.metric)
        met = None if goal is None else ratio.value <= goal and ratio.interval.high < 1
        unit = "orders" if each.metric == "rmse" else "nats"
        words = None if goal is None else f"<= {goal}, interval below 1"
        results.append(_result(f"{each.metric} {title}", value, unit, each.second, ratio, words, met, ratio.value))
    for who in (FORECAST.name, LAGS.name):
        excess = found.intervals["model" if who == FORECAST.name else who]["excess"]
        results.append(_result(f"squared error above the Poisson floor {title}", excess.value, "orders²", who, excess))
    return results


def _intervals(title: str, found: Evaluation) -> list[Result]:
    """Whether the 90 % intervals hold, over all rows and in the week that is farthest off."""
    held = found.predictive
    if held is None or held.randomised is None:
        return []
    weeks = [week for week in held.by_week if week.randomised is not None]
    farthest = max(weeks, key=lambda week: abs(week.randomised.value - LEVEL) if week.randomised else 0.0).randomised
    name, against = f"interval of {LEVEL:.0%} {title}", "nominal"
    listed = [(f"{name}, covered", held.coverage, f">= {LEVEL}", held.coverage.value >= LEVEL)]
    for words, each in ((f"{name}, randomised PIT", held.randomised), (f"{name}, farthest week, PIT", farthest)):
        if each is not None:
            listed.append((words, each, f"{LEVEL} ± {NEAR}", abs(each.value - LEVEL) <= NEAR))
    return [_result(name, each.value, "share", against, each, goal, met) for name, each, goal, met in listed]


def _hottest(title: str, found: Evaluation) -> list[Result]:
    """The share of the ten hottest zones that is found, minus that of each rival."""
    if found.ranking is None:
        return []
    compared = [each for each in found.ranking.comparisons if each.metric == "hit_rate"]
    return [
        _result(
            f"top-10 hit rate {title}, more than {each.second}",
            each.difference.value,
            "share",
            each.second,
            each.difference,
            "> 0, interval too" if each.second in NAIVE else None,
            each.difference.interval.low > 0 if each.second in NAIVE else None,
        )
        for each in compared
    ]


def _result(
    name: str,
    value: float,
    unit: str,
    against: str,
    interval: Estimate,
    goal: str | None = None,
    met: bool | None = None,
    ratio: float | None = None,
) -> Result:
    return Result(name, value, unit, against, ratio, goal, met, interval.interval.low, interval.interval.high)


def _option(name: str, otherwise: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
