"""Capacity as a fitted table and as a part of the release."""

from datetime import datetime, timedelta

import numpy as np
import onnxruntime
import polars as pl
import pytest

from surge.capacity import FLOOR, as_model, proxy
from surge.pricing import UNKNOWN

MONDAY = datetime(2024, 1, 1)


def examples(*truths: float, zone: int = 7) -> pl.LazyFrame:
    """One Monday noon a week."""
    slots = [MONDAY + timedelta(hours=12, weeks=week) for week in range(len(truths))]
    return pl.LazyFrame({"zone": [zone] * len(truths), "slot": slots, "truth": list(truths)})


def answers(model: bytes, *rows: tuple[float, float]) -> list[float]:
    session = onnxruntime.InferenceSession(model)
    (found,) = session.run(None, {"rows": np.array(rows, np.float32)})
    assert found.shape == (len(rows), 1)
    return found[:, 0].tolist()


def test_the_proxy_is_the_95th_percentile_of_the_hour_of_week() -> None:
    table = proxy(examples(*range(4, 25)))
    assert table.rows() == [(7, 12, 23.0)]


def test_a_quiet_hour_has_the_least_capacity() -> None:
    assert proxy(examples(0, 0, 1))["capacity"].to_list() == [FLOOR]


def test_the_model_answers_what_the_table_holds() -> None:
    table = pl.DataFrame({"zone": [7, 9], "hour_of_week": [12, 167], "capacity": [5.0, 40.0]})
    assert answers(as_model(table), (7, 12), (9, 167)) == [5.0, 40.0]


def test_a_fraction_of_an_hour_is_cut_off() -> None:
    table = pl.DataFrame({"zone": [7], "hour_of_week": [12], "capacity": [5.0]})
    assert answers(as_model(table), (7, 12.75)) == [5.0]


def test_a_zone_or_hour_without_a_capacity_is_never_surged() -> None:
    table = pl.DataFrame({"zone": [7], "hour_of_week": [12], "capacity": [5.0]})
    assert answers(as_model(table), (3, 12), (7, 13)) == pytest.approx([UNKNOWN, UNKNOWN])
