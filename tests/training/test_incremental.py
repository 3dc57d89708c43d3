"""Incremental learning: the child sees the new rows only, and knows what one fit on all rows knows."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import onnx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.errors import TrainingError
from afield.training.models import outputs, train_recipe
from afield.training.prepared import IncrementalRegression, Preparation
from afield.training.states import STATE, states, with_states

START = datetime(2024, 1, 1)
FIXED = Preparation(clip=None, scale=False, indicators=False)
LINE = IncrementalRegression(name="line", columns=("a", "b"), preparation=FIXED)
FAMILIES = [replace(LINE, family=family) for family in ("normal", "poisson", "binary")]


def rows(recipe: IncrementalRegression, count: int = 2000, seed: int = 0, slope: float = 0.5) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, count))
    line = 0.3 + slope * a
    truth = {
        "normal": line + random.normal(size=count),
        "poisson": random.poisson(np.exp(line)),
        "binary": random.random(count) < 1 / (1 + np.exp(-line)),
    }[recipe.family]
    slot = [START + timedelta(hours=hour) for hour in range(count)]
    return pl.DataFrame({"slot": slot, "a": a, "b": b, "truth": np.asarray(truth, np.float64)})


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(50, 1950), penalty=st.floats(0.1, 10))
def test_two_fits_one_after_the_other_know_what_one_fit_on_all_rows_knows(cut: int, penalty: float) -> None:
    recipe, every = replace(LINE, penalty=penalty), rows(LINE)
    parent = train_recipe(recipe, every.head(cut), 0)
    child = train_recipe(recipe, every, 0, parent=parent.model)
    at_once = train_recipe(recipe, every, 0)
    (went_on,), (whole,) = states(child.model), states(at_once.model)
    assert went_on.weights == pytest.approx(whole.weights, rel=1e-8, abs=1e-9)
    assert went_on.rows == whole.rows == 2000


@pytest.mark.parametrize("recipe", FAMILIES, ids=lambda each: each.family)
def test_going_on_comes_close_to_one_fit_in_every_family(recipe: IncrementalRegression) -> None:
    every = rows(recipe)
    child = train_recipe(recipe, every, 0, parent=train_recipe(recipe, every.head(1000), 0).model)
    at_once = train_recipe(recipe, every, 0)
    assert outputs(child, every) == pytest.approx(outputs(at_once, every), rel=0.02, abs=0.01)
    assert float(child.report["export_difference"]) < 2e-5


def test_old_rows_are_not_looked_at_again() -> None:
    every = rows(LINE)
    parent = train_recipe(LINE, every.head(1000), 0)
    spoilt = every.with_columns(truth=pl.when(pl.int_range(pl.len()) < 1000).then(1e6).otherwise(pl.col("truth")))
    child, clean = (train_recipe(LINE, some, 0, parent=parent.model) for some in (spoilt, every))
    assert states(child.model) == states(clean.model)
    assert (child.report["rows"], child.report["rows_before"]) == (1000, 1000)


def test_without_newer_rows_the_parent_stays_and_says_so() -> None:
    parent = train_recipe(LINE, rows(LINE), 0)
    child = train_recipe(LINE, rows(LINE), 0, parent=parent.model)
    assert child.model == parent.model
    assert "nothing is newer" in child.messages[0]


def test_a_state_that_has_seen_later_rows_is_not_gone_on_from() -> None:
    every = rows(LINE)
    early, late = train_recipe(LINE, every.head(500), 0), train_recipe(LINE, every, 0)
    both = with_states(late.model, [*states(early.model), *states(late.model)])
    child = train_recipe(LINE, every.head(1500), 0, parent=both)
    assert child.report["rows"] == 1000
    assert train_recipe(LINE, every.head(1500), 0, parent=late.model).report["rows_before"] == 0


def test_another_recipe_begins_anew() -> None:
    parent = train_recipe(LINE, rows(LINE).head(500), 0)
    for other in (replace(LINE, name="other"), replace(LINE, columns=("a",))):
        assert train_recipe(other, rows(LINE), 0, parent=parent.model).report["rows_before"] == 0


def test_a_short_memory_follows_a_change() -> None:
    before, after = rows(LINE, seed=1), rows(LINE, seed=2, slope=2.0)
    after = after.with_columns(pl.col("slot") + timedelta(days=365))
    parent = train_recipe(LINE, before, 0)
    long, short = (
        states(train_recipe(replace(LINE, memory=share), after, 0, parent=parent.model).model)[0].weights[0]
        for share in (1.0, 0.05)
    )
    assert long == pytest.approx(1.25, abs=0.1)
    assert short == pytest.approx(2.0, abs=0.1)


def test_the_state_is_text_in_the_graph_and_the_graph_runs_with_it() -> None:
    trained = train_recipe(LINE, rows(LINE), 0)
    (kept,) = onnx.load_from_string(trained.model).metadata_props
    assert kept.key == STATE
    assert kept.value.startswith('[{"recipe":"line"')


def test_the_preparation_is_the_first_ones() -> None:
    recipe = replace(LINE, preparation=Preparation())
    every = rows(LINE)
    moved = every.with_columns(pl.col("a") + 100, pl.col("slot") + timedelta(days=365))
    child = train_recipe(recipe, moved, 0, parent=train_recipe(recipe, every, 0).model)
    assert states(child.model)[0].prepared == states(train_recipe(recipe, every, 0).model)[0].prepared


@pytest.mark.parametrize(
    ("recipe", "changed", "message"),
    [
        (LINE, rows(LINE).drop("slot"), "lack slot"),
        (LINE, rows(LINE).with_columns(slot=pl.lit("now")), "tells new rows from old ones"),
        (LINE, rows(LINE).with_columns(truth=pl.lit(1.0)), "is 1 in all"),
        (LINE, rows(LINE).with_columns(a=pl.lit(float("nan")), b=pl.lit(2.0)), "nothing to learn from"),
        (LINE, rows(LINE).with_columns(a=pl.lit(float("inf"))), "column a is infinite"),
        (FAMILIES[1], rows(LINE), "negative counts"),
        (FAMILIES[2], rows(LINE), "must be 0 or 1"),
    ],
)
def test_examples_that_teach_nothing_are_refused(recipe, changed: pl.DataFrame, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        train_recipe(recipe, changed, 0)


def test_a_parent_whose_state_is_damaged_is_refused() -> None:
    graph = onnx.load_from_string(train_recipe(LINE, rows(LINE), 0).model)
    graph.metadata_props[0].value = "[{}]"
    with pytest.raises(TrainingError, match="cannot be read"):
        train_recipe(LINE, rows(LINE), 0, parent=graph.SerializeToString())
