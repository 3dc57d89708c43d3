from datetime import datetime

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from afield.errors import MonitoringError
from afield.monitoring.domain import Domain, area_under_curve
from afield.records.facts import Window

DAY = Window(datetime(2026, 7, 1), datetime(2026, 7, 2))


def rows(seed: int, sign: float = 1.0, count: int = 600) -> pl.DataFrame:
    """Two columns that look alike whatever the sign; only together they tell."""
    generator = np.random.default_rng(seed)
    first = generator.normal(size=count)
    second = sign * first + 0.3 * generator.normal(size=count)
    return pl.DataFrame({"a": first, "b": second, "kind": np.where(generator.random(count) < 0.5, "x", "y")})


@pytest.mark.slow
def test_a_drift_that_no_column_shows_alone_is_found() -> None:
    fitted = Domain(("a", "b", "kind")).fit(rows(1))
    same, other = fitted.measure(rows(2), DAY), fitted.measure(rows(3, sign=-1.0), DAY)
    assert not same.alarm
    assert other.alarm
    assert other.estimate.value > 0.8


def test_a_new_category_is_found() -> None:
    fitted = Domain(("kind",)).fit(rows(1))
    assert fitted.measure(rows(2).with_columns(kind=pl.lit("z")), DAY).estimate.value == 1


def test_the_area_is_that_of_scikit_learn() -> None:
    generator = np.random.default_rng(4)
    negative, positive = generator.integers(0, 9, 50) / 9, generator.integers(3, 12, 70) / 9
    expected = roc_auc_score(np.repeat([0, 1], [50, 70]), np.concatenate([negative, positive]))
    assert area_under_curve(negative, positive, 0.95)[0] == pytest.approx(expected)


def test_the_interval_of_the_area_covers_it() -> None:
    generator, truth, runs = np.random.default_rng(5), 0.7602499, 400
    covered = sum(
        truth in area_under_curve(generator.normal(size=200), generator.normal(1.0, 1.0, 150), 0.95)[1]
        for _ in range(runs)
    )
    assert covered / runs >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize(
    ("monitor", "table", "message"),
    [
        (Domain(()), rows(1), "no column"),
        (Domain(("c",)), rows(1), "'c'"),
        (Domain(("a",)), rows(1, count=5), "give 50"),
    ],
)
def test_rows_that_tell_nothing_are_refused(monitor: Domain, table: pl.DataFrame, message: str) -> None:
    with pytest.raises(MonitoringError, match=message):
        monitor.fit(table)
