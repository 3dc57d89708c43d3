"""Tuning: a search with a budget, the same every time, which goes on where it was interrupted."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from afield.errors import TrainingError
from afield.training.models import needs, outputs, train_recipe
from afield.training.recipes import Among, BoostedClasses, BoostedTrees, LogisticRegression, Tuned
from afield.training.tuning import tune

TREES = BoostedTrees(name="trees", columns=("a", "b"), trees=2, rate=0.01)
SPACE = (("rate", Among(0.01, 0.5, log=True)), ("trees", Among(5, 40, whole=True)), ("leaves", Among(options=(3, 7))))
TUNED = Tuned(TREES, SPACE, trials=6)


def rows(seed: int, count: int = 500) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, count))
    return pl.DataFrame({"slot": np.arange(count), "a": a, "b": b, "truth": random.poisson(np.exp(0.5 + a))})


def test_settings_are_chosen_on_the_rows_held_and_every_trial_is_told() -> None:
    trained = train_recipe(TUNED, rows(0), 0, held=rows(1))
    losses = [trial.loss for trial in trained.trials]
    assert len(losses) == 6
    assert trained.trials[0].settings == {"rate": 0.01, "trees": 2, "leaves": 31}
    assert trained.report["loss_best"] == min(losses) < losses[0]
    assert trained.report["loss_worst"] == max(losses)
    assert (trained.report["trials_allowed"], trained.report["trials"]) == (6, 6)
    best = min(trained.trials, key=lambda trial: trial.loss)
    assert trained.settled == replace(TREES, **best.settings)
    found = np.mean((outputs(trained, rows(1)) - rows(1)["truth"].to_numpy()) ** 2)
    assert found == pytest.approx(best.loss)


def test_the_same_seed_tries_the_same_settings() -> None:
    first, second = (train_recipe(TUNED, rows(0), 7, held=rows(1)) for _ in range(2))
    assert [trial.settings for trial in first.trials] == [trial.settings for trial in second.trials]
    assert first.model == second.model
    other = train_recipe(TUNED, rows(0), 8, held=rows(1))
    assert [trial.settings for trial in first.trials] != [trial.settings for trial in other.trials]


def test_an_interrupted_search_goes_on_where_it_was() -> None:
    known: dict[object, object] = {}
    made: list[object] = []

    def remember(recipe, make):
        if recipe not in known:
            if len(made) == 4:
                raise KeyboardInterrupt
            made.append(recipe)
            known[recipe] = make()
        return known[recipe]

    with pytest.raises(KeyboardInterrupt):
        train_recipe(TUNED, rows(0), 0, held=rows(1), remember=remember)
    made[:] = []
    went_on = train_recipe(TUNED, rows(0), 0, held=rows(1), remember=remember)
    assert len(made) == 2
    whole = train_recipe(TUNED, rows(0), 0, held=rows(1))
    assert [trial.settings for trial in went_on.trials] == [trial.settings for trial in whole.trials]


def test_a_model_fitted_on_everything_keeps_the_settings_and_does_not_search_again() -> None:
    first = train_recipe(TUNED, rows(0), 0, held=rows(1))
    final = train_recipe(TUNED, pl.concat([rows(0), rows(1)]), 0, held=rows(1), before=first)
    assert final.settled == first.settled
    assert final.trials == first.trials


def test_no_trial_is_begun_once_the_seconds_are_spent() -> None:
    _, trials = tune(replace(TUNED, trials=50, seconds=2.5), lambda _: (1.0, 1.0), 0)
    assert len(trials) == 3


def test_the_search_comes_close_to_the_best_there_is() -> None:
    tuned = Tuned(TREES, (("rate", Among(0.0, 1.0)),), trials=40)
    best, _ = tune(tuned, lambda recipe: ((recipe.rate - 0.3) ** 2, 0.0), 0)
    assert best.rate == pytest.approx(0.3, abs=0.03)


def test_a_classifier_is_tuned_alike() -> None:
    classes = [some.with_columns(truth=(pl.col("truth") > 2).cast(pl.Float64)) for some in (rows(0), rows(1))]
    for recipe, space in (
        (LogisticRegression("line", ("a", "b")), (("penalty", Among(1e-6, 10.0, log=True)),)),
        (BoostedClasses("trees", ("a", "b")), (("trees", Among(2, 20, whole=True)),)),
    ):
        assert len(train_recipe(Tuned(recipe, space, trials=3), classes[0], 0, held=classes[1]).trials) == 3


def test_a_trial_without_a_finite_loss_is_never_the_best() -> None:
    best, trials = tune(TUNED, lambda recipe: (float("nan") if recipe.leaves == 31 else recipe.rate, 0.0), 0)
    assert np.isnan(trials[0].loss)
    assert best.leaves in (3, 7)
    with pytest.raises(TrainingError, match="none of 6 trials gave a finite loss"):
        tune(TUNED, lambda _: (float("inf"), 0.0), 0)


@pytest.mark.parametrize(
    ("tuned", "message"),
    [
        (replace(TUNED, trials=0), "a budget of 0 trials and 0 seconds tries nothing"),
        (replace(TUNED, trials=-1, seconds=60), "tries nothing"),
        (replace(TUNED, seconds=-1.0), "tries nothing"),
        (replace(TUNED, space=()), "nothing cannot be tuned"),
        (replace(TUNED, space=(("deepness", Among(1, 2)),)), "deepness cannot be tuned; there is: .*leaves"),
        (replace(TUNED, space=(("columns", Among(1, 2)),)), "columns cannot be tuned"),
        (replace(TUNED, space=(("rate", Among(0.5, 0.1)),)), "is no range"),
        (replace(TUNED, space=(("rate", Among(0.0, 0.1, log=True)),)), "above 0"),
    ],
)
def test_a_search_that_cannot_be_made_is_refused(tuned: Tuned, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        train_recipe(tuned, rows(0), 0, held=rows(1))


def test_without_rows_held_back_there_is_nothing_to_choose_by() -> None:
    with pytest.raises(TrainingError, match="give them as held="):
        train_recipe(TUNED, rows(0), 0)


def test_a_tuned_recipe_needs_what_its_recipe_needs() -> None:
    assert needs(TUNED) == needs(TREES)
