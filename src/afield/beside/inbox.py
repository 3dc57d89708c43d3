"""The inbox: CloudEvents into the spools, each (source, id, type) once, also when it is sent again after a crash."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import polars as pl

from afield.beside.events import read
from afield.beside.payloads import Payloads, Record
from afield.errors import RequestError
from afield.records.traffic import Event, Ingest
from afield.store.tables import Tables
from afield.telemetry.delivery import EVENTS
from afield.telemetry.encoding import encode
from afield.telemetry.outcomes import OUTCOMES
from afield.telemetry.recorder import Recorder
from afield.telemetry.spool import Spool

REMEMBERED = timedelta(days=7)
"""How long after an event it is known again when it is sent again; later, readers still count it once."""
MOST = 1_000_000
_OUTCOME = "outcome"


class Accepted(msgspec.Struct, frozen=True):
    """What became of the records of one request: kept now, or known already."""

    accepted: int
    duplicates: int


class Inbox:
    """Takes what others send; what it accepted is in a spool before it says so."""

    def __init__(self, payloads: Payloads, recorder: Recorder, outcomes: Spool) -> None:
        """Read by `payloads`; predictions go through `recorder`, outcomes to the spool `outcomes`."""
        self._payloads, self._recorder, self._outcomes = payloads, recorder, outcomes
        self._seen: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()

    def remember(self, tables: Tables, now: datetime) -> int:
        """Know again what the tables hold of the last days; call it once everything spooled has been delivered.

        Raises:
            StoreError: a table cannot be read.
        """
        since = now - REMEMBERED
        if tables.exists(EVENTS):
            found = tables.scan(EVENTS).filter(pl.col("at") >= since).select("arm", "id").collect()
            self._seen.update(dict.fromkeys(found.iter_rows()))
        if tables.exists(OUTCOMES):
            known = tables.scan(OUTCOMES).filter(pl.col("known_at") >= since).select("id").collect()
            self._seen.update(dict.fromkeys((_OUTCOME, each) for each in known["id"]))
        return len(self._seen)

    def take(self, headers: Mapping[str, str], body: bytes) -> Accepted:
        """Keep the events of one request; nothing of it where one of them is wrong.

        Raises:
            RequestError: it is malformed; says which event and attribute.
            TelemetryError: it cannot be kept now; sent again, what was kept already is not kept twice.
        """
        records: list[Record] = []
        for place, event in enumerate(events := read(headers, body)):
            try:
                records += self._payloads.read(event)
            except RequestError as error:
                where = f"[{place}]." if len(events) > 1 else ""
                raise RequestError(str(error), f"{where}{error.field}") from error
        with self._lock:
            kept = sum([self._keep(record) for record in records])
        return Accepted(kept, len(records) - kept)

    def _keep(self, record: Record) -> bool:
        """Whether a record is new; it is in its spool then."""
        key = (record.arm, record.id) if isinstance(record, Event) else (_OUTCOME, record.id)
        if key in self._seen:
            return False
        if isinstance(record, Event):
            self._recorder.take(record)
        else:
            self._outcomes.append(encode(Ingest(outcomes=(record,))))
        self._seen[key] = None
        if len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]
        return True
