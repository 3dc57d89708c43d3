"""Policies: sampling fixed before the outcome, and privacy by field."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import TelemetryError
from afield.records.traffic import Event, EventBatch
from afield.telemetry.policy import Policy, inclusion, keyed_hash, protect

AT = datetime(2023, 7, 1, 18, 15)
KEY = b"k" * 32
EVENT = Event("e", "user-7", "champion", "r", AT, 1.0, 1.0, "p", "v", {"forecast": 1.0, "income": 2.0}, AT)
BATCH = EventBatch("b", ("u", "v"), "champion", "r", AT, 1.0, 1.0, "p", "v", {"x": (1.0, 2.0), "y": (3.0, 4.0)}, AT)


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


@pytest.mark.parametrize("fields", [{"forecast": "hash"}, {"unit": "drop"}])
def test_a_privacy_rule_that_cannot_be_kept_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(TelemetryError, match="cannot be given"):
        Policy("p", fields=fields)  # type: ignore[arg-type]


def test_fields_are_kept_dropped_and_hashed() -> None:
    policy = Policy("p", fields={"unit": "hash", "income": "drop", "forecast": "keep"})
    event = protect(policy, EVENT, KEY)
    assert isinstance(event, Event)
    assert event.unit == keyed_hash(KEY, "user-7") != keyed_hash(b"l" * 32, "user-7")
    assert event.output == {"forecast": 1.0}
    assert (event.id, event.tick) == (EVENT.id, EVENT.tick)


def test_a_batch_is_protected_as_its_events_are() -> None:
    batch = protect(Policy("p", fields={"unit": "hash", "y": "drop"}), BATCH, KEY)
    assert isinstance(batch, EventBatch)
    assert batch.units == (keyed_hash(KEY, "u"), keyed_hash(KEY, "v"))
    assert batch.output == {"x": (1.0, 2.0)}


def test_an_event_without_privacy_rules_is_left_as_it_is() -> None:
    assert protect(Policy("p"), EVENT) is EVENT


def test_a_key_that_hides_nothing_is_refused() -> None:
    with pytest.raises(TelemetryError, match="under 16 bytes"):
        keyed_hash(b"short", "user-7")
