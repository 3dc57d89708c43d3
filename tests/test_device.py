"""A product in the process that answers: each design without a supervisor, over releases of the toy application."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from afield import device
from afield.answering import loader
from afield.application import Application, Operate
from afield.compiled import TABLE
from afield.records.considerations import Design
from afield.records.traffic import Answer, Query
from afield.serving.asking import Asked
from afield.serving.http import Request
from afield.serving.routing import FILES
from afield.serving.service import Service
from afield.serving.tokens import changing, new_token
from afield.testing import toy
from afield.testing.stand import TICK, Stand
from afield.workshop.tabulating import Seen, Subject, tabulate
from tests.serving.test_access import ROUTES

SPEC = "tests.test_device:bakery"
NOBODY = "http://127.0.0.1:9"
DEVICES: tuple[Design, ...] = ("client", "hybrid", "static")
BODY = b'{"shop": "east", "at": "2026-03-02T09:10:00", "more": 3}'
UNTIL_THE_END = device._until_the_end


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/loaves`, with a whole number in it."""

    shop: str
    at: datetime
    more: int = 0


def operate(options: Mapping[str, str]) -> Operate:
    def resolve(order: Order) -> Query:
        return Query(key=order.shop, unit=order.shop, at=order.at, fields={"extra": float(order.more)})

    return replace(toy.operate(options), asked=Asked("loaves", Order, resolve, toy.sample))


def bakery() -> Application:
    return replace(toy.toy(), operate="tests.test_device:operate", options={})


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Service]]:
    """Makes the service of a product whose service upstream cannot be reached."""
    made: list[device.Hosted] = []
    # The thread that waits for the end of the process hands its host over, for the test to end it.
    monkeypatch.setattr(device, "_until_the_end", lambda hosted, *_: made.append(hosted))

    def service(design: Design, *, fed: bool = True, now: datetime = TICK, **others: object) -> Service:
        stand = Stand(tmp_path / "device")
        release = stand.release()
        if fed:
            rows = stand.rows()
        stand.control(release, now=now)
        there = {"upstream": NOBODY if design != "static" else "", **others}
        config = msgspec.structs.replace(
            stand.config(8000),
            application=SPEC,
            design=design,
            telemetry=str(tmp_path / "spool" / "telemetry"),
            **there,
        )
        if design == "static":
            parts = loader(stand.bundles, stand.trusted, operate({}), "toy")(release).parts
            ticks = np.full(len(rows.keys), np.datetime64(rows.tick, "us"))
            seen = Seen(ticks, np.array(rows.keys), rows.columns, rows.as_of)
            compiled = tmp_path / "compiled"
            compiled.mkdir()
            table = tabulate(Subject("toy", release, parts, operate({})), seen)
            (compiled / TABLE).write_bytes(msgspec.json.encode(table))
            config = msgspec.structs.replace(config, bundles=str(compiled))
        file = tmp_path / "config.json"
        file.write_bytes(msgspec.json.encode(config))
        return device.make(file)

    yield service
    for hosted in made:
        hosted.stop()


def ask(service: Service, body: bytes) -> tuple[int, bytes]:
    reply = service.reply(Request("POST", "/v1/loaves", {"host": "127.0.0.1"}, body))
    return reply.status, reply.body


@pytest.mark.parametrize("design", DEVICES)
def test_a_whole_number_may_be_written_with_a_point(make: Callable[..., Service], design: Design) -> None:
    service = make(design)
    answers = []
    for body in (BODY, BODY.replace(b"3}", b"3.0}")):
        status, told = ask(service, body)
        assert status == 200, told
        answers.append(msgspec.json.decode(told, type=Answer))
    assert answers[0].output == answers[1].output
    assert answers[0].output["bake"] == 8.0


@pytest.mark.parametrize("design", DEVICES)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", BODY.replace(b"3}", b"3.5}"), b'{"nothing": 1}'])
def test_a_bad_body_is_refused_and_the_next_good_one_answered(
    make: Callable[..., Service], design: Design, body: bytes
) -> None:
    service = make(design)
    status, told = ask(service, body)
    assert status in (400, 422)
    assert msgspec.json.decode(told)["error"]
    assert ask(service, BODY)[0] == 200


@pytest.mark.parametrize("design", DEVICES)
@pytest.mark.parametrize(("within", "waits"), [(0.0, 2.0), (5.0, 5.0)])
def test_a_request_waits_as_long_as_was_said(
    make: Callable[..., Service], design: Design, within: float, waits: float
) -> None:
    assert make(design, within=within).patience.within == waits


def told(service: Service, path: str) -> tuple[int, dict[str, object]]:
    reply = service.reply(Request("GET", path, {"host": "127.0.0.1"}))
    return reply.status, msgspec.json.decode(reply.body) if reply.body else {}


@pytest.mark.parametrize("design", DEVICES)
def test_many_questions_are_answered_in_one_request(make: Callable[..., Service], design: Design) -> None:
    body = b'{"requests": [' + BODY + b', {"shop": 7}, ' + BODY + b"]}"
    reply = make(design).reply(Request("POST", "/v1/loaves/batch", {"host": "127.0.0.1"}, body))
    found = msgspec.json.decode(reply.body)["answers"]
    assert [each.get("status", 200) for each in found] == [200, 400, 200]
    assert found[0]["output"] == found[2]["output"] == {"forecast": 5.0, "bake": 8.0}


@pytest.mark.parametrize("design", DEVICES)
def test_a_request_that_is_sent_again_with_its_key_is_answered_as_before(
    make: Callable[..., Service], design: Design
) -> None:
    service, head = make(design), {"host": "127.0.0.1", "idempotency-key": "order-7"}
    first, again = (service.reply(Request("POST", "/v1/loaves", head, BODY)) for _ in range(2))
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert ("idempotency-replayed", "true") in again.headers
    assert service.reply(Request("POST", "/v1/loaves", head, BODY.replace(b"3}", b"4}"))).status == 422


@pytest.mark.parametrize("design", DEVICES)
def test_a_device_with_a_release_is_there_and_ready(make: Callable[..., Service], design: Design) -> None:
    service = make(design)
    assert told(service, "/v2/health/live") == (200, {"live": True})
    assert told(service, "/v2/health/ready") == (200, {"ready": True, "live": True})


@pytest.mark.parametrize("design", ["client", "hybrid"])
def test_facts_are_kept_in_the_lane_of_files(make: Callable[..., Service], design: Design) -> None:
    assert make(design).paths["/v1/events"].lane == FILES


def test_a_device_that_is_told_to_be_a_service_names_the_program_that_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stand = Stand(tmp_path)
    file = stand.folder / "config.json"
    file.write_bytes(msgspec.json.encode(stand.config(8000)))
    assert device.main([str(file)]) == 2
    assert f"its design is server; run: python -m afield.worker {file}" in capsys.readouterr().err


@pytest.mark.parametrize("design", ["client", "hybrid"])
def test_a_device_without_facts_says_so_and_is_not_ready(make: Callable[..., Service], design: Design) -> None:
    service = make(design, fed=False)
    status, refused = told(service, "/v2/health/ready")
    assert (status, "no facts have come to this device yet" in str(refused["error"])) == (503, True)
    assert "no facts have come to this device yet" in str(told(service, "/healthz")[1]["problem"])


@pytest.mark.parametrize("design", ["client", "hybrid"])
def test_a_device_whose_facts_are_old_says_since_when(make: Callable[..., Service], design: Design) -> None:
    status, health = told(make(design, now=TICK + timedelta(hours=3)), "/healthz")
    assert (status, health["status"], health["facts_age"]) == (200, "degraded", 3 * 3600.0)
    assert f"no facts since {TICK:%Y-%m-%d %H:%M}" in str(health["problem"])


def test_a_product_says_how_old_the_facts_are_that_were_compiled_into_it(make: Callable[..., Service]) -> None:
    _, health = told(make("static"), "/healthz")
    assert (health["ready"], health["as_of"]) == (True, TICK.isoformat())


@pytest.mark.parametrize("design", ["client", "hybrid"])
def test_a_device_ends_with_its_service_while_the_one_upstream_lets_it_wait(
    make: Callable[..., Service], design: Design, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(device, "_until_the_end", UNTIL_THE_END)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        service = make(design, upstream=f"http://127.0.0.1:{silent.getsockname()[1]}")
        (hosted,) = (thread for thread in threading.enumerate() if thread.name == "hosted")
        with silent.accept()[0]:
            assert ask(service, BODY)[0] == 200
            service.close()
            hosted.join(60.0)

    assert not hosted.is_alive()
    assert [file.suffix for file in (tmp_path / "device" / "spool" / "telemetry").glob("device-0.0*")] == [".sealed"]


@pytest.mark.parametrize("design", DEVICES)
def test_a_route_of_a_device_asks_for_the_role_that_the_worker_s_does(
    make: Callable[..., Service], design: Design, tmp_path: Path
) -> None:
    file = tmp_path / "tokens.json"
    with changing(file) as kept:
        kept.append(new_token("clerk", ("observe",), datetime.now(UTC), None)[1])
    service = make(design, token=str(file))
    roles = {path: route.role for path, route in service.paths.items()}
    assert roles == {path: ROUTES[path] for path in roles}
    facts = set() if design == "static" else {"/v1/events"}
    alive = {"/v2/health/live", "/v2/health/ready"}
    assert set(roles) == {"/v1/loaves", "/v1/loaves/batch", "/healthz", "/metrics"} | facts | alive
    for path, role in roles.items():
        method = next(iter(service.paths[path].methods))
        closed = service.reply(Request(method, path, {"host": "127.0.0.1"}, BODY)).status == 401
        assert closed == (role != "anyone")
