from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from afield.errors import MonitoringError
from afield.monitoring.quality import Quality
from afield.monitoring.rates import rate
from afield.records.facts import Window

DAY = Window(datetime(2026, 7, 1), datetime(2026, 7, 2))
WATCHED = Quality(("heat", "kind"), ranges={"heat": (-30.0, 50.0)}, keys=("id",))


def rows(seed: int = 1, count: int = 1000) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    kinds = generator.choice(["a", "b"], count)
    return pl.DataFrame({"id": range(count), "heat": generator.normal(15, 5, count), "kind": kinds})


def first(count: int) -> pl.Expr:
    return pl.int_range(pl.len()) < count


BAD = {
    "missing in heat": pl.when(first(100)).then(None).otherwise("heat").alias("heat"),
    "out of range in heat": pl.when(first(100)).then(999.0).otherwise("heat").alias("heat"),
    "constant heat": pl.lit(15.0).alias("heat"),
    "missing in kind": pl.when(first(100)).then(None).otherwise("kind").alias("kind"),
    "unknown in kind": pl.when(first(100)).then(pl.lit("c")).otherwise("kind").alias("kind"),
    "constant kind": pl.lit("a").alias("kind"),
    "duplicates of id": pl.when(first(100)).then(0).otherwise("id").alias("id"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_fault_is_found_and_named(fault: str) -> None:
    found = WATCHED.fit(rows()).measure(rows(2).with_columns(BAD[fault]), DAY)
    assert found.alarm
    assert found.metric == fault == next(iter(found.detail))


def test_data_like_the_reference_raise_no_alarm_nor_do_few_rows() -> None:
    fitted = WATCHED.fit(rows())
    assert not fitted.measure(rows(2), DAY).alarm
    assert not fitted.measure(rows(2, 5).with_columns(pl.lit(None, pl.Float64).alias("kind")).head(1), DAY).alarm


def test_a_rate_that_the_reference_had_already_is_no_alarm() -> None:
    gaps = [rows(seed).with_columns(BAD["missing in heat"]) for seed in (1, 2)]
    assert not WATCHED.fit(gaps[0]).measure(gaps[1], DAY).alarm


def test_a_pandas_frame_is_checked_like_a_polars_frame() -> None:
    bad = rows(2).with_columns(BAD["unknown in kind"])
    ours, theirs = (
        WATCHED.fit(make(rows())).measure(make(bad), DAY)
        for make in (lambda frame: frame, lambda frame: pd.DataFrame(frame.to_dict(as_series=False)))
    )
    assert ours == theirs


@pytest.mark.parametrize(
    ("monitor", "table", "message"),
    [
        (Quality(()), {"a": [1.0]}, "nothing to check"),
        (Quality(("a",)), {"b": [1.0]}, "'a'"),
        (Quality(("a",)), {"a": []}, "no row"),
        (Quality(("a",), ranges={"a": (2.0, 1.0)}), {"a": [1.0]}, "least value first"),
        (Quality(("a",), ranges={"b": (1.0, 2.0)}), {"a": [1.0]}, "column that is watched"),
    ],
)
def test_checks_that_cannot_be_made_are_refused(monitor: Quality, table: dict[str, list[object]], message: str) -> None:
    with pytest.raises(MonitoringError, match=message):
        monitor.fit(pl.DataFrame(table))


def test_the_interval_of_a_rate_covers_it() -> None:
    generator = np.random.default_rng(5)
    for truth in (0.02, 0.3):
        covered = sum(truth in rate(int(hits), 400, 0.95) for hits in generator.binomial(400, truth, 2000))
        assert covered / 2000 >= 0.95
