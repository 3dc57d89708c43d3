import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from afield.mitigation.relations import abstaining, agreeing, between, fleet_limit, monotone

Floats = NDArray[np.float64]
numbers = st.floats(-1e6, 1e6)


def of(**values: list[float]) -> dict[str, Floats]:
    return {name: np.array(value) for name, value in values.items()}


def before(*values: float):
    return lambda _: np.array(values)


@given(numbers, numbers)
def test_a_monotone_output_never_goes_back(value: float, last: float) -> None:
    assert monotone("x")(of(x=[value]), before(last))["x"][0] == max(value, last)
    assert monotone("x", "down")(of(x=[value]), before(last))["x"][0] == min(value, last)


def test_without_an_earlier_answer_a_monotone_output_stays() -> None:
    outputs = of(x=[1.0, 2.0])
    assert monotone("x")(outputs, before(np.nan, np.nan)) is outputs


def test_an_output_outside_its_own_interval_is_not_believed() -> None:
    outputs = of(x=[1.0, 5.0, 9.0, 5.0], low=[2.0, 2.0, 2.0, np.nan], high=[8.0, 8.0, 8.0, 8.0])
    assert np.isnan(between("x", "low", "high")(outputs, before())["x"]).tolist() == [True, False, True, False]
    alone = of(x=[1.0])
    assert between("x", "low", "high")(alone, before()) is alone


def test_answers_that_are_related_must_agree_within_a_share_or_a_floor() -> None:
    outputs = of(x=[1.0, 14.0, 16.0], y=[3.0, 10.0, 10.0])
    assert np.isnan(agreeing("x", "y", 0.5, 2.0)(outputs, before())["x"]).tolist() == [False, False, True]
    alone = of(x=[1.0])
    assert agreeing("x", "y", 0.5)(alone, before()) is alone


def test_it_abstains_where_the_interval_is_wider_than_the_share_and_the_floor() -> None:
    outputs = of(x=[10.0, 10.0, 0.0], low=[5.0, 0.0, 0.0], high=[15.0, 40.0, 4.0])
    assert np.isnan(abstaining("x", "low", "high", 2.0, 5.0)(outputs, before())["x"]).tolist() == [False, True, False]


def test_the_fleet_may_not_move_together_though_single_units_may() -> None:
    limit = fleet_limit("x", share=0.5, least=3)
    was = np.full(100, 10.0)
    one = was.copy()
    one[0] = 400.0
    assert not limit.exceeded(one, was)
    assert limit.exceeded(was * 1.6, was)
    assert limit.exceeded(was * 0.4, was)
    assert not limit.exceeded(np.array([99.0, 99.0, np.nan]), np.full(3, 1.0))


@pytest.mark.parametrize(
    "make",
    [
        lambda: agreeing("x", "y", -0.1),
        lambda: abstaining("x", "low", "high", 1.0, -1.0),
        lambda: fleet_limit("x", float("nan")),
    ],
)
def test_limits_below_zero_are_refused(make: object) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        make()
