"""Models: one function trains whatever the recipe, and tells what it cost."""

import numpy as np
import polars as pl
import pytest

from afield.training.cost import measured
from afield.training.models import needs, outputs, train_recipe
from afield.training.recipes import AnyRecipe, BoostedClasses, BoostedTrees, LogisticRegression, PoissonRegression

COUNTS = (
    PoissonRegression(name="line", columns=("a", "b")),
    BoostedTrees(name="trees", columns=("a", "b"), trees=10),
)
CLASSES = (
    LogisticRegression(name="logistic", columns=("a", "b"), weight="w"),
    BoostedClasses(name="classes", columns=("a", "b"), trees=10),
)


def rows(seed: int, classes: bool, count: int = 800) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, count))
    rate = np.exp(0.5 * a)
    truth = (random.random(count) < rate / (1 + rate)) if classes else random.poisson(rate)
    return pl.DataFrame({"a": a, "b": b, "w": 1.0, "slot": np.arange(count), "truth": truth.astype(np.float64)})


@pytest.mark.parametrize("recipe", [*COUNTS, *CLASSES])
def test_every_recipe_is_trained_by_one_function_that_tells_seconds_and_memory(recipe: AnyRecipe) -> None:
    classes = recipe in CLASSES
    trained = train_recipe(recipe, rows(0, classes), 0, held=rows(1, classes))
    assert outputs(trained, rows(2, classes)).shape == (800,)
    assert float(trained.report["seconds"]) > 0
    assert float(trained.report["memory"]) >= 0


@pytest.mark.parametrize("recipe", [*COUNTS, *CLASSES])
def test_a_recipe_is_trained_from_the_columns_that_it_needs(recipe: AnyRecipe) -> None:
    examples = rows(0, recipe in CLASSES).select("truth", *needs(recipe))
    assert train_recipe(recipe, examples, 0).features == ("a", "b")


def test_a_model_fitted_on_more_keeps_the_constants_and_the_calibration_of_the_one_before() -> None:
    recipe = CLASSES[0]
    first = train_recipe(recipe, rows(0, True), 0, held=rows(1, True), constants=lambda made, _: {"mean": made.mean()})
    second = train_recipe(recipe, pl.concat([rows(0, True), rows(1, True)]), 0, before=first)
    assert second.constants == first.constants
    assert (second.report["slope"], second.report["shift"]) == (first.report["slope"], first.report["shift"])


def test_memory_is_what_the_work_took_beyond_what_was_held() -> None:
    with measured() as cost:
        block = np.ones(8_000_000)
        del block
    assert 50e6 < cost.memory < 200e6
