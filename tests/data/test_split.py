from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.data.split import LEAST, by_time, enough, within
from afield.errors import DataError
from afield.records.facts import Window

START = datetime(2023, 1, 1)
spans = st.integers(1, 400).map(lambda hours: timedelta(hours=hours))


@given(spans, spans, spans, spans, spans)
def test_windows_follow_each_other_with_the_gap_between(
    training: timedelta, validation: timedelta, test: timedelta, gap: timedelta, lookback: timedelta
) -> None:
    data = Window(START, START + lookback + training + gap + validation + gap + test)
    split = by_time(validation, test, gap=gap, lookback=lookback)(data)
    assert split.training == Window(START + lookback, START + lookback + training)
    assert split.validation.start - split.training.end == gap == split.test.start - split.validation.end
    assert (split.validation.end - split.validation.start, split.test.end) == (validation, data.end)


def test_too_short_data_say_what_is_needed() -> None:
    week = timedelta(days=7)
    with pytest.raises(DataError, match="leave nothing to train on"):
        by_time(week, week)(Window(START, START + 2 * week))


def test_within_takes_the_start_and_leaves_the_end() -> None:
    frame = pl.DataFrame({"at": [START, START + timedelta(hours=1)]})
    assert frame.filter(within("at", Window(START, START + timedelta(hours=1))))["at"].to_list() == [START]


@given(spans)
def test_a_training_window_without_enough_rows_behind_the_lookback_is_refused(lookback: timedelta) -> None:
    end = START + lookback + LEAST
    enough(Window(START, end), lookback)
    with pytest.raises(DataError, match=r"too short: .*; give data that begin 1:00:00 earlier, or a later --until"):
        enough(Window(START, end - timedelta(hours=1)), lookback)


def test_features_that_look_back_at_nothing_need_no_least_window() -> None:
    enough(Window(START, START + timedelta(hours=1)), timedelta(0))
