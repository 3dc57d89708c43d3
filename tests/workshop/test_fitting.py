"""Fitting: the best recipe is chosen, and the simplest always stands beside it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.errors import ReleaseError
from afield.evaluation.gates import BeatsSimplest, BiasWithin
from afield.records.facts import Window
from afield.statistics.losses import squared_error
from afield.store.steps import Steps
from afield.training.prepared import IncrementalRegression
from afield.training.recipes import Among, AnyRecipe, BoostedTrees, PoissonRegression, Tuned
from afield.training.states import states
from afield.training.tuning import Trial
from afield.workshop.fitting import Fitted, fit, open_fitted
from afield.workshop.gating import gates_of
from afield.workshop.parents import goes_on, parent_model
from afield.workshop.plan import Assessment, Build
from afield.workshop.results import Windows
from afield.workshop.searching import remembering
from surge.building import build

START = datetime(2024, 1, 1)
DAY = timedelta(days=1)
WINDOWS = Windows(
    Window(START, START + 40 * DAY),
    Window(START + 40 * DAY, START + 50 * DAY),
    Window(START + 50 * DAY, START + 60 * DAY),
    Window(START, START + 60 * DAY),
)
TREES = BoostedTrees(name="trees", columns=("a", "b"), trees=30)
LINE = PoissonRegression(name="line", columns=("a", "b"))
ONE = PoissonRegression(name="one", columns=("a",))


def plan(recipes: tuple[AnyRecipe, ...], rival: AnyRecipe, **changed: object) -> Build:
    """Surge's build with other recipes and nothing beside them."""
    return replace(
        build({"slot": "60m"}),
        recipes=recipes,
        rival=rival,
        constants=lambda _forecast, _truth: {},
        companions=lambda _rows, _history: {},
        slices=lambda _rows: {},
        **changed,
    )


def fitted(folder: Path, made: Build, parent: bytes | None = None) -> Fitted:
    """Fitted on hourly counts that depend on two columns together."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 1440))
    rows = pl.DataFrame(
        {
            "slot": [START + timedelta(hours=hour) for hour in range(1440)],
            "a": a,
            "b": b,
            "has_history": True,
            "truth": random.poisson(np.where(a * b > 0, 6.0, 1.0)).astype(np.float64),
        }
    )
    (folder / "examples").mkdir(parents=True)
    (folder / "fit").mkdir()
    rows.write_ipc(folder / "examples" / "examples-0000.arrow")
    fit(folder / "fit", made, folder / "examples", WINDOWS, {}, 0, lambda _: None, {}, parent)
    return open_fitted(folder / "fit")


def test_the_simplest_recipe_stands_beside_the_chosen_one(tmp_path: Path) -> None:
    found = fitted(tmp_path, plan((TREES, LINE), rival=replace(TREES, name="rival trees")))
    assert found.final["forecast"][0].recipe == "trees"
    assert found.simplest == "line"
    assert set(found.beside) == {"line"}


def test_a_rival_that_is_the_simplest_is_not_fitted_twice(tmp_path: Path) -> None:
    found = fitted(tmp_path, plan((TREES, LINE), rival=ONE))
    assert found.simplest == "one"
    assert not found.beside


def test_the_declared_simplest_recipe_is_fitted_though_it_is_no_candidate(tmp_path: Path) -> None:
    found = fitted(tmp_path, plan((TREES,), rival=LINE, assessment=Assessment(simplest=ONE)))
    assert found.simplest == "one"
    assert set(found.beside) == {"one"}


def test_where_the_simplest_is_chosen_there_is_nothing_simpler(tmp_path: Path) -> None:
    found = fitted(tmp_path, plan((LINE,), rival=TREES))
    assert found.simplest == ""
    assert not found.beside


def test_every_build_has_the_gate_of_the_simplest_recipe_in_the_loss_of_its_choice() -> None:
    made = plan((LINE,), rival=TREES, gates=(BiasWithin(0.1),))
    assert gates_of(made, "line")[-1] == BeatsSimplest("line", "poisson_deviance")
    assert gates_of(replace(made, loss=squared_error), "line")[-1] == BeatsSimplest("line", "rmse")


def test_a_declared_gate_of_the_simplest_recipe_keeps_its_metric() -> None:
    made = plan((LINE,), rival=TREES, gates=(BeatsSimplest(metric="mae"), BiasWithin(0.1)))
    assert gates_of(made, "line") == (BeatsSimplest("line", "mae"), BiasWithin(0.1))


@pytest.mark.parametrize("name", ["tested", "final"])
def test_parts_of_both_fits_are_kept(tmp_path: Path, name: str) -> None:
    found = fitted(tmp_path, plan((LINE,), rival=TREES))
    assert set(getattr(found, name)) == {"forecast", "rival"}


def test_a_search_is_told_and_its_trials_go_into_the_release(tmp_path: Path) -> None:
    tuned = Tuned(TREES, (("leaves", Among(2, 31, whole=True)),), trials=3)
    found = fitted(tmp_path, plan((tuned,), rival=LINE))
    trials = found.tables["trials"]
    assert trials.select("recipe", "number").rows() == [("trees", 0), ("trees", 1), ("trees", 2)]
    assert json.loads(trials["settings"][0]) == {"leaves": 31}
    (note,) = found.notes
    assert note.startswith("trees: 3 trials in ")
    assert f"loss {trials['loss'].min():.4f} at best" in note


def test_a_search_that_was_interrupted_goes_on_after_its_last_trial(tmp_path: Path) -> None:
    made: list[int] = []

    def trial(number: int) -> Trial:
        made.append(number)
        return Trial({"leaves": number}, 1.0, 0.5)

    for number in (1, 2, 1, 2):
        remember = remembering(Steps(tmp_path), {"facts": "f"})
        assert remember(replace(TREES, leaves=number), lambda number=number: trial(number)).settings == {
            "leaves": number
        }
    assert made == [1, 2]


def test_an_incremental_model_keeps_the_states_with_and_without_the_test_window(tmp_path: Path) -> None:
    recipe = IncrementalRegression("online", ("a", "b"), family="poisson")
    found = fitted(tmp_path / "first", plan((recipe,), rival=TREES))
    _, graph = found.final["forecast"]
    tested, final = states(graph)
    assert tested.until == START + 40 * DAY - timedelta(hours=1)
    assert final.until == START + 60 * DAY - timedelta(hours=1)
    again = fitted(tmp_path / "second", plan((recipe,), rival=TREES), parent=graph)
    assert states(again.final["forecast"][1]) == (tested, final)


def test_the_parent_is_read_from_the_release_that_it_belongs_to(tmp_path: Path) -> None:
    assert parent_model(tmp_path, "", "forecast") is None
    assert parent_model(tmp_path, "a" * 64, "forecast") is None
    (tmp_path / ("a" * 64)).mkdir()
    (tmp_path / ("a" * 64) / "manifest.json").write_bytes(b"{}")
    with pytest.raises(ReleaseError, match="has been changed"):
        parent_model(tmp_path, "a" * 64, "forecast")


def test_only_an_incremental_recipe_goes_on_from_a_parent() -> None:
    online = IncrementalRegression("online", ("a",))
    assert not goes_on([TREES, LINE])
    assert goes_on([TREES, online])
    assert goes_on([Tuned(online, (("penalty", Among(0.1, 1.0)),), trials=1)])
