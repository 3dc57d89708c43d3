from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest

from afield.errors import MonitoringError
from afield.monitoring.skew import Skew
from afield.records.facts import Window

DAY = Window(datetime(2026, 7, 1), datetime(2026, 7, 1) + timedelta(days=1))
SERVED = pl.DataFrame({"lag": np.arange(200.0), "mean": np.linspace(1.0, 2.0, 200)})


def test_rows_that_are_served_as_they_are_computed_raise_no_alarm() -> None:
    again = SERVED.with_columns(pl.col("mean") * (1 + 1e-12))
    found = Skew(("lag", "mean")).measure(SERVED, again, DAY)
    assert found.estimate.value == 0
    assert not found.alarm


def test_the_column_that_differs_is_named_with_how_many_rows_and_how_far() -> None:
    again = SERVED.with_columns(pl.when(pl.col("lag") < 50).then(pl.col("lag") + 1).otherwise("lag").alias("lag"))
    found = Skew(("mean", "lag")).measure(SERVED, again, DAY)
    assert found.alarm
    assert found.metric == "lag differs"
    assert found.detail["lag"] == found.estimate.value == 0.25
    assert found.detail["apart lag"] == pytest.approx(1 / SERVED["lag"].to_numpy().std())


def test_one_row_of_a_few_is_no_certainty() -> None:
    assert (
        not Skew(("lag",)).measure(SERVED.head(3), SERVED.head(3).with_columns(lag=pl.Series([0.0, 1, 9])), DAY).alarm
    )


def test_a_value_that_is_missing_on_one_side_differs() -> None:
    gone = SERVED.with_columns(lag=pl.lit(None, pl.Float64))
    assert Skew(("lag",)).measure(SERVED, gone, DAY).estimate.value == 1
    assert Skew(("lag",)).measure(gone, gone, DAY).estimate.value == 0


def test_frames_of_pandas_and_of_polars_can_be_mixed() -> None:
    again = pd.DataFrame(SERVED.to_dict(as_series=False))
    assert Skew(("lag", "mean")).measure(SERVED, again, DAY).estimate.value == 0


@pytest.mark.parametrize(
    ("monitor", "again", "message"),
    [
        (Skew(()), SERVED, "no column"),
        (Skew(("other",)), SERVED, "'other'"),
        (Skew(("lag",)), SERVED.head(3), "the same rows"),
    ],
)
def test_rows_that_cannot_be_compared_are_refused(monitor: Skew, again: pl.DataFrame, message: str) -> None:
    with pytest.raises(MonitoringError, match=message):
        monitor.measure(SERVED, again, DAY)
