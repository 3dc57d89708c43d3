"""CloudEvents of a foreign sender: read in every mode, kept once, refused whole with the attribute that is wrong."""

import http.client
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from afield.beside import endpoint, pace
from afield.beside.endpoint import LARGEST, ROUTE, listening
from afield.beside.events import BATCH, STRUCTURED, read
from afield.beside.inbox import Inbox
from afield.beside.payloads import KSERVE_REQUEST, KSERVE_RESPONSE, OUTCOME, PREDICTION, Payloads
from afield.errors import RequestError, ServingError
from afield.records.facts import Window
from afield.records.traffic import Ingest
from afield.serving.access import Access, access
from afield.serving.tokens import changing, new_token
from afield.store.tables import Tables
from afield.telemetry.delivery import deliver
from afield.telemetry.encoding import decode
from afield.telemetry.outcomes import joined, store_outcomes
from afield.telemetry.policy import Policy
from afield.telemetry.recorder import Recorder
from afield.telemetry.settlement import drain
from afield.telemetry.spool import Spool

NOON = datetime(2026, 3, 2, 12, 20, tzinfo=UTC)
TICK = datetime(2026, 3, 2, 13)
"""The hour of noon in Paris."""


class Place:
    """An inbox with its spools and tables."""

    def __init__(self, folder: Path) -> None:
        self.tables = Tables(folder / "tables")
        self._folder = folder
        self.open()

    def open(self) -> None:
        self.events = Spool(self._folder / "events", writer="beside")
        self.outcomes = Spool(self._folder / "outcomes", writer="beside")
        payloads = Payloads("forecast", timedelta(hours=1), ZoneInfo("Europe/Paris"), lambda: TICK)
        self.inbox = Inbox(payloads, Recorder(Policy(name="all"), self.events), self.outcomes)

    def close(self) -> None:
        self.events.close()
        self.outcomes.close()

    def settle(self) -> pl.DataFrame:
        """Everything delivered, joined with what came true."""
        self.events.seal()
        self.outcomes.seal()
        deliver(self._folder / "events", self.tables)

        def commit(writer: str, number: int, records: list[bytes]) -> None:
            batches = [batch for batch in map(decode, records) if isinstance(batch, Ingest)]
            sent = [outcome for batch in batches for outcome in batch.outcomes]
            store_outcomes(self.tables, sent, writer=writer, transaction=number)

        drain(self._folder / "outcomes", commit)
        return joined(self.tables, Window(TICK, TICK + timedelta(hours=1)), pending=True)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def event(kind: str = PREDICTION, data: object = None, name: str = "a", source: str = "/shop") -> CloudEvent:
    attributes = {"type": kind, "source": source, "id": name, "time": NOON}
    return CloudEvent(attributes, {"output": {"forecast": 4.0}, "unit": "east"} if data is None else data)


def sent(message: object) -> tuple[dict[str, str], bytes]:
    return {name.lower(): value for name, value in message.headers.items()}, message.body


def batch(*events: CloudEvent) -> tuple[dict[str, str], bytes]:
    each = [json.loads(to_structured_event(one).body) for one in events]
    return {"content-type": BATCH}, json.dumps(each).encode()


@pytest.mark.parametrize(
    "write", [lambda one: sent(to_binary_event(one)), lambda one: sent(to_structured_event(one)), batch]
)
def test_each_mode_of_a_foreign_sender_says_the_same(
    write: Callable[[CloudEvent], tuple[dict[str, str], bytes]],
) -> None:
    (found,) = read(*write(event()))
    assert (found.id, found.source, found.type, found.time) == ("a", "/shop", PREDICTION, NOON)
    assert json.loads(bytes(found.data)) == {"output": {"forecast": 4.0}, "unit": "east"}


def test_a_prediction_meets_its_outcome_by_id_and_by_unit_and_time(place: Place) -> None:
    place.inbox.take(*batch(event(), event(name="b", data={"output": {"forecast": 6.0}, "unit": "west"})))
    by_id = {"prediction": "a", "event_time": NOON.isoformat(), "value": 5.0}
    by_unit = {"unit": "west", "event_time": NOON.isoformat(), "value": 7.0}
    place.inbox.take(*batch(event(OUTCOME, by_id, "t1"), event(OUTCOME, by_unit, "t2")))
    found = place.settle().sort("unit")
    assert found["truth"].to_list() == [5.0, 7.0]
    assert found["output_forecast"].to_list() == [4.0, 6.0]
    assert found["tick"].to_list() == [TICK, TICK]
    place.close()


def test_an_event_counts_once_also_after_a_restart_and_ids_of_other_sources_are_others(place: Place) -> None:
    first = place.inbox.take(*batch(event(), event(), event(source="/other")))
    assert (first.accepted, first.duplicates) == (2, 1)
    place.settle()
    place.close()
    place.open()
    place.inbox.remember(place.tables, TICK)
    again = place.inbox.take(*sent(to_binary_event(event())))
    assert (again.accepted, again.duplicates) == (0, 1)
    assert place.settle().height == 2
    place.close()


def test_kserve_s_request_and_response_of_one_id_are_both_kept_row_by_row(place: Place) -> None:
    asked = {"inputs": [{"name": "size", "shape": [2, 1], "datatype": "FP32", "data": [1, 2]}]}
    said = {"model_name": "m", "outputs": [{"name": "forecast", "shape": [2], "datatype": "FP32", "data": [3, 4]}]}
    place.inbox.take(*sent(to_binary_event(event(KSERVE_REQUEST, asked))))
    place.inbox.take(*sent(to_binary_event(event(KSERVE_RESPONSE, said))))
    place.inbox.take(*sent(to_binary_event(event(KSERVE_RESPONSE, {"predictions": [[9.0]]}, "old"))))
    found = place.settle()
    rows = {(row["arm"], row["id"]): row for row in found.iter_rows(named=True)}
    assert rows["request", "a:1@/shop"]["output_size"] == 2.0
    assert rows["champion", "a:0@/shop"]["output_forecast"] == 3.0
    assert rows["champion", "old@/shop"]["output_forecast"] == 9.0
    place.close()


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({}, b"{}", "no CloudEvent"),
        ({"content-type": STRUCTURED}, b"{", "not the JSON"),
        ({"content-type": STRUCTURED}, b'{"specversion":"0.3","id":"a","source":"s","type":"t"}', "version 1.0"),
        ({"content-type": BATCH}, b"[" + b"{}," * 1000 + b"{}]", "at most 1000"),
        (sent(to_binary_event(event("com.example.other")))[0], b"{}", "not known; there is"),
        (sent(to_binary_event(event()))[0], b'{"output":{"forecast":"many"}}', "not what it must be"),
        (sent(to_binary_event(event()))[0], b'{"output":{"forecast":1e999}}', "finite|out of range"),
        (sent(to_binary_event(event(OUTCOME)))[0], b'{"value":1,"event_time":"2026-03-02T12:00:00Z"}', "one of them"),
        ({**sent(to_binary_event(event()))[0], "ce-id": "x" * 600}, b"{}", "at most 512"),
        ({**sent(to_binary_event(event()))[0], "ce-time": "soon"}, b"{}", "RFC 3339"),
    ],
)
def test_what_is_wrong_is_refused_with_what_it_must_be(
    headers: dict[str, str], body: bytes, said: str, place: Place
) -> None:
    with pytest.raises(RequestError, match=said):
        place.inbox.take(headers, body)
    place.close()


def test_one_wrong_event_of_a_batch_keeps_the_whole_batch_out_and_is_named(place: Place) -> None:
    with pytest.raises(RequestError) as caught:
        place.inbox.take(*batch(event(), event(data={"output": {}}, name="b")))
    assert caught.value.field == "[1].data.output"
    assert place.inbox.take(*batch(event())).accepted == 1
    place.close()


def test_the_endpoint_takes_and_refuses_within_its_limits(place: Place) -> None:
    headers, body = sent(to_binary_event(event()))
    cases = [
        (ROUTE, headers, body, 202),
        (ROUTE, headers, b"{", 400),
        ("/other", headers, body, 404),
        (ROUTE, {**headers, "host": "evil.example"}, body, 403),
        (ROUTE, {**headers, "origin": "http://localhost"}, body, 403),
        (ROUTE, {**headers, "content-length": str(LARGEST + 1)}, b"", 413),
        (ROUTE, {**headers, "content-length": "many"}, b"", 411),
    ]
    with listening("127.0.0.1", 0, place.inbox.take, Access()) as url:
        for route, given, content, status in cases:
            assert post(url, given, content, route)[0] == status
    place.close()


def post(url: str, headers: dict[str, str], body: bytes, route: str = ROUTE) -> tuple[int, http.client.HTTPMessage]:
    client = http.client.HTTPConnection(str(urlsplit(url).hostname), urlsplit(url).port, timeout=10)
    try:
        client.request("POST", route, body, headers)
        reply = client.getresponse()
        return reply.status, reply.headers
    finally:
        client.close()


def test_beyond_loopback_only_a_token_that_lets_its_bearer_operate_opens(place: Place, tmp_path: Path) -> None:
    file, now = tmp_path / "tokens.json", datetime.now(UTC)
    with pytest.raises(ServingError, match="missing"):
        access((), str(file), loopback=False)
    with changing(file) as kept:
        sender, one = new_token("sender", ["operate"], now, None)
        other, two = new_token("other", ["predict"], now, None)
        kept += [one, two]
    headers, body = sent(to_binary_event(event()))
    cases = [({}, 401), ({"authorization": "Bearer no"}, 401), ({"authorization": f"Bearer {other}"}, 403)]
    with listening("127.0.0.1", 0, place.inbox.take, access((), str(file), loopback=False)) as url:
        for more, status in cases:
            found, told = post(url, {**headers, **more}, body)
            assert (found, told["WWW-Authenticate"]) == (status, "Bearer" if status == 401 else None)
        assert post(url, {**headers, "authorization": f"Bearer {sender}"}, body)[0] == 202
        with changing(file) as kept:
            kept.remove(one)
        assert post(url, {**headers, "authorization": f"Bearer {sender}"}, body)[0] == 401, "revoked at once"
    place.close()


def test_a_flood_is_told_to_come_again_later(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "BURST", 3 * pace.LEAST)
    monkeypatch.setattr(pace, "RATE", pace.LEAST / 60)
    headers, body = sent(to_binary_event(event()))
    with listening("127.0.0.1", 0, place.inbox.take, Access()) as url:
        replies = [post(url, headers, body) for _ in range(5)]
    assert [status for status, _ in replies] == [202, 202, 202, 429, 429]
    assert all(0 < int(told["Retry-After"]) <= 60 for status, told in replies if status == 429)
    place.close()


def test_an_address_of_version_6_is_listened_at_as_well(place: Place) -> None:
    with listening("::1", 0, place.inbox.take, Access()) as url:
        assert url.startswith("http://[::1]:")
        assert post(url, *sent(to_binary_event(event())))[0] == 202
    place.close()


def test_an_address_of_another_machine_is_refused(place: Place) -> None:
    with pytest.raises(ServingError, match="--address"), listening("192.0.2.1", 0, place.inbox.take, Access()):
        pass
    place.close()


def test_a_client_that_dawdles_is_cut_and_leaves_its_place_to_others(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "LONGEST", 0.2)
    monkeypatch.setattr(endpoint, "CLIENTS", 1)
    with (
        listening("127.0.0.1", 0, place.inbox.take, Access()) as url,
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10) as slow,
    ):
        slow.sendall(b"POST /v1/cloudevents HTTP/1.1\r\nHost: ")
        assert post(url, *sent(to_binary_event(event())))[0] == 202
        assert slow.recv(1) == b""
    place.close()
