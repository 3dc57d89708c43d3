import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from afield.mitigation.guards import clamp, plausible, step_limit

Floats = NDArray[np.float64]


def nothing_before(name: str) -> Floats:
    return np.array([np.nan])


def before(value: float):
    return lambda _: np.array([value])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_clamped_value_lies_within_the_bounds_and_stays_when_it_did(value: float) -> None:
    result = clamp("x", -1.0, 2.0)({"x": np.array([value])}, nothing_before)["x"][0]
    assert -1.0 <= result <= 2.0
    assert result == value or not -1.0 <= value <= 2.0


def test_a_guard_that_changes_nothing_gives_the_same_object_back() -> None:
    outputs = {"x": np.array([1.0, np.nan])}
    assert clamp("x", 0.0, 2.0)(outputs, nothing_before) is outputs
    assert plausible("x", 0.0)({"x": np.array([1.0])}, nothing_before)["x"][0] == 1.0
    assert step_limit("x", 0.5)({"x": np.array([9.0])}, nothing_before)["x"][0] == 9.0


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 2), st.floats(0, 10))
def test_a_step_is_never_longer_than_its_limit(value: float, last: float, share: float, floor: float) -> None:
    result = step_limit("x", share, floor)({"x": np.array([value])}, before(last))["x"][0]
    assert abs(result - last) <= max(abs(last) * share, floor) + 1e-6


def test_an_implausible_value_is_not_known_any_more() -> None:
    values = plausible("x", 0.0, 10.0)({"x": np.array([-1.0, 5.0, 11.0, np.nan])}, nothing_before)["x"]
    assert np.isnan(values).tolist() == [True, False, True, True]


def test_guards_leave_other_outputs_alone() -> None:
    outputs = {"x": np.array([9.0]), "y": np.array([9.0])}
    assert clamp("x", 0.0, 1.0)(outputs, nothing_before)["y"] is outputs["y"]


@pytest.mark.parametrize(
    "make", [lambda: clamp("x", 2.0, 1.0), lambda: plausible("x", np.nan), lambda: step_limit("x", -0.1)]
)
def test_bounds_that_make_no_sense_are_refused(make: object) -> None:
    with pytest.raises(ValueError, match="must not"):
        make()
