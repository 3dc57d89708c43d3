"""Agreement beyond chance, against published examples, and its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from afield.errors import LabellingError
from afield.labelling.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha

NAN = float("nan")

# Fleiss 1971 as it is taught: 14 raters, 10 items, how many chose each of 5 classes.
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip

# Krippendorff 2011, section C: four observers, twelve units, missing data.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


def test_cohens_kappa_of_the_textbook_table_is_two_fifths() -> None:
    first = np.repeat([1.0, 1.0, 0.0, 0.0], [20, 5, 10, 15])
    second = np.repeat([1.0, 0.0, 1.0, 0.0], [20, 5, 10, 15])
    found = cohen_kappa(first, second)
    assert found.value == pytest.approx(0.4)
    assert found.value in found.interval
    assert found.count == 50


def test_fleiss_kappa_of_the_published_table_is_0_21() -> None:
    values = np.array([np.repeat(np.arange(5.0), row) for row in FLEISS])
    assert fleiss_kappa(values).value == pytest.approx(0.2099, abs=5e-5)


@pytest.mark.parametrize(("scale", "published"), [("nominal", 0.743), ("interval", 0.849)])
def test_alpha_of_the_published_table_is_as_published(scale: str, published: float) -> None:
    found = krippendorff_alpha(KRIPPENDORFF, scale)  # type: ignore[arg-type]
    assert found.value == pytest.approx(published, abs=5e-4)
    assert found.count == 11


def test_full_agreement_is_one() -> None:
    same = np.tile(np.array([0.0, 1.0, 2.0, 1.0])[:, None], (1, 3))
    assert fleiss_kappa(same).value == pytest.approx(1.0)
    assert krippendorff_alpha(same, "interval").value == pytest.approx(1.0)
    assert cohen_kappa(same[:, 0], same[:, 1]).interval.high == pytest.approx(1.0)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_names_of_classes_do_not_matter(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.integers(0, 3, (12, 3)).astype(float)
    values[0], values[1] = 0, 1
    renamed: NDArray[np.float64] = np.array([7.0, -3.0, 40.0])[values.astype(int)]
    assert krippendorff_alpha(values).value == pytest.approx(krippendorff_alpha(renamed).value)
    assert fleiss_kappa(values).value == pytest.approx(fleiss_kappa(renamed).value)


def test_one_class_only_is_refused_in_words() -> None:
    with pytest.raises(LabellingError, match="only one class"):
        cohen_kappa(np.ones(9), np.ones(9))
    with pytest.raises(LabellingError, match="every label is the same"):
        krippendorff_alpha(np.ones((9, 2)), "interval")


def test_numbers_are_refused_as_classes() -> None:
    with pytest.raises(LabellingError, match="interval scale"):
        krippendorff_alpha(np.arange(200.0).reshape(100, 2))


def covered(truth: float, intervals: list[tuple[float, float]]) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["cohen", "fleiss", "alpha", "interval"])
def test_intervals_cover_nominally(measure: str) -> None:
    """300 draws of 100 items; the truth is the measure of 30,000 items. 95 % ± 3 standard errors of a coverage."""

    def draw(generator: np.random.Generator, items: int) -> NDArray[np.float64]:
        if measure == "interval":
            truth = generator.normal(0, 1, (items, 1))
            return truth + generator.normal(0, 0.8, (items, 4))
        truth = generator.integers(0, 3, (items, 1))
        slips = generator.random((items, 4)) < 0.3
        return np.where(slips, generator.integers(0, 3, (items, 4)), truth).astype(float)

    def measured(values: NDArray[np.float64], seed: int) -> tuple[float, float, float]:
        if measure == "cohen":
            found = cohen_kappa(values[:, 0], values[:, 1], seed=seed)
        elif measure == "fleiss":
            found = fleiss_kappa(values, seed=seed)
        else:
            found = krippendorff_alpha(values, "interval" if measure == "interval" else "nominal", seed=seed)
        return found.value, found.interval.low, found.interval.high

    # The reference needs its value alone: chunks of items keep its bootstrap small.
    truth = float(np.mean([measured(draw(np.random.default_rng(900 + part), 1000), 0)[0] for part in range(30)]))
    intervals = [measured(draw(np.random.default_rng(seed), 100), seed)[1:] for seed in range(300)]
    assert 0.912 <= covered(truth, intervals) <= 0.988
