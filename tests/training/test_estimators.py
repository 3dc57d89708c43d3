"""Estimators: whatever scikit-learn offers is trained on prepared columns and exported, or refused in words."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.svm import SVR

from afield.errors import TrainingError
from afield.training.models import outputs, train_recipe
from afield.training.prepared import Estimator, LinearRegression, NeuralNetwork
from afield.training.recipes import AnyRecipe
from afield.training.scoring import probabilities
from tests.training.makers import Own, forest, nothing

COLUMNS = ("a", "b", "wide")
NUMBERS = (
    LinearRegression(name="ridge", columns=COLUMNS),
    NeuralNetwork(name="network", columns=COLUMNS, hidden=(16,), rate=1e-2, rounds=40),
    Estimator(name="forest", columns=COLUMNS, make=forest),
    Estimator(name="machine", columns=COLUMNS, make="tests.training.makers:machine"),
)
TWO = (
    NeuralNetwork(name="network", columns=COLUMNS, task="classes", hidden=(8,), rounds=20),
    Estimator(name="forest", columns=COLUMNS, make="tests.training.makers:forest_of_classes", task="classes"),
)
THREE = tuple(replace(recipe, classes=("low", "mid", "high")) for recipe in TWO)


def rows(seed: int = 0, count: int = 600) -> pl.DataFrame:
    """A number that two columns explain, one of them with gaps and one with outliers and infinities."""
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, count))
    wide = np.where(random.random(count) < 0.01, np.inf, 1e3 * random.normal(size=count))
    truth = 5.0 + 2 * a + np.where(b > 0, 3.0, 0.0) + 0.1 * random.normal(size=count)
    return pl.DataFrame(
        {"a": np.where(random.random(count) < 0.1, np.nan, a), "b": b, "wide": wide, "w": 1.0, "truth": truth}
    )


def labelled(recipe: AnyRecipe, seed: int = 0) -> pl.DataFrame:
    made = rows(seed)
    if recipe in NUMBERS:
        return made
    if recipe in TWO:
        return made.with_columns(truth=(pl.col("truth") > 6.0).cast(pl.Float64))
    bands = pl.when(pl.col("truth") < 5.0).then(pl.lit("low")).when(pl.col("truth") < 8.0).then(pl.lit("mid"))
    return made.with_columns(truth=bands.otherwise(pl.lit("high")))


@pytest.mark.parametrize("recipe", [*NUMBERS, *TWO, *THREE], ids=lambda each: each.name)
def test_the_exported_graph_answers_as_preparation_and_learner_together(recipe: AnyRecipe) -> None:
    trained = train_recipe(recipe, labelled(recipe), 1, held=labelled(recipe, 1))
    assert float(trained.report["export_difference"]) < 2e-4
    answers = probabilities(trained.model, trained.features, trained.outputs, labelled(recipe, 2))
    assert np.isfinite(answers).all()
    if recipe in THREE:
        assert trained.outputs == recipe.classes
        assert answers.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("recipe", [*NUMBERS, *TWO], ids=lambda each: each.name)
def test_the_same_seed_gives_the_same_bytes(recipe: AnyRecipe) -> None:
    assert train_recipe(recipe, labelled(recipe), 1).model == train_recipe(recipe, labelled(recipe), 1).model


@pytest.mark.parametrize("recipe", NUMBERS, ids=lambda each: each.name)
def test_what_can_be_learnt_is_learnt(recipe: AnyRecipe) -> None:
    trained = train_recipe(recipe, rows(), 1)
    error = outputs(trained, rows(1)) - rows(1)["truth"].to_numpy()
    assert np.sqrt(np.mean(error**2)) < 0.6 * rows(1)["truth"].std()


@pytest.mark.parametrize("recipe", NUMBERS, ids=lambda each: each.name)
def test_nothing_is_forecast_below_the_floor(recipe: AnyRecipe) -> None:
    bound = outputs(train_recipe(replace(recipe, floor=5.0), rows(), 1), rows(1))
    free = outputs(train_recipe(recipe, rows(), 1), rows(1))
    assert free.min() < bound.min() == 5.0
    assert bound == pytest.approx(np.maximum(free, 5.0))


@pytest.mark.parametrize("family", ["normal", "poisson", "tweedie", "gamma"])
def test_each_family_of_linear_models_adds_up_to_the_truth(family: str) -> None:
    made = rows().with_columns(truth=pl.col("truth").clip(0.5))
    trained = train_recipe(LinearRegression("line", COLUMNS, family=family), made, 0)
    assert outputs(trained, made).mean() == pytest.approx(made["truth"].mean(), rel=0.05)


def test_a_weight_makes_rows_count() -> None:
    doubled = pl.concat([rows(), rows().with_columns(pl.col("truth") + 10, w=pl.lit(9.0))])
    plain, weighted = (
        outputs(train_recipe(LinearRegression("line", COLUMNS, weight=weight), doubled, 0), rows()).mean()
        for weight in ("", "w")
    )
    assert weighted == pytest.approx(plain + 4, abs=0.2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _seed: Own(), "Own does not convert to ONNX"),
        ("tests.training.makers:own", "Own does not convert to ONNX"),
        (nothing, "a str has no fit and no predict"),
        ("tests.training.makers:absent", "write it as module:function"),
        ("nowhere", "write it as module:function"),
    ],
)
def test_an_estimator_that_cannot_be_released_is_refused_in_words(make, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        train_recipe(Estimator("own", COLUMNS, make=make), rows(), 0)


def test_an_estimator_of_classes_has_to_give_probabilities() -> None:
    with pytest.raises(TrainingError, match="no predict_proba"):
        train_recipe(replace(TWO[1], make="tests.training.makers:machine"), labelled(TWO[0]), 0)


@pytest.mark.parametrize("recipe", [*TWO, *THREE], ids=lambda each: each.name)
def test_one_class_only_is_refused(recipe: AnyRecipe) -> None:
    only = pl.lit(recipe.classes[0] if recipe.classes else 1.0)
    with pytest.raises(TrainingError, match="no example of"):
        train_recipe(recipe, rows().with_columns(truth=only), 0)


@pytest.mark.parametrize("recipe", [*NUMBERS, *TWO], ids=lambda each: each.name)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 3.0])
def test_columns_that_tell_nothing_at_all_are_refused(recipe: AnyRecipe, value: float) -> None:
    made = labelled(recipe).with_columns(pl.lit(value).alias(name) for name in COLUMNS)
    with pytest.raises(TrainingError, match="nothing to learn from"):
        train_recipe(recipe, made, 0)


@pytest.mark.parametrize("truth", [2.0, float("nan"), float("inf"), None])
def test_a_label_that_is_constant_or_no_number_is_refused(truth: float | None) -> None:
    with pytest.raises(TrainingError, match=r"truth (is 2 in all|of row 0 is null or infinite)"):
        train_recipe(NUMBERS[0], rows().with_columns(truth=pl.lit(truth, pl.Float64)), 0)


def test_a_family_refuses_labels_that_it_cannot_have() -> None:
    with pytest.raises(TrainingError, match="cannot be fitted"):
        train_recipe(LinearRegression("line", COLUMNS, family="gamma"), rows().with_columns(pl.col("truth") - 9), 0)


@pytest.mark.parametrize(
    ("steps", "messages"),
    [(1, ("recipe own: SVR had not converged when its steps were used up",)), (-1, ())],
)
def test_a_fit_that_did_not_converge_says_so_and_no_other(steps: int, messages: tuple[str, ...]) -> None:
    recipe = Estimator("own", COLUMNS, make=lambda _: SVR(max_iter=steps))
    assert train_recipe(recipe, rows(), 0).messages == messages
