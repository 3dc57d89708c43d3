"""Privacy by field: kept, dropped, hashed, or only as coarse as it is needed."""

import math
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import TelemetryError
from afield.records.traffic import Event, EventBatch, Fact
from afield.telemetry.policy import Policy
from afield.telemetry.privacy import Bucket, Fields, Grid, Moments, Places, keyed_hash, protect, protect_fact

AT = datetime(2023, 7, 1, 18, 15)
KEY = b"k" * 32
EVENT = Event("e", "user-7", "champion", "r", AT, 1.0, 1.0, "p", "v", {"forecast": 1.0, "income": 2.0}, AT)
BATCH = EventBatch("b", ("u", "v"), "champion", "r", AT, 1.0, 1.0, "p", "v", {"x": (1.0, 2.0), "y": (3.0, 4.0)}, AT)


@pytest.mark.parametrize(
    "fields",
    [{"forecast": "hash"}, {"unit": "drop"}, {"unit": Grid(1.0)}, {"at": "drop"}, {"forecast": Places({})}],
)
def test_a_privacy_rule_that_cannot_be_kept_is_refused(fields: Fields) -> None:
    with pytest.raises(TelemetryError, match="cannot be given"):
        Policy("p", fields=fields)


def test_fields_are_kept_dropped_and_hashed() -> None:
    event = protect({"unit": "hash", "income": "drop", "forecast": "keep"}, EVENT, KEY)
    assert isinstance(event, Event)
    assert event.unit == keyed_hash(KEY, "user-7") != keyed_hash(b"l" * 32, "user-7")
    assert event.output == {"forecast": 1.0}
    assert (event.id, event.tick) == (EVENT.id, EVENT.tick)


def test_a_batch_is_protected_as_its_events_are() -> None:
    batch = protect({"unit": "hash", "y": "drop", "x": Bucket((0.0, 1.5))}, BATCH, KEY)
    assert isinstance(batch, EventBatch)
    assert batch.units == (keyed_hash(KEY, "u"), keyed_hash(KEY, "v"))
    assert batch.output == {"x": (0.0, 1.5)}


def test_an_event_without_privacy_rules_is_left_as_it_is() -> None:
    assert protect({}, EVENT) is EVENT


def test_the_moment_of_an_answer_is_stored_as_coarse_as_declared() -> None:
    for event in (EVENT, BATCH):
        found = protect({"at": Moments(timedelta(hours=1))}, event)
        assert (found.at, found.tick) == (datetime(2023, 7, 1, 18), AT)


def test_a_key_that_hides_nothing_is_refused() -> None:
    with pytest.raises(TelemetryError, match="under 16 bytes"):
        keyed_hash(b"short", "user-7")


@given(value=st.floats(allow_nan=False), edges=st.lists(st.floats(-1e9, 1e9), min_size=1, unique=True))
def test_a_bucket_tells_nothing_but_between_which_edges_a_value_lies(value: float, edges: list[float]) -> None:
    bucket = Bucket(tuple(sorted(edges)))
    found = bucket.coarse(value)
    assert found in edges
    assert bucket.coarse(found) == found
    assert value < min(edges) or found == max(edge for edge in edges if edge <= value)


@given(value=st.floats(-180, 180), size=st.sampled_from([0.01, 0.1, 1.0]))
def test_a_cell_s_middle_is_at_most_half_a_cell_away(value: float, size: float) -> None:
    found = Grid(size).coarse(value)
    assert isinstance(found, float)
    assert abs(found - value) <= size / 2 + 1e-9


def test_a_fact_is_stored_as_coarse_as_its_fields_are_declared() -> None:
    fields = {"who": "ada", "lat": 52.5163, "zone": "74", "seen": "2023-07-01T18:15:12", "age": 37, "note": "x", "n": 1}
    rules: Fields = {
        "who": "hash",
        "lat": Grid(0.1),
        "zone": Places({"74": "harlem"}),
        "seen": Moments(timedelta(minutes=15)),
        "age": Bucket((0.0, 18.0, 65.0)),
        "note": "drop",
    }
    found = protect_fact(Fact("f", "k", AT, None, dict(fields)), rules, KEY).fields
    assert found["lat"] == pytest.approx(52.55)
    assert {name: found[name] for name in ("who", "zone", "seen", "age", "note", "n")} == {
        "who": keyed_hash(KEY, "ada"),
        "zone": "harlem",
        "seen": "2023-07-01T18:15:00",
        "age": 18.0,
        "note": None,
        "n": 1,
    }


def test_what_cannot_be_made_coarse_is_not_stored() -> None:
    rules: Fields = {"lat": Grid(0.1), "seen": Moments(timedelta(hours=1)), "age": Bucket((0.0,))}
    fact = Fact("f", "k", AT, None, {"lat": "52.5163", "seen": "soon", "age": math.nan})
    assert protect_fact(fact, rules, KEY).fields == {"lat": None, "seen": None, "age": None}


def test_fields_that_are_only_named_become_keyed_hashes() -> None:
    fact = Fact("f", "k", AT, None, {"who": "ada", "else": None})
    assert protect_fact(fact, ("who", "else", "absent"), KEY).fields == {"who": keyed_hash(KEY, "ada"), "else": None}


@pytest.mark.parametrize("make", [lambda: Bucket(()), lambda: Bucket((2.0, 1.0)), lambda: Grid(0.0)])
def test_a_rule_that_makes_no_sense_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(TelemetryError, match="give"):
        make()
