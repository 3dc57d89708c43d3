"""What can be compared, by name."""

from dataclasses import replace

import pytest

from afield.errors import UsageError
from afield.study.contenders import Contender, check_pair, every, explainable, incremental, named, narrowed
from afield.training.recipes import BoostedTrees
from afield.workshop.plan import Build
from surge.application import surge
from surge.building import build
from surge.recipes import FORECAST, INCREMENTAL, LAGS, REGRESSION


def plan() -> Build:
    return build(surge().options)


def nowhere(text: str) -> str:
    raise UsageError(f"no release begins with {text}")


def test_without_names_everything_of_the_build_is_compared_once() -> None:
    names = [each.name for each in every(plan())]
    assert names[:3] == ["lightgbm_on_lags", "boosted_trees", "poisson_regression"]
    assert {"small_network", "incremental_linear", "one_week_back"} <= set(names)
    assert len(set(names)) == len(names)


def test_recipes_baselines_feature_sets_and_releases_are_found_by_name() -> None:
    assert named(plan(), "poisson_regression", nowhere).recipe == REGRESSION
    assert named(plan(), "one_week_back", nowhere).column == "one_week_back"
    assert named(plan(), "full", nowhere).recipe == FORECAST
    less = named(plan(), "without:neighbours", nowhere).recipe
    assert less is not None
    assert not [name for name in less.columns if name.startswith("neighbours")]
    assert named(plan(), "abc", lambda text: text + "0" * 61).kind == "release"


def test_an_unknown_name_or_group_tells_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"nothing to compare is called 'joy'.*boosted_trees.*without:neighbours"):
        named(plan(), "joy", nowhere)
    with pytest.raises(UsageError, match=r"no group of features called 'joy'; there is: .*neighbours"):
        named(plan(), "without:joy", nowhere)


def test_what_cannot_be_left_out_is_said() -> None:
    with pytest.raises(UsageError, match="reads none of"):
        narrowed(LAGS, ["temperature"])
    with pytest.raises(UsageError, match="nothing but"):
        narrowed(LAGS, LAGS.columns)
    with pytest.raises(UsageError, match="reads nothing but"):
        narrowed(replace(LAGS, columns=("lag_1",)), ["lag_1", "lag_2"])


def test_a_recipe_is_not_compared_with_a_release_nor_with_itself() -> None:
    recipe, release = Contender("a", "recipe", ""), Contender("b", "release", "")
    with pytest.raises(UsageError, match="a release was fitted on rows of its own"):
        check_pair(recipe, release)
    with pytest.raises(UsageError, match="twice"):
        check_pair(recipe, recipe)


def test_how_an_answer_is_explained_and_what_learns_on_is_told_by_kind() -> None:
    told = {each.name: explainable(each) for each in every(plan())}
    assert "weights" in told["poisson_regression"]
    assert "Shapley" in told["boosted_trees"]
    assert "outside" in told["small_network"]
    assert incremental(INCREMENTAL)
    assert not incremental(BoostedTrees("trees", ("lag_1",)))
