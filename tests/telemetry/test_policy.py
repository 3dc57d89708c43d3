"""Policies: none that cuts off."""

import pytest

from afield.errors import TelemetryError
from afield.telemetry.policy import PerSlice, Policy


@pytest.mark.parametrize(("share", "p_min"), [(0.0, 0.0), (1.1, 0.1), (0.1, 0.2), (0.5, 0.0)])
def test_a_policy_that_cuts_off_is_refused(share: float, p_min: float) -> None:
    with pytest.raises(TelemetryError, match="0 < p_min <= share <= 1"):
        Policy("p", share=share, p_min=p_min)


@pytest.mark.parametrize("share", [0.0, 0.0001, 1.5])
def test_a_slice_s_share_that_cuts_off_is_refused(share: float) -> None:
    with pytest.raises(TelemetryError, match=r"the shares of airport must lie in \[p_min, 1\]"):
        Policy("p", sampling=PerSlice(lambda event: event.unit, {"airport": share}))


@pytest.mark.parametrize("bound", [{"budget": 0}, {"max_bytes": 0}])
def test_a_bound_of_nothing_is_refused(bound: dict[str, int]) -> None:
    with pytest.raises(TelemetryError, match="1 or more"):
        Policy("p", **bound)


def test_writers_share_a_budget_and_none_is_left_without() -> None:
    assert [Policy("p", budget=10).of(writers).budget for writers in (1, 3, 20)] == [10, 3, 1]
    assert Policy("p").of(4).budget is None
