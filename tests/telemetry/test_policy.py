"""Policies: sampling fixed before the outcome."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import TelemetryError
from afield.telemetry.policy import Policy, inclusion


@given(share=st.floats(0.001, 1.0), name=st.text())
def test_every_event_has_a_probability_of_at_least_the_least(share: float, name: str) -> None:
    policy = Policy("p", share=share, p_min=0.001)
    taken, probability = inclusion(policy, name)
    assert probability == share
    assert (taken, probability) == inclusion(policy, name)


def test_the_share_taken_is_the_probability_stated() -> None:
    policy = Policy("p", share=0.3)
    taken = sum(inclusion(policy, f"event-{number}")[0] for number in range(20_000))
    assert abs(taken / 20_000 - 0.3) < 0.013  # four standard errors


def test_samples_of_two_salts_are_independent() -> None:
    first, second = Policy("p", share=0.5), Policy("p", share=0.5, salt="canary")
    both = sum(inclusion(first, str(n))[0] and inclusion(second, str(n))[0] for n in range(20_000))
    assert abs(both / 20_000 - 0.25) < 0.013


@pytest.mark.parametrize(("share", "p_min"), [(0.0, 0.0), (1.1, 0.1), (0.1, 0.2), (0.5, 0.0)])
def test_a_policy_that_cuts_off_is_refused(share: float, p_min: float) -> None:
    with pytest.raises(TelemetryError, match="0 < p_min <= share <= 1"):
        Policy("p", share=share, p_min=p_min)
