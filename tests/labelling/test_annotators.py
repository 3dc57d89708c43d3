"""Who agrees with whom, and who with nobody."""

import numpy as np
import polars as pl
import pytest

from afield.errors import LabellingError
from afield.labelling.annotators import agreement, ratings


def people(generator: np.random.Generator, items: int, right: list[float]) -> pl.DataFrame:
    """Labels of 0 and 1 by people who are right with these probabilities."""
    truth = generator.integers(0, 2, items)
    rows = []
    for number, chance in enumerate(right):
        said = np.where(generator.random(items) < chance, truth, 1 - truth)
        rows.append(
            pl.DataFrame(
                {"item": [f"i{item}" for item in range(items)], "who": f"person {number}", "label": said.astype(float)}
            )
        )
    return pl.concat(rows)


def test_items_that_nobody_labelled_twice_cannot_be_compared() -> None:
    with pytest.raises(LabellingError, match="label some items twice"):
        ratings(pl.DataFrame({"item": ["a", "b"], "who": ["x", "y"], "label": [0.0, 1.0]}))


def test_an_annotator_who_disagrees_with_all_is_named() -> None:
    labels = people(np.random.default_rng(3), 120, [0.95, 0.95, 0.05])
    found = agreement(ratings(labels))
    assert found.at_odds == ("person 2",)
    assert found.alpha is not None
    assert found.alpha.interval.high < 0.2


def test_an_annotator_who_clicks_at_random_is_named() -> None:
    assert agreement(ratings(people(np.random.default_rng(4), 300, [0.95, 0.9, 0.5]))).at_odds == ("person 2",)


def test_nobody_is_named_of_two_who_disagree() -> None:
    found = agreement(ratings(people(np.random.default_rng(5), 100, [0.95, 0.05])))
    assert found.at_odds == ()
    assert found.pairs[0].agreement is not None
    assert found.pairs[0].agreement.value < 0


def test_nobody_is_named_where_all_are_good() -> None:
    assert agreement(ratings(people(np.random.default_rng(6), 100, [0.9, 0.9, 0.85]))).at_odds == ()


def test_what_cannot_be_said_is_noted() -> None:
    labels = pl.DataFrame({"item": ["a", "a", "b", "b"], "who": ["x", "y"] * 2, "label": [1.0] * 4})
    found = agreement(ratings(labels))
    assert found.alpha is None
    assert any("only one class" in note for note in found.notes)
