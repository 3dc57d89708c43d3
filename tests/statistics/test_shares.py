import numpy as np
import pytest

from afield.errors import EvaluationError
from afield.statistics.shares import share


def test_rows_that_are_alike_in_their_blocks_count_for_less():
    alone = share([True, False] * 50, np.arange(100))
    together = share([True] * 50 + [False] * 50, np.repeat(np.arange(10), 10))
    assert alone.value == together.value == 0.5
    assert together.interval.high - together.interval.low > 2 * (alone.interval.high - alone.interval.low)


def test_where_all_rows_agree_the_interval_counts_blocks():
    few, many = share([True] * 100, np.repeat(np.arange(4), 25)), share([True] * 100, np.arange(100))
    assert few.interval.high == many.interval.high == 1.0
    assert few.interval.low == pytest.approx(0.025 ** (1 / 4))
    assert many.interval.low == pytest.approx(0.025 ** (1 / 100))
    assert share([False] * 5, np.arange(5)).interval.low == 0.0


def test_no_rows_and_a_label_too_few_are_refused():
    with pytest.raises(EvaluationError, match="0 rows"):
        share([], [])
    with pytest.raises(EvaluationError, match="one label for each"):
        share([True, False], [1])


@pytest.mark.slow
def test_the_interval_covers_at_least_as_often_as_it_says_also_where_rows_of_a_block_are_alike():
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(2000):
        rates = np.clip(random.beta(16, 4, 40), 0, 1)
        flags = random.random((40, 20)) < rates[:, None]
        covered += 0.8 in share(flags.ravel(), np.repeat(np.arange(40), 20)).interval
    assert covered / 2000 > 0.94
