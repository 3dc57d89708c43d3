"""Surge's recipes: they use features that exist, and beat plain lags on real trips."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.features.compute import compute
from afield.records.facts import Window
from afield.training.recipes import BoostedTrees, PoissonRegression
from afield.training.scoring import forecast
from afield.training.train import train
from surge.examples import label, spine
from surge.features import NAMES, feature_set
from surge.recipes import BASELINES, FORECAST, LAGS, QUICK, REGRESSION
from surge.sources import open_source

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("recipe", [FORECAST, QUICK, REGRESSION, LAGS])
def test_recipes_use_features_that_exist(recipe: BoostedTrees | PoissonRegression) -> None:
    assert set(recipe.columns) <= set(NAMES)
    assert not recipe.exposure or recipe.exposure in recipe.columns
    if isinstance(recipe, BoostedTrees) and recipe.start:
        assert set(recipe.start.columns) <= set(recipe.columns)
        assert set(recipe.start.logs) <= set(recipe.start.columns)


def test_baselines_read_features_that_exist() -> None:
    assert {baseline.column for baseline in BASELINES} <= set(NAMES)


def test_recipe_names_are_unique() -> None:
    assert len({recipe.name for recipe in (FORECAST, QUICK, REGRESSION, LAGS)}) == 4


@pytest.mark.slow
def test_the_quick_recipe_beats_plain_lags_on_unseen_trips(request: pytest.FixtureRequest) -> None:
    folder = Path(request.config.rootpath).parent / "shared" / "data" / "surge"
    if not folder.exists():
        pytest.skip(f"no recorded trips at {folder}")
    tables = open_source(folder, {}).read().tables
    asked = spine(tables["zones"], Window(datetime(2023, 2, 5), datetime(2023, 5, 1)), HOUR)
    rows = label(compute(feature_set(HOUR), asked, tables), tables["orders"], HOUR)
    known, unseen = (rows.filter((pl.col("slot") < datetime(2023, 4, 1)) == early) for early in (True, False))
    errors = {}
    for recipe in (replace(QUICK, half_life=None), LAGS):
        trained = train(recipe, known, seed=0)
        made = forecast(trained.model, trained.features, unseen)
        errors[recipe.name] = float(((made - unseen["truth"].to_numpy()) ** 2).mean()) ** 0.5
        assert abs(made.sum() / unseen["truth"].sum() - 1) < 0.05
    assert errors[QUICK.name] < 0.985 * errors[LAGS.name]
