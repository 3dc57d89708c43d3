import re
from datetime import datetime

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import ReleaseError
from afield.records.release import Golden
from afield.release.golden import record, reproduce, reproduce_features

TICK = datetime(2024, 3, 1, 18)
KEYS = ("74", "75", "76")
HISTORY = {"orders": [{"location": 74, "count": 3}, {"location": 75, "count": 5}]}


def compute(tick, keys, history):
    assert tick == TICK
    counts = {str(row["location"]): float(row["count"]) for row in history["orders"]}
    return {"last": np.array([counts.get(key, np.nan) for key in keys]), "hour": np.full(len(keys), 18.0)}


def infer(features):
    return {"forecast": np.nan_to_num(features["last"]) / 3.0 + features["hour"] * 1e-3}


GOLDEN = record(TICK, KEYS, HISTORY, compute, infer)


def test_what_was_recorded_is_reproduced_after_a_trip_through_json():
    golden = msgspec.json.decode(msgspec.json.encode(GOLDEN), type=Golden)
    assert golden.features["last"] == (3.0, 5.0, None)
    reproduce(golden, infer)
    reproduce_features(golden, compute)


@given(st.floats(-9e-5, 9e-5))
def test_outputs_within_the_tolerance_are_accepted(change):
    reproduce(GOLDEN, lambda features: {"forecast": infer(features)["forecast"] * (1 + change)})


@given(st.floats(2e-4, 1e6), st.sampled_from([-1, 1]), st.integers(0, 2))
def test_one_output_beyond_the_tolerance_is_refused_and_named(change, sign, row):
    def other(features):
        forecast = infer(features)["forecast"]
        forecast[row] *= 1 + sign * change
        return {"forecast": forecast}

    with pytest.raises(ReleaseError, match=f"'forecast' of '{KEYS[row]}'"):
        reproduce(GOLDEN, other)


def test_one_order_more_in_a_feature_is_refused():
    def other(tick, keys, history):
        return {**compute(tick, keys, history), "last": np.array([3.0, 6.0, np.nan])}

    with pytest.raises(ReleaseError, match=re.escape("'last' of '75' is 6.0 here and was 5.0")):
        reproduce_features(GOLDEN, other)


@pytest.mark.parametrize("values", [[3.0, 5.0, 0.0], [np.nan, 5.0, np.nan]])
def test_known_and_unknown_are_never_taken_for_each_other(values):
    with pytest.raises(ReleaseError, match="'last'"):
        reproduce_features(GOLDEN, lambda *facts: {**compute(*facts), "last": np.array(values)})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_output_that_is_no_number_is_refused(value):
    with pytest.raises(ReleaseError, match="'forecast'"):
        reproduce(GOLDEN, lambda _: {"forecast": np.full(3, value)})


@pytest.mark.parametrize("outputs", [{}, {"forecast": np.zeros(2)}, {"forecast": np.zeros((3, 1))}])
def test_a_missing_column_or_another_shape_is_refused(outputs):
    with pytest.raises(ReleaseError, match="forecast"):
        reproduce(GOLDEN, lambda _: outputs)


def test_sums_that_cancel_to_nothing_agree():
    golden = msgspec.structs.replace(GOLDEN, features={"last": (0.0, 0.0, 0.0)})
    reproduce_features(golden, lambda *_: {"last": np.array([1e-17, 0.0, -1e-17])})


def test_rows_that_could_never_be_reproduced_are_not_recorded():
    with pytest.raises(ReleaseError, match="not finite"):
        record(TICK, KEYS, HISTORY, compute, lambda features: {"forecast": features["last"]})
    with pytest.raises(ReleaseError, match="shape"):
        record(TICK, KEYS, HISTORY, compute, lambda _: {"forecast": np.zeros(1)})
    with pytest.raises(ReleaseError, match="at least one key"):
        record(TICK, (), HISTORY, compute, infer)
