"""Training of classes: the exported classifier answers as its learner, calibrated, the same each time."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from afield.errors import TrainingError
from afield.training import class_learners
from afield.training.calibration import platt, temperature
from afield.training.class_graphs import Calibration
from afield.training.classes import train_classes
from afield.training.recipes import BoostedClasses, ClassRecipe, LogisticRegression
from afield.training.scoring import probabilities

COLUMNS = ("size", "blur")
NAMES = ("ja", "zh", "de")
LINE = LogisticRegression(name="line", columns=COLUMNS, logs=("size",))
TREES = BoostedClasses(name="trees", columns=COLUMNS, trees=30, column_share=0.8, row_share=0.9)
TEXT = LogisticRegression(
    name="text", columns=("size",), tokens=("first", "second", "third"), buckets=20, classes=NAMES, weight="weight"
)
SEVERAL = replace(TREES, name="several", classes=NAMES)


def examples(rows: int = 3000, seed: int = 0) -> pl.DataFrame:
    """Lines that are right the likelier, the larger and sharper; tokens of a class are its own five of twenty."""
    random = np.random.default_rng(seed)
    size, blur = random.gamma(2.0, 10.0, rows), random.normal(size=rows)
    right = random.random(rows) < 1 / (1 + np.exp(-(np.log(size + 0.1) - 3 + blur)))
    which = random.integers(0, 3, rows)
    tokens = np.where(random.random((rows, 3)) < 0.5, 1 + 5 * which[:, None], 16) + random.integers(0, 5, (rows, 3))
    tokens[random.random((rows, 3)) < 0.3] = 0
    return pl.DataFrame(
        {
            "size": size,
            "blur": pl.Series(np.where(random.random(rows) < 0.1, np.nan, blur), nan_to_null=True),
            **{name: tokens[:, place] for place, name in enumerate(("first", "second", "third"))},
            "truth": right,
            "language": [NAMES[each] for each in which],
            "weight": random.random(rows) + 0.5,
        }
    )


def label(recipe: ClassRecipe) -> str:
    return "language" if recipe.classes else "truth"


@pytest.mark.parametrize("recipe", [LINE, TREES, TEXT, SEVERAL])
def test_the_exported_model_answers_as_its_learner(recipe: ClassRecipe) -> None:
    trained = train_classes(recipe, examples(), seed=3, label=label(recipe), calibration=examples(800, seed=1))
    assert float(trained.report["export_difference"]) < 4e-6
    assert trained.outputs == (recipe.classes or ("probability",))


@pytest.mark.parametrize("recipe", [LINE, TREES, TEXT, SEVERAL])
def test_the_same_seed_gives_the_same_bytes(recipe: ClassRecipe) -> None:
    first, second = (train_classes(recipe, examples(), seed=3, label=label(recipe)).model for _ in range(2))
    assert first == second


@pytest.mark.parametrize("recipe", [TREES, SEVERAL])
def test_scikit_learn_stands_in_where_lightgbm_cannot_be_loaded(
    recipe: BoostedClasses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_learners, "lightgbm", None)
    monkeypatch.setattr(class_learners, "WITHOUT", "LightGBM cannot be loaded (libgomp.so.1)")
    trained = train_classes(recipe, examples(), seed=3, label=label(recipe))
    assert float(trained.report["export_difference"]) < 4e-6
    assert "HistGradientBoosting" in str(trained.report["learner"])
    assert "libgomp" in trained.messages[0]


@pytest.mark.parametrize("recipe", [LINE, replace(TREES, trees=60)])
def test_a_probability_holds_on_rows_never_seen(recipe: ClassRecipe) -> None:
    trained = train_classes(recipe, examples(), seed=0, calibration=examples(2000, seed=1))
    fresh = examples(20_000, seed=2)
    said = probabilities(trained.model, trained.features, trained.outputs, fresh)[:, 0]
    true = fresh["truth"].to_numpy()
    for low in (0.1, 0.3, 0.5, 0.7):
        there = (said >= low) & (said < low + 0.2)
        assert true[there].mean() == pytest.approx(said[there].mean(), abs=0.05)


def test_probabilities_of_classes_add_up_to_one_and_find_the_class() -> None:
    trained = train_classes(TEXT, examples(), seed=0, label="language")
    fresh = examples(2000, seed=2)
    said = probabilities(trained.model, trained.features, trained.outputs, fresh)
    assert said.sum(axis=1) == pytest.approx(np.ones(2000), abs=1e-5)
    found = np.array(NAMES)[said.argmax(axis=1)] == fresh["language"].to_numpy()
    assert found.mean() > 0.75


def test_a_row_of_weight_zero_teaches_nothing() -> None:
    wrong = examples().with_columns(language=pl.lit("de"), weight=pl.lit(0.0))
    plain = train_classes(TEXT, examples(), seed=0, label="language")
    mixed = train_classes(TEXT, pl.concat([examples(), wrong]), seed=0, label="language")
    rows = examples(200, seed=5)
    first, second = (probabilities(each.model, each.features, each.outputs, rows) for each in (plain, mixed))
    # The rows of no weight move the centre and scale of the columns, so the solver stops elsewhere, but no further.
    assert np.abs(first - second).max() < 0.01


def test_tokens_out_of_range_or_missing_do_not_break_the_graph() -> None:
    trained = train_classes(TEXT, examples(), seed=0, label="language")
    odd = examples(3).with_columns(first=pl.Series([None, 1e9, -5.0]))
    assert np.isfinite(probabilities(trained.model, trained.features, trained.outputs, odd)).all()


def test_held_rows_that_contradict_the_scores_leave_them_uncalibrated() -> None:
    turned = examples(800, seed=1).with_columns(~pl.col("truth"))
    trained = train_classes(LINE, examples(), seed=0, calibration=turned)
    assert trained.report["slope"] == 1.0
    assert "contradict" in trained.messages[0]


def test_the_line_of_platt_finds_the_line_that_made_the_truth() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=40_000)
    truth = (random.random(40_000) < 1 / (1 + np.exp(-(0.5 * scores + 1)))).astype(float)
    line = platt(scores, truth, np.ones(40_000))
    assert (line.slope, line.shift) == pytest.approx((0.5, 1.0), abs=0.05)


def test_the_temperature_finds_how_much_too_sure_the_scores_are() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=(40_000, 3))
    powers = np.exp(scores)
    chance = (powers / powers.sum(axis=1, keepdims=True)).cumsum(axis=1)
    truth = (random.random((40_000, 1)) > chance).sum(axis=1).clip(max=2)
    assert temperature(4 * scores, truth, np.ones(40_000)).slope == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize(
    ("recipe", "rows", "message"),
    [
        (LINE, examples().drop("blur"), "lack blur"),
        (LINE, examples().head(0), "no examples"),
        (LINE, examples().with_columns(truth=pl.lit(1)), "no example of 0"),
        (LINE, examples().with_columns(truth=pl.lit(2)), "row 0 is 2"),
        (LINE, examples().with_columns(truth=pl.lit(None, pl.Boolean)), "row 0 is None"),
        (TEXT, examples().with_columns(language=pl.lit("ko")), "not one of ja, zh, de"),
        (TEXT, examples().filter(pl.col("language") != "de"), "no example of de"),
        (TEXT, examples().with_columns(first=pl.lit(21)), "tokens must be whole"),
        (TEXT, examples().with_columns(weight=pl.lit(-1.0)), "weights"),
        (replace(TEXT, classes=("ja", "zh")), examples().filter(pl.col("language") != "de"), "leave `classes` empty"),
    ],
)
def test_examples_that_teach_nothing_are_refused(recipe: ClassRecipe, rows: pl.DataFrame, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        train_classes(recipe, rows, seed=0, label=label(recipe))


def test_a_calibration_that_was_fitted_before_is_kept() -> None:
    """The signed model has seen every row: its calibration is that of the model that was tested."""
    generator = np.random.default_rng(5)
    rows = pl.DataFrame({"x": generator.normal(size=400)})
    rows = rows.with_columns(truth=pl.Series((generator.random(400) < 1 / (1 + np.exp(-rows["x"].to_numpy()))) * 1.0))
    recipe = LogisticRegression(name="line", columns=("x",))
    tested = train_classes(recipe, rows.head(200), 1, calibration=rows.tail(200))
    line = Calibration(float(tested.report["slope"]), float(tested.report["shift"]))
    final = train_classes(recipe, rows, 1, calibration=rows.tail(200), line=line)
    assert (final.report["slope"], final.report["shift"]) == (tested.report["slope"], tested.report["shift"])
