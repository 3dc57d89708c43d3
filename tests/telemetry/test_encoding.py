"""Records as bytes and back."""

from datetime import datetime

import pytest

from afield.errors import TelemetryError
from afield.records.traffic import Event, EventBatch, Fact, Ingest, Outcome
from afield.telemetry.encoding import Record, decode, encode

AT = datetime(2023, 7, 1, 18, 15)
EVENT = Event("e", "74", "champion", "r", AT, 0.5, 1.0, "p", "v", {"forecast": 1.5}, AT, ("clamp",), "prompt", "tick")
BATCH = EventBatch("b", ("74", "75"), "baseline", "r", AT, 1.0, 1.0, "p", "v", {"x": (1.0, float("inf"))}, AT)
INGEST = Ingest(
    (Fact("f", "order", AT, AT, {"pickup_location": 74, "user_id": None, "paid": True, "fare": 1.5}),),
    (Outcome("o", "74", AT, AT, "counted", 3.0, "earlier"),),
    AT,
)


@pytest.mark.parametrize("record", [EVENT, BATCH, INGEST])
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    assert decode(encode(record)) == record


def test_a_newer_schema_is_refused_with_advice() -> None:
    content = bytearray(encode(EVENT))
    content[0] += 1
    with pytest.raises(TelemetryError, match="upgrade"):
        decode(bytes(content))


@pytest.mark.parametrize("content", [b"", b"\x01", b"\x01\x09\x80", b"\x01\x01\x80", b"\x01\x01\xc1"])
def test_bytes_that_are_no_record_are_refused(content: bytes) -> None:
    with pytest.raises(TelemetryError):
        decode(content)


def test_a_value_without_a_place_in_the_format_is_refused() -> None:
    with pytest.raises(TelemetryError, match="unencodable"):
        encode(Ingest((Fact("f", "order", AT, fields={"id": 2**70}),)))
