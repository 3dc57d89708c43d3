"""Facts, outcomes, contests and events that clients send: validated whole, then kept, or refused whole."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from afield.errors import ContradictionError, RequestError
from afield.records.traffic import SCHEMA, Contest, Event, Fact, Ingest, TelemetryBatch
from afield.serving.http import Reply, Request
from afield.serving.reading import reader
from afield.serving.routing import FILES, Route

LONGEST_ID = 200
FARTHEST = timedelta(days=40)


class Ingestion:
    """Takes batches; one that is accepted has been appended before the reply."""

    def __init__(
        self,
        kinds: Mapping[str, type[msgspec.Struct]],
        append: Callable[[Ingest, int], object],
        keep: Callable[[Event], object],
        now: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        """Validate facts by `kinds`; `append` keeps a batch with its count, `keep` one event.

        `now` gives the service's domain time, None before its first tick: what would have become known far
        beyond it, or happened far from it, is refused.
        """
        self._now = now
        self._kinds = kinds
        self._append = append
        self._keep = keep
        self._read_batch = reader(Ingest)
        self._read_events = reader(TelemetryBatch)
        self._read_contest = reader(Contest)

    def facts(self, body: bytes) -> dict[str, int]:
        """Take the body of `POST /v1/events`; the counts accepted. Sent again, it changes nothing later on.

        Raises:
            msgspec.DecodeError: the body is malformed or a field has the wrong type.
            RequestError: a kind, field or time is wrong; nothing of the batch is kept.
            TelemetryError: it cannot be kept now; nothing of the batch is.
        """
        batch = self._read_batch(body)
        for place, fact in enumerate(batch.facts):
            self._check_fact(fact, f"facts[{place}]")
        for place, outcome in enumerate(batch.outcomes):
            _check_id(outcome.id, f"outcomes[{place}].id")
            _check_id(outcome.key, f"outcomes[{place}].key")
            _check_local(outcome.event_time, f"outcomes[{place}].event_time")
            _check_local(outcome.known_at, f"outcomes[{place}].known_at")
        _check_local(batch.watermark, "watermark")
        self._check_times(batch)
        said = tuple(self._dated(each, f"contests[{place}].") for place, each in enumerate(batch.contests))
        batch = msgspec.structs.replace(batch, contests=said) if said else batch
        self._append(batch, len(batch.facts) + len(batch.outcomes) + len(said))
        counts = {"facts": len(batch.facts), "outcomes": len(batch.outcomes)}
        return {**counts, "contests": len(said)} if said else counts

    def contest(self, body: bytes) -> dict[str, int]:
        """Take the body of `POST /v1/contest`; the count accepted.

        Raises:
            msgspec.DecodeError: the body is malformed or a field has the wrong type.
            RequestError: a field is wrong, or nothing was answered here yet.
            TelemetryError: it cannot be kept now; send it again.
        """
        said = self._dated(self._read_contest(body), "")
        self._append(Ingest(contests=(said,)), 1)
        return {"contests": 1}

    def _dated(self, said: Contest, where: str) -> Contest:
        """The contest with the moment at which it was said."""
        _check_id(said.about, f"{where}about")
        _check_local(said.at, f"{where}at")
        if said.value is not None and not math.isfinite(said.value):
            raise RequestError("a finite number is expected", f"{where}value")
        now = self._now()
        if said.at is None and now is None:
            raise RequestError("nothing was answered here yet; say when: `at`", f"{where}at")
        if said.at is not None and now is not None and not now - 10 * FARTHEST < said.at < now + FARTHEST:
            raise RequestError(f"{said.at} is far from {now}, where the service stands", f"{where}at")
        return msgspec.structs.replace(said, at=said.at or now)

    def _check_times(self, batch: Ingest) -> None:
        """Refuse facts and watermarks that would pull the service's memory far away from its present."""
        now = self._now()
        if now is None:
            return
        if batch.watermark is not None and batch.watermark > now + FARTHEST:
            raise RequestError(f"{batch.watermark} is more than {FARTHEST.days} days ahead of {now}", "watermark")
        for place, fact in enumerate(batch.facts):
            if (fact.known_at or fact.at) > now + FARTHEST or abs(fact.at - now) > 10 * FARTHEST:
                raise RequestError(
                    f"a fact of {fact.at}, known at {fact.known_at}, is far from {now}, where the service stands",
                    f"facts[{place}].at",
                )

    def events(self, body: bytes) -> dict[str, int]:
        """Take the body of `POST /v1/telemetry`; the count accepted.

        Raises:
            msgspec.DecodeError: the body is malformed or a field has the wrong type.
            RequestError: the schema is newer, or a field is wrong; nothing of the batch is kept.
            TelemetryError: it cannot be kept now; send it again, it is idempotent by id.
        """
        batch = self._read_events(body)
        if batch.schema > SCHEMA:
            raise RequestError(f"telemetry schema {batch.schema} is newer than {SCHEMA}; upgrade the service", "schema")
        for place, event in enumerate(batch.events):
            where = f"events[{place}]"
            _check_id(event.id, f"{where}.id")
            _check_local(event.tick, f"{where}.tick")
            _check_local(event.at, f"{where}.at")
            for name in ("inclusion", "assignment"):
                if not 0 < getattr(event, name) <= 1:
                    raise RequestError("a probability in (0, 1] is expected", f"{where}.{name}")
        for event in batch.events:
            self._keep(event)
        return {"events": len(batch.events)}

    def _check_fact(self, fact: Fact, where: str) -> None:
        _check_id(fact.id, f"{where}.id")
        _check_local(fact.at, f"{where}.at")
        _check_local(fact.known_at, f"{where}.known_at")
        kind = self._kinds.get(fact.kind)
        if kind is None:
            raise RequestError(f"unknown kind; there is: {', '.join(sorted(self._kinds)) or 'none'}", f"{where}.kind")
        try:
            msgspec.convert(fact.fields, kind)
        except msgspec.ValidationError as error:
            raise RequestError(str(error), f"{where}.fields") from error
        except ContradictionError as error:
            raise ContradictionError(str(error), f"{where}.fields.{error.field}") from error


def routes(ingestion: Ingestion) -> Mapping[str, Route]:
    """What clients send: facts and outcomes, that an answer was wrong, and telemetry recorded elsewhere."""

    def events(request: Request) -> Reply:
        return Reply(202, msgspec.json.encode(ingestion.events(request.body)))

    def contest(request: Request) -> Reply:
        return Reply(202, msgspec.json.encode(ingestion.contest(request.body)))

    return {
        **facts_route(ingestion.facts),
        "/v1/contest": Route("events", {"POST": contest}, lane=FILES),
        "/v1/telemetry": Route("telemetry", {"POST": events}, lane=FILES),
    }


def facts_route(take: Callable[[bytes], dict[str, int]]) -> Mapping[str, Route]:
    """`POST /v1/events`: facts and outcomes, each body handed to `take`, which gives what it accepted."""

    def facts(request: Request) -> Reply:
        return Reply(202, msgspec.json.encode(take(request.body)))

    return {"/v1/events": Route("events", {"POST": facts}, "operate", lane=FILES)}


def _check_id(value: str, where: str) -> None:
    if not 0 < len(value) <= LONGEST_ID:
        raise RequestError(f"1 to {LONGEST_ID} characters are expected", where)


def _check_local(moment: datetime | None, where: str) -> None:
    """Domain time carries no zone: it is the clock of the place."""
    if moment is not None and moment.tzinfo is not None:
        raise RequestError("times are local to the place and carry no zone; leave out Z or +hh:mm", where)
