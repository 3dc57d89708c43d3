"""Training: the exported model answers as the learner, is the same each time, and says which learner it was."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.errors import TrainingError
from afield.training import boosting
from afield.training import train as training
from afield.training.baselines import Baseline
from afield.training.recipes import BoostedTrees, PoissonRegression, Recipe
from afield.training.scoring import forecast
from afield.training.train import train

LINE = PoissonRegression(name="line", columns=("level", "rain"), logs=("level",), exposure="level")
TREES = BoostedTrees(name="trees", columns=("level", "rain", "hour"), trees=40)
BOTH = replace(TREES, name="both", exposure="level", start=LINE, column_share=0.7, row_share=0.8)


def examples(rows: int = 4000, seed: int = 0) -> pl.DataFrame:
    """Counts around a level, doubled by rain, with missing rain; the hour matters a little."""
    random = np.random.default_rng(seed)
    level = random.gamma(1.0, 2.0, rows) + 0.01
    rain = random.random(rows) < 0.3
    hour = random.integers(0, 24, rows)
    truth = random.poisson(level * (1 + rain) * (1 + 0.3 * (hour > 17)))
    missing = random.random(rows) < 0.1
    return pl.DataFrame(
        {
            "level": level,
            "rain": pl.Series(np.where(missing, np.nan, rain), nan_to_null=True),
            "hour": hour.astype(np.float64),
            "truth": truth,
            "slot": [datetime(2024, 1, 1) + timedelta(hours=row) for row in range(rows)],
        }
    )


@pytest.mark.parametrize("recipe", [LINE, TREES, BOTH, replace(BOTH, thin=2.0, half_life=timedelta(days=30))])
def test_the_exported_model_answers_as_its_learner(recipe: Recipe) -> None:
    trained = train(recipe, examples(), seed=3)
    assert float(trained.report["export_difference"]) < 4e-6
    assert trained.features == recipe.columns


@pytest.mark.parametrize("recipe", [LINE, BOTH])
def test_the_same_seed_gives_the_same_bytes(recipe: Recipe) -> None:
    assert train(recipe, examples(), seed=3).model == train(recipe, examples(), seed=3).model


def test_another_seed_gives_another_model() -> None:
    assert train(BOTH, examples(), seed=3).model != train(BOTH, examples(), seed=4).model


@pytest.mark.parametrize("recipe", [LINE, TREES, BOTH, replace(BOTH, thin=4.0)])
def test_forecasts_add_up_to_what_was_counted(recipe: Recipe) -> None:
    rows = examples(20_000)
    trained = train(recipe, rows, seed=0)
    total = forecast(trained.model, trained.features, rows).sum()
    assert total == pytest.approx(float(rows["truth"].sum()), rel=0.02)


def test_with_an_exposure_the_forecast_follows_a_trend_beyond_the_training_range() -> None:
    later = examples().with_columns(pl.col("level") * 50)
    trained = train(BOTH, examples(), seed=0)
    usual = forecast(trained.model, trained.features, examples()).sum()
    assert forecast(trained.model, trained.features, later).sum() > 30 * usual


def test_a_half_life_makes_the_newest_rows_count() -> None:
    doubled = pl.concat(
        [examples(), examples().with_columns(pl.col("truth") * 2, pl.col("slot") + timedelta(days=365))]
    )
    plain, recent = (
        forecast(train(replace(LINE, half_life=life), doubled, seed=0).model, LINE.columns, examples()).mean()
        for life in (None, timedelta(days=60))
    )
    assert recent > 1.2 * plain


def test_scikit_learn_stands_in_where_lightgbm_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "lightgbm", None)
    monkeypatch.setattr(training, "WITHOUT", "LightGBM cannot be loaded (libgomp.so.1)")
    trained = train(BOTH, examples(), seed=3)
    assert float(trained.report["export_difference"]) < 4e-6
    assert "HistGradientBoosting" in str(trained.report["learner"])
    assert "libgomp" in trained.messages[0]
    assert train(BOTH, examples(), seed=3).model == trained.model


def test_a_machine_without_libgomp_trains_with_scikit_learn(tmp_path: Path) -> None:
    (tmp_path / "libgomp.so.1").write_text("not a library")
    code = (
        "import polars as pl; from afield.training.recipes import BoostedTrees;"
        "from afield.training.train import train;"
        "rows = pl.DataFrame({'a': [float(n % 7) for n in range(500)], 'truth': [n % 7 for n in range(500)]});"
        "made = train(BoostedTrees(name='t', columns=('a',), trees=5), rows, 0);"
        "print(made.report['learner'], made.messages)"
    )
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "HistGradientBoosting" in ran.stdout
    assert "libgomp" in ran.stdout


def test_values_beside_a_threshold_go_the_way_they_went_in_training() -> None:
    low = np.float32(0.1)
    steps = [low]
    for _ in range(200):
        steps.append(np.nextafter(steps[-1], np.float32(1)))
    values = np.repeat(np.array(steps, np.float32), 30)
    rows = pl.DataFrame({"a": values.astype(np.float64), "truth": np.where(values > steps[100], 9, 1)})
    recipe = BoostedTrees(name="fine", columns=("a",), trees=60, leaf_rows=10)
    trained = train(recipe, rows, seed=0)
    assert float(trained.report["export_difference"]) < 4e-6


def test_constants_are_fitted_on_the_rows_that_were_held_back() -> None:
    held = examples(500, seed=9)
    trained = train(
        LINE,
        examples(),
        seed=0,
        constants=lambda made, truth: {"rows": len(made), "mean": truth.mean()},
        calibration=held,
    )
    assert trained.constants == {"rows": 500, "mean": held["truth"].mean()}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (examples().drop("rain"), "lack rain"),
        (examples().head(0), "no examples"),
        (examples().with_columns(truth=pl.lit(0)), "nothing to learn"),
        (examples().with_columns(truth=pl.lit(-1)), "negative"),
        (examples().with_columns(truth=pl.lit(None, pl.Int32)), "null"),
        (examples().with_columns(level=pl.lit(0.0)), "above 0"),
        (examples().with_columns(level=pl.lit(None, pl.Float64)), "above 0"),
        (examples().with_columns(rain=pl.lit(float("inf"))), "column rain is infinite in row 0"),
    ],
)
def test_examples_that_teach_nothing_are_refused(rows: pl.DataFrame, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        train(LINE, rows, seed=0)


def test_a_constant_and_an_unknown_column_are_borne() -> None:
    rows = examples().with_columns(hour=pl.lit(3.0), rain=pl.lit(None, pl.Float64))
    for recipe in (LINE, BOTH):
        assert np.isfinite(forecast(train(recipe, rows, seed=0).model, recipe.columns, rows)).all()


@pytest.mark.parametrize("loss", ["poisson", "gamma", "squared", "absolute"])
def test_trees_of_every_loss_answer_as_their_learner_with_lightgbm_and_without(
    loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = examples().with_columns(truth=pl.col("level") * (1 + pl.col("hour")) + 0.1)
    trees = replace(TREES, loss=loss)
    assert float(train(trees, rows, seed=3).report["export_difference"]) < 2e-5
    monkeypatch.setattr(boosting, "lightgbm", None)
    assert float(train(trees, rows, seed=3).report["export_difference"]) < 2e-5


def test_trees_of_squared_error_follow_numbers_below_zero() -> None:
    rows = examples().with_columns(truth=pl.col("hour") - 20.0)
    made = train(replace(TREES, loss="squared"), rows, seed=0)
    assert forecast(made.model, made.features, rows) == pytest.approx(rows["truth"].to_numpy(), abs=1.0)


@pytest.mark.parametrize(
    ("recipe", "rows", "message"),
    [
        (replace(TREES, loss="gamma"), examples(), "above 0"),
        (replace(BOTH, loss="squared"), examples(), "goes with the losses"),
        (replace(TREES, loss="squared"), examples().with_columns(truth=pl.lit(3)), "is 3 in all 4000 rows"),
        (replace(TREES, loss="squared"), examples().with_columns(truth=pl.lit(None, pl.Float64)), "null or infinite"),
    ],
)
def test_labels_that_do_not_fit_the_loss_are_refused(recipe: Recipe, rows: pl.DataFrame, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        train(recipe, rows, seed=0)


def test_a_baseline_is_a_column_with_a_value_where_it_is_null() -> None:
    rows = pl.DataFrame({"before": [1.0, None, float("nan")]})
    assert Baseline("before", "before", otherwise=0.5).forecast(rows).tolist() == [1.0, 0.5, 0.5]
    with pytest.raises(TrainingError, match="lack the column after"):
        Baseline("after", "after").forecast(rows)


def test_scoring_names_a_missing_feature() -> None:
    trained = train(LINE, examples(), seed=0)
    with pytest.raises(TrainingError, match="level"):
        forecast(trained.model, trained.features, examples().drop("level"))
