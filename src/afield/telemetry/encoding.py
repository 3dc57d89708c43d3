"""Records as bytes: a schema byte, a kind byte, and MessagePack of the struct."""

import msgspec

from afield.errors import TelemetryError
from afield.records.traffic import SCHEMA, Event, EventBatch, Ingest
from afield.telemetry.sketched import Sketched

Record = Event | EventBatch | Ingest | Sketched

_KINDS: dict[type[Event] | type[EventBatch] | type[Ingest] | type[Sketched], bytes] = {
    Event: bytes((SCHEMA, 1)),
    EventBatch: bytes((SCHEMA, 2)),
    Ingest: bytes((SCHEMA, 3)),
    Sketched: bytes((SCHEMA, 4)),
}
_ENCODER = msgspec.msgpack.Encoder()
_EVENT = msgspec.msgpack.Decoder(Event)
_EVENT_BATCH = msgspec.msgpack.Decoder(EventBatch)
_INGEST = msgspec.msgpack.Decoder(Ingest)
_SKETCHED = msgspec.msgpack.Decoder(Sketched)


def encode(record: Record) -> bytes:
    """The record as it stands in a spool.

    Raises:
        TelemetryError: a value has no place in MessagePack (an integer beyond 64 bits, a foreign type).
    """
    try:
        return _KINDS[type(record)] + _ENCODER.encode(record)
    except (msgspec.MsgspecError, OverflowError, TypeError) as error:
        raise TelemetryError(f"unencodable: {type(record).__name__}: {error}; give plain numbers and text") from error


def decode(content: bytes) -> Record:
    """The record that `encode` made.

    Raises:
        TelemetryError: it is of a newer schema, of an unknown kind, or not what its kind says.
    """
    if len(content) < 2 or content[0] > SCHEMA:
        raise TelemetryError(
            f"a record of schema {content[:1].hex() or 'none'} was met, this Afield reads up to {SCHEMA}; upgrade it"
        )
    body = memoryview(content)[2:]
    try:
        match content[1]:
            case 1:
                return _EVENT.decode(body)
            case 2:
                return _EVENT_BATCH.decode(body)
            case 3:
                return _INGEST.decode(body)
            case 4:
                return _SKETCHED.decode(body)
    except msgspec.MsgspecError as error:
        raise TelemetryError(f"a record is not what its kind says: {error}; set its segment aside") from error
    raise TelemetryError(f"a record of unknown kind {content[1]} was met; upgrade Afield")
