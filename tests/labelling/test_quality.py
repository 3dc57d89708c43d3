"""Labels that contradict a model that has not seen them."""

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from afield.errors import LabellingError
from afield.labelling.quality import suspects


def world(flipped: int) -> tuple[pl.Series, NDArray[np.int64], NDArray[np.float64]]:
    """200 items of which a model is sure; the labels of the first are flipped."""
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, 200)
    sure = generator.uniform(0.85, 0.99, 200)
    second = np.where(truth == 1, sure, 1 - sure)
    labels = truth.copy()
    labels[:flipped] = 1 - labels[:flipped]
    return pl.Series([f"i{n}" for n in range(200)]), labels, np.column_stack([1 - second, second])


def test_flipped_labels_are_found_the_worst_first() -> None:
    found = suspects(*world(flipped=12))
    assert set(found["item"]) <= {f"i{n}" for n in range(12)}
    assert found.height >= 11
    assert found["quality"].is_sorted()


def test_nothing_is_suspected_where_nothing_contradicts() -> None:
    assert suspects(*world(flipped=0)).is_empty()


def test_a_class_that_nobody_gave_is_no_hindrance() -> None:
    items, labels, chances = world(flipped=5)
    wide = np.column_stack([chances[:, :1], np.full(200, 0.0), chances[:, 1:]])
    assert suspects(items, labels * 2, wide).height == 5


def test_one_class_only_is_refused() -> None:
    items, labels, chances = world(0)
    with pytest.raises(LabellingError, match="of class 1"):
        suspects(items, np.ones_like(labels), chances)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: c[:-1], "give one each"),
        (lambda c: c * np.nan, "not finite"),
        (lambda c: c * 2, "do not sum to 1"),
        (lambda c: c[:, :1] ** 0, "there are 1 classes"),
    ],
)
def test_probabilities_that_are_none_are_refused(spoil: object, message: str) -> None:
    items, labels, chances = world(0)
    with pytest.raises(LabellingError, match=message):
        suspects(items, labels, spoil(chances))  # type: ignore[operator]


def test_nothing_labelled_is_refused() -> None:
    with pytest.raises(LabellingError, match="label some first"):
        suspects(pl.Series([], dtype=pl.String), np.empty(0, np.int64), np.empty((0, 2)))
