from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from afield.errors import MonitoringError
from afield.monitoring.distances import Statistic
from afield.monitoring.drift import HARM, Drift
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
        (("a",), {"a": []}, "no row"),
    ],
)
def test_columns_that_cannot_be_watched_are_refused(
    columns: tuple[str, ...], table: dict[str, list[object]], message: str
) -> None:
    with pytest.raises(MonitoringError, match=message):
        Drift(columns).fit(pl.DataFrame(table))


def test_a_column_of_categories_is_watched_and_new_ones_count() -> None:
    reference = pl.DataFrame({"kind": ["a", "b", "b", None] * 300})
    fitted = Drift(("kind",), "js").fit(reference)
    assert fitted.measure(reference, DAY).estimate.value == 0
    assert fitted.measure(pl.DataFrame({"kind": ["new"] * 400}), DAY).estimate.value == 1


def test_a_pandas_frame_says_the_same_as_a_polars_frame() -> None:
    reference, chunk = (pl.DataFrame({"n": [n, None, 3.0], "kind": ["a", None, "b"]}) for n in (1.0, 9.0))
    watched = Drift(("n", "kind"), "psi")
    ours = watched.fit(reference).measure(chunk, DAY)
    theirs = watched.fit(pd.DataFrame(reference.to_dict(as_series=False))).measure(
        pd.DataFrame(chunk.to_dict(as_series=False)), DAY
    )
    assert ours == theirs


@pytest.mark.parametrize("statistic", ["ks", "wasserstein"])
def test_a_distance_of_numbers_refuses_categories(statistic: Statistic) -> None:
    with pytest.raises(MonitoringError, match="no order"):
        Drift(("kind",), statistic).fit(pl.DataFrame({"kind": ["a"]}))


def judged(seed: int, calm: float = 0.0, moved: float = 0.0, rows: int = 20_000) -> pl.DataFrame:
    """The loss grows with `moved`; `calm` has nothing to do with it."""
    generator = np.random.default_rng(seed + 100)
    table = frame(seed, rows=rows).with_columns(pl.col("calm") + calm, pl.col("moved") + moved)
    return table.with_columns(truth=pl.col("moved") * generator.normal(size=rows), forecast=pl.lit(0.0))


def test_the_column_that_does_harm_comes_before_one_that_moved_further() -> None:
    fitted = Drift(("calm", "moved"), loss="squared_error").fit(judged(1))
    found = fitted.measure(judged(2, calm=1.5, moved=0.5), DAY).detail
    assert found["calm"] > found["moved"]
    assert [name for name in found if not name.startswith(HARM)] == ["moved", "calm"]
    assert found[f"{HARM}moved"] > 0.1 > abs(found[f"{HARM}calm"])


def test_harm_needs_rows_with_a_truth() -> None:
    with pytest.raises(MonitoringError, match="give rows with their truth"):
        Drift(("calm",), loss="squared_error").fit(judged(1).with_columns(truth=pl.lit(None, pl.Float64)))
