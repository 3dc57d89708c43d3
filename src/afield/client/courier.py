"""What a device recorded, brought to the service: at least once, with stable ids, every event accounted for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from afield.client.upstream import Upstream, answered
from afield.errors import StoreError, UnreachableError
from afield.records.traffic import Counts, Event, EventBatch, Fact, Ingest, Outcome, TelemetryBatch
from afield.store.durable import write_whole
from afield.telemetry.encoding import Record, decode
from afield.telemetry.settlement import drain, totals
from afield.telemetry.sketched import Sketched

BATCH = 500
LARGEST = 2**19
REFUSED = "refused upstream"
# The service read it and will never take it; everything else is worth another try.
FOR_GOOD = (400, 413, 422)


@dataclass(frozen=True, slots=True)
class Route:
    """Where records of a kind go.

    Attributes:
        path: of the service.
        body: records → the body that carries them.
    """

    path: str
    body: Callable[[Sequence[Record]], bytes]


def _telemetry(records: Sequence[Record]) -> bytes:
    return msgspec.json.encode(TelemetryBatch(tuple(each for each in records if isinstance(each, Event))))


def _ingest(records: Sequence[Record]) -> bytes:
    batches = [each for each in records if isinstance(each, Ingest)]
    facts: list[Fact] = [fact for batch in batches for fact in batch.facts]
    outcomes: list[Outcome] = [outcome for batch in batches for outcome in batch.outcomes]
    known = [batch.watermark for batch in batches if batch.watermark is not None]
    return msgspec.json.encode(Ingest(tuple(facts), tuple(outcomes), max(known, default=None)))


EVENTS = Route("/v1/telemetry", _telemetry)
FACTS = Route("/v1/events", _ingest)


class Courier:
    """Sends the sealed segments of one spool; a segment goes once the service has taken all of it.

    An answer that was lost lets the same records be sent again, under the ids that they had: who counts them counts
    by id. What the service refuses for good is set aside by id and counted as dropped; it never holds up the rest.
    """

    def __init__(self, spool: Path, upstream: Upstream, route: Route) -> None:
        """Send what lies in the folder `spool` to `route` of `upstream`."""
        self._spool, self._upstream, self._route = spool, upstream, route
        self._refused = spool / "refused.json"

    def step(self) -> int:
        """Send every sealed segment; how many events and facts the service took.

        Raises:
            UnreachableError: the service did not take them; they stay.
            TelemetryError: a segment is damaged, and was set aside; everything else was sent.
            StoreError: what was refused cannot be noted.
        """
        return drain(self._spool, self._commit)

    def counts(self) -> Counts:
        """Where everything went that was offered on this device."""
        counts, refused = totals(self._spool), sum(self._set_aside().values())
        if not refused:
            return counts
        reasons = {**counts.dropped_by_reason, REFUSED: refused}
        return msgspec.structs.replace(
            counts, delivered=counts.delivered - refused, dropped=counts.dropped + refused, dropped_by_reason=reasons
        )

    def _commit(self, writer: str, number: int, records: list[bytes]) -> None:
        for place, batch in enumerate(_batches(records)):
            self._send([decode(record) for record in batch], f"{writer}-{number}-{place}")

    def _send(self, records: Sequence[Record], key: str) -> None:
        """Send these; where the service refuses something among them, find out what."""
        told = self._upstream.post(self._route.path, self._route.body(records), {"Idempotency-Key": key})
        if 200 <= told.status < 300:
            return
        if told.status not in FOR_GOOD:
            raise UnreachableError(f"{self._upstream.url}{self._route.path}: {answered(told.status)}")
        if len(records) == 1:
            self._set_aside(records[0])
            return
        half = len(records) // 2
        self._send(records[:half], f"{key}a")
        self._send(records[half:], f"{key}b")

    def _set_aside(self, record: Record | None = None) -> dict[str, int]:
        """Id → number of events or facts of each record that was refused; with `record` among them."""
        try:
            found = msgspec.json.decode(self._refused.read_bytes(), type=dict[str, int])
        except FileNotFoundError:
            found = {}
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(f"{self._refused}: cannot be read ({error}); restore it, or remove it") from error
        if record is not None:
            found.update([_named(record)])
            write_whole(self._refused, (msgspec.json.encode(found),))
        return found


def _batches(records: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The records in order, so many at once as the service reads in one body."""
    batch: list[bytes] = []
    size = 0
    for record in records:
        # JSON is less than three times as long as MessagePack, which the spool holds.
        if batch and (len(batch) >= BATCH or size + 3 * len(record) > LARGEST):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += 3 * len(record)
    if batch:
        yield batch


def _named(record: Record) -> tuple[str, int]:
    """What a record is called, and how many events or facts it stands for."""
    match record:
        case Event():
            return record.id, 1
        case EventBatch():
            return record.id, len(record.units)
        case Ingest():
            items: tuple[Fact | Outcome, ...] = (*record.facts, *record.outcomes)
            return items[0].id if items else "watermark", len(items)
        case Sketched():
            return "sketches", 0
