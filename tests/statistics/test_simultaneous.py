import numpy as np
import pytest

from afield.errors import EvaluationError
from afield.statistics.simultaneous import Simultaneous


def test_more_statistics_ask_for_a_farther_bound():
    generator = np.random.default_rng(1)
    few, many = Simultaneous(40), Simultaneous(40)
    few.add(generator.normal(size=(40, 1)))
    many.add(generator.normal(size=(40, 1000)))
    assert many.bounds()[1] > few.bounds()[1] > 1.9
    assert (few.tested, many.tested) == (1, 1000)


def test_statistics_that_are_all_the_same_ask_for_no_more_than_one():
    sums = np.random.default_rng(2).normal(size=(40, 1))
    one, copies = Simultaneous(40, seed=3), Simultaneous(40, seed=3)
    one.add(sums)
    copies.add(np.repeat(sums, 500, axis=1))
    assert copies.bounds() == pytest.approx(one.bounds())


def test_lots_come_to_the_same_as_all_at_once():
    sums = np.random.default_rng(2).normal(size=(20, 30))
    whole, lots = Simultaneous(20), Simultaneous(20)
    expected, _ = whole.add(sums)
    found = np.concatenate([lots.add(part)[0] for part in np.split(sums, 3, axis=1)])
    assert found == pytest.approx(expected)
    assert lots.adjusted(found) == pytest.approx(whole.adjusted(expected))


def test_what_cannot_vary_less_is_given_its_least_variance():
    test = Simultaneous(10)
    statistics, errors = test.add(np.full((10, 1), -0.1), least=4.0)
    assert errors == pytest.approx([2.0])
    assert statistics == pytest.approx([-0.5])


def test_a_large_statistic_has_a_small_chance():
    test = Simultaneous(30, seed=4)
    sums = np.random.default_rng(5).normal(size=(30, 20))
    sums[:, 0] += 2
    statistics, _ = test.add(sums)
    assert test.adjusted(statistics)[0] < 0.01
    assert statistics[0] > test.bounds()[1]


@pytest.mark.parametrize("sums", [np.ones((9, 2)), np.ones(10), np.full((10, 2), np.nan)])
def test_sums_that_fit_no_blocks_are_refused(sums):
    with pytest.raises(EvaluationError, match="sum"):
        Simultaneous(10).add(sums)


def test_too_few_blocks_and_too_small_an_alpha_are_refused():
    with pytest.raises(EvaluationError, match="7 blocks"):
        Simultaneous(7)
    with pytest.raises(EvaluationError, match="take more"):
        Simultaneous(10, resamples=20).bounds(0.05)
