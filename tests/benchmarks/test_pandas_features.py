"""The pandas script that the features are measured against makes the same numbers of orders."""

from datetime import datetime, timedelta

import numpy as np

from afield.records.facts import Window
from benchmarks.pandas_features import matrix
from benchmarks.plain_features import matrix as plain
from tests.benchmarks.test_plain_features import DAY, START, town

HOUR = timedelta(hours=1)


def test_both_scripts_make_the_same_numbers_of_orders() -> None:
    tables, window = town(), Window(START, START + 3 * DAY)
    found = matrix(tables, window, HOUR)
    expected = plain(tables, window, HOUR).sort("slot", "zone")
    assert len(found) == expected.height
    assert len(found.columns) > 30
    for name in set(found.columns) - {"zone", "slot"}:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-9, err_msg=name)
    assert found["slot"][0] == datetime(2024, 3, 4)
