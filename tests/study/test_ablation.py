"""Ablation: a recipe loses a column in whatever it used it for, and what a column adds is told from chance."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from afield.errors import EvaluationError
from afield.statistics.losses import squared_error
from afield.study.ablation import Fits, ablate, plain, with_more, without
from afield.training.recipes import Among, BoostedTrees, LogisticRegression, PoissonRegression, Tuned
from afield.workshop.plan import Build
from surge.building import build

LINE = PoissonRegression(name="line", columns=("a", "b"), logs=("a",), exposure="a")
TREES = BoostedTrees(name="trees", columns=("a", "b", "c"), exposure="a", start=LINE)
CLASSES = LogisticRegression(name="classes", columns=("helps", "idle"))


def plan() -> Build:
    """A build whose loss is that of a probability."""
    return replace(build({"slot": "60m"}), loss=squared_error)


def fits(rows: int = 600) -> Fits:
    """Rows in which `helps` decides, and `idle` and `spare` do not."""

    def drawn(seed: int) -> pl.DataFrame:
        random = np.random.default_rng(seed)
        values = {name: random.normal(size=rows) for name in ("helps", "idle", "spare")}
        truth = (random.random(rows) < 1 / (1 + np.exp(-2 * values["helps"]))).astype(float)
        return pl.DataFrame({**values, "truth": truth})

    return Fits(plan(), drawn(1), drawn(2), drawn(3), np.arange(rows) // 30)


def test_a_recipe_loses_a_column_in_whatever_it_used_it_for() -> None:
    found = without(TREES, ["a"])
    assert (found.columns, found.exposure) == (("b", "c"), "")
    assert found.start is not None
    assert (found.start.columns, found.start.logs, found.start.exposure) == (("b",), (), "")
    assert without(TREES, ["x"]) == TREES


def test_a_recipe_gains_columns_once() -> None:
    assert with_more(TREES, ["c", "d"]).columns == ("a", "b", "c", "d")


def test_a_tuned_recipe_is_examined_as_it_is_declared() -> None:
    assert plain(Tuned(TREES, (("leaves", Among(4, 8, whole=True)),), trials=2)) == TREES


def test_what_helps_is_shown_to_and_what_is_idle_is_not() -> None:
    told: list[str] = []
    groups = {"helps": ("helps",), "idle": ("idle",), "spare": ("spare",)}
    found = ablate(fits(), CLASSES, groups, "squared_error", told.append)
    assert found.comparisons["helps"].difference.interval.low > 0
    assert 0.0 in found.comparisons["idle"].difference.interval
    # The recipe does not read it: what adding it would do stands there, with the same sign.
    assert 0.0 in found.comparisons["spare"].difference.interval
    assert any("with spare" in line for line in told)


def test_what_nothing_is_left_without_is_not_left_out() -> None:
    assert not ablate(fits(), CLASSES, {"all": ("helps", "idle")}, "squared_error", lambda _: None).comparisons


def test_groups_of_unknown_columns_are_refused() -> None:
    with pytest.raises(EvaluationError, match=r"check Assessment\.groups"):
        ablate(fits(), CLASSES, {"typo": ("hepls",)}, "squared_error", lambda _: None)
