"""The simplest of several recipes: linear before trees, fewer columns before more."""

import pytest

from afield.errors import TrainingError
from afield.training.recipes import BoostedTrees, LogisticRegression, PoissonRegression
from afield.training.simplicity import simplest

LINE = PoissonRegression(name="line", columns=("a", "b", "c"))
SHORT = LogisticRegression(name="short", columns=("a",))
TREES = BoostedTrees(name="trees", columns=("a",))
BOTH = BoostedTrees(name="both", columns=("a",), start=LINE)


def test_a_line_is_simpler_than_trees_and_trees_alone_than_trees_on_a_line() -> None:
    assert simplest([BOTH, TREES, LINE]) is LINE
    assert simplest([BOTH, TREES]) is TREES


def test_of_two_lines_the_one_on_fewer_columns_is_simpler() -> None:
    assert simplest([LINE, SHORT]) is SHORT


def test_a_build_without_recipes_is_refused() -> None:
    with pytest.raises(TrainingError, match="no recipe"):
        simplest([])
