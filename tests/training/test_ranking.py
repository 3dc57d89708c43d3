"""Ranking: scores that order the rows of a group, or a clear refusal."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from afield.errors import TrainingError
from afield.training import ranking
from afield.training.models import needs, outputs, train_recipe
from afield.training.recipes import BoostedRanking

RECIPE = BoostedRanking(name="order", columns=("a", "b"), group="query", trees=30)


def rows(seed: int = 0, queries: int = 100, of_each: int = 10) -> pl.DataFrame:
    """Queries of their own level, in which only the first column orders."""
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, queries * of_each))
    query = np.repeat(np.arange(queries), of_each)
    grade = np.clip(np.rint(a + 1.5), 0, 3)
    return pl.DataFrame({"a": a, "b": b, "query": query, "truth": grade}).sample(fraction=1.0, shuffle=True, seed=seed)


def in_order(scores: np.ndarray, held: pl.DataFrame) -> float:
    """Share of the queries whose best row has the highest score."""
    best = (
        held.with_columns(score=scores)
        .group_by("query")
        .agg(pl.col("truth").get(pl.col("score").arg_max()) == pl.col("truth").max())
    )
    return float(best["truth"].mean())


def test_the_best_row_of_a_group_comes_first() -> None:
    trained = train_recipe(RECIPE, rows(), 0)
    assert trained.outputs == ("score",)
    assert trained.report["groups"] == 100
    assert in_order(outputs(trained, rows(1)), rows(1)) > 0.95


def test_the_same_seed_gives_the_same_bytes_whatever_the_order_of_groups() -> None:
    assert train_recipe(RECIPE, rows(), 0).model == train_recipe(RECIPE, rows(), 0).model


def test_the_group_is_needed_and_no_input() -> None:
    assert "query" in needs(RECIPE)
    assert train_recipe(RECIPE, rows(), 0).features == ("a", "b")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (rows().with_columns(truth=pl.col("truth") + 0.5), "whole numbers from 0 to 30"),
        (rows().with_columns(truth=pl.col("truth") - 2), "whole numbers from 0 to 30"),
        (rows().with_columns(truth=pl.lit(1.0)), "is 1 in all"),
        (rows().with_columns(query=pl.int_range(pl.len())), "there is no order to learn"),
        (rows(queries=2, of_each=10_001), "at most 10,000"),
        (rows().drop("query"), "lack query"),
        (rows().with_columns(a=pl.lit(float("-inf"))), "column a is infinite"),
    ],
)
def test_examples_without_an_order_are_refused(changed: pl.DataFrame, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        train_recipe(RECIPE, changed, 0)


def test_without_lightgbm_ranking_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "lightgbm", None)
    monkeypatch.setattr(ranking, "WITHOUT", "LightGBM cannot be loaded (libgomp.so.1); scikit-learn stands in")
    with pytest.raises(TrainingError, match=r"ranking needs LightGBM: .*libgomp"):
        train_recipe(replace(RECIPE, trees=2), rows(), 0)
