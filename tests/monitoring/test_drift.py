from datetime import datetime

import numpy as np
import polars as pl
import pytest

from afield.errors import MonitoringError
from afield.monitoring.drift import Drift
from afield.records.facts import Window

DAY = Window(datetime(2023, 7, 1), datetime(2023, 7, 2))


def frame(seed: int, shift: float = 0.0, rows: int = 1000) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    return pl.DataFrame({"calm": generator.normal(size=rows), "moved": generator.gamma(2, 1, rows) + shift})


@pytest.mark.parametrize("statistic", ["psi", "ks", "wasserstein"])
def test_the_column_that_moved_raises_the_alarm(statistic: str) -> None:
    fitted = Drift(("calm", "moved"), statistic).fit(frame(1))
    quiet, loud = fitted.measure(frame(2), DAY), fitted.measure(frame(3, shift=1.5), DAY)
    assert not quiet.alarm
    assert loud.alarm
    assert loud.estimate.value == loud.detail["moved"] > loud.detail["calm"]


def test_a_few_rows_raise_no_alarm_whatever_they_show() -> None:
    assert not Drift(("moved",)).fit(frame(1)).measure(frame(4, rows=5), DAY).alarm


def test_an_integer_column_with_missing_values_is_watched_too() -> None:
    reference = pl.DataFrame({"lag": [1, 2, 3, None] * 100})
    assert Drift(("lag",)).fit(reference).measure(pl.DataFrame({"lag": [None] * 400}), DAY).alarm


@pytest.mark.parametrize(
    ("columns", "table", "message"),
    [
        ((), {"a": [1.0]}, "no column to watch"),
        (("b",), {"a": [1.0]}, "'b'"),
        (("a",), {"a": ["x"]}, "not numbers"),
        (("a",), {"a": []}, "no row"),
    ],
)
def test_columns_that_cannot_be_watched_are_refused(
    columns: tuple[str, ...], table: dict[str, list[object]], message: str
) -> None:
    with pytest.raises(MonitoringError, match=message):
        Drift(columns).fit(pl.DataFrame(table))
