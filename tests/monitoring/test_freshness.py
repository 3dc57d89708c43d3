from datetime import datetime, timedelta

import polars as pl
import pytest

from afield.errors import MonitoringError
from afield.monitoring.freshness import Freshness
from afield.records.facts import Window

START = datetime(2026, 7, 1)
DAY = Window(START, START + timedelta(days=1))
WATCHED = Freshness({"facts": timedelta(minutes=30), "model": timedelta(days=28)})


def rows(facts: timedelta | None, old: int, count: int = 96) -> pl.DataFrame:
    """The first `old` rows rest on facts of that age, the others on facts of a minute ago."""
    ticks = [START + timedelta(minutes=15 * number) for number in range(count)]
    ages = [facts if number < old else timedelta(minutes=1) for number in range(count)]
    known = [None if age is None else tick - age for tick, age in zip(ticks, ages, strict=True)]
    return pl.DataFrame(
        {"tick": ticks, "facts": known, "model": [START - timedelta(days=3)] * count},
        schema=dict.fromkeys(["tick", "facts", "model"], pl.Datetime("us")),
    )


def test_what_is_too_old_is_named_with_its_share_and_age() -> None:
    found = WATCHED.fit(rows(None, 0)).measure(rows(timedelta(hours=3), 48), DAY)
    assert found.alarm
    assert found.metric == "facts too old"
    assert found.estimate.value == found.detail["facts"] == 0.5
    assert found.detail["hours facts"] == 3


def test_what_is_within_its_budget_raises_no_alarm_nor_does_one_old_row() -> None:
    fitted = WATCHED.fit(rows(None, 0))
    assert not fitted.measure(rows(timedelta(minutes=30), 96), DAY).alarm
    assert not fitted.measure(rows(timedelta(hours=3), 1), DAY).alarm


def test_what_is_not_known_counts_as_too_old() -> None:
    assert WATCHED.measure(rows(None, 96), DAY).estimate.value == 1


def test_a_row_that_rests_on_its_own_future_is_refused() -> None:
    with pytest.raises(MonitoringError, match="check the clocks"):
        WATCHED.measure(rows(timedelta(minutes=-1), 1), DAY)


@pytest.mark.parametrize("budgets", [{}, {"facts": timedelta(-1)}])
def test_a_budget_that_is_none_is_refused(budgets: dict[str, timedelta]) -> None:
    with pytest.raises(MonitoringError, match="greatest age"):
        Freshness(budgets).fit(rows(None, 0))
