import hashlib
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from afield.errors import TelemetryError
from afield.records.release import Manifest
from afield.records.traffic import Answer, Counts, Event, Ingest
from afield.serving import asking, bundles, ingestion, inspection, v2
from afield.serving.access import Access
from afield.serving.bundles import Bundles
from afield.serving.health import HealthReader
from afield.serving.ingestion import Ingestion
from afield.serving.metrics import Family, Metrics
from afield.serving.protocol import Protocol
from afield.serving.service import Service
from afield.serving.tally import Tally
from afield.testing.stand import TICK, Stand
from afield.testing.toy import operate
from tests.serving.bakery import Bakery, release, rows_at
from tests.serving.calling import call

ASK = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'
FACTS = (
    b'{"facts": [{"id": "s1", "kind": "sale", "at": "2026-03-02T08:59:00", "fields": {"shop": "east", "loaves": 2}}]}'
)
EVENT = Event(
    "d1", "east", "champion", "r1", TICK, inclusion=0.5, assignment=1.0, policy="p", rows="", output={}, at=TICK
)
UNKNOWN = "0" * 64


class Kept:
    """What the service kept; refuses while `full`."""

    def __init__(self) -> None:
        self.batches: list[Ingest] = []
        self.events: list[Event] = []
        self.full = False

    def append(self, batch: Ingest, count: int) -> None:
        if self.full:
            raise TelemetryError("disk full: no space left")
        self.batches.append(batch)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Stand:
    return Stand(tmp_path_factory.mktemp("stand"))


@pytest.fixture(scope="module")
def digest(stand: Stand) -> str:
    return stand.release()


@pytest.fixture
def service(bakery: Bakery, kept: Kept, stand: Stand, digest: str, tmp_path: Path) -> Service:
    return served(bakery, kept, stand, tmp_path, Access())


def served(bakery: Bakery, kept: Kept, stand: Stand, folder: Path, access: Access) -> Service:
    product = operate({})
    bakery.see(release("r1"))
    metrics = Metrics(folder / "counts", "toy")
    health = HealthReader("toy", bakery.predictor, lambda: TICK, stand.snapshots).read
    return Service(
        asking.routes(product.asked, product.asked.by(bakery.predictor.answer), metrics.answer),
        ingestion.routes(Ingestion(product.facts, kept.append, kept.events.append)),
        bundles.routes(Bundles(stand.bundles), lambda: bakery.predictor.situation.control, dict),
        inspection.routes(health, metrics, lambda: Counts(offered=7, spooled=7)),
        v2.routes(Protocol("toy", "0.1.0", bakery.predictor), health, Tally(folder / "counts" / "v2")),
        access=access,
        counted=metrics.request,
    )


def test_a_question_gets_an_answer(service: Service) -> None:
    reply = call(service, "POST", "/v1/loaves", ASK)
    answer = msgspec.json.decode(reply.body, type=Answer)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert (answer.output, answer.facts_age) == ({"forecast": 5.0, "bake": 5.0}, 600.0)


V2 = "/v2/models/toy"
ROUTES = [
    ("POST", "/v1/loaves", ASK, 200),
    ("POST", "/v1/events", FACTS, 202),
    ("POST", "/v1/telemetry", msgspec.json.encode({"events": [EVENT]}), 202),
    ("GET", "/v1/bundles/DIGEST", None, 200),
    ("GET", "/v1/bundles/DIGEST/CARD", None, 200),
    ("GET", f"/v1/bundles/{UNKNOWN}", None, 404),
    ("GET", f"/v1/bundles/DIGEST/{UNKNOWN}", None, 404),
    ("GET", "/v1/bundles/..", None, 404),
    ("GET", "/v1/bundles/DIGEST/manifest.json", None, 404),
    ("GET", "/v1/bundles/DIGEST/../../keys/signing.key", None, 404),
    ("GET", "/v1/bundles/", None, 404),
    ("GET", "/v1/bundles/\x00", None, 404),
    ("GET", "/v2", None, 200),
    ("GET", "/v2/health/live", None, 200),
    ("GET", "/v2/health/ready", None, 200),
    ("GET", V2, None, 200),
    ("GET", f"{V2}/ready", None, 200),
    ("GET", f"{V2}/versions/r1", None, 200),
    ("GET", f"{V2}/versions/r1/ready", None, 200),
    ("GET", f"{V2}/versions/r2", None, 404),
    ("GET", f"{V2}/versions/r2/ready", None, 404),
    ("GET", "/v2/", None, 200),
    ("GET", f"{V2}/config", None, 200),
    ("GET", f"{V2}/versions/r1/config", None, 200),
    ("GET", f"{V2}/versions/r2/config", None, 404),
    ("GET", f"{V2}/stats", None, 200),
    ("GET", f"{V2}/versions/r1/stats", None, 200),
    ("GET", "/v2/models/stats", None, 200),
    ("GET", "/v2/models/none/stats", None, 404),
    ("POST", "/v2/repository/index", b"", 200),
    ("POST", "/v2/repository/models/toy/load", b"", 409),
    ("POST", "/v2/repository/models/toy/unload", b"", 409),
    ("GET", "/v2/models/none", None, 404),
    ("GET", f"{V2}/versions", None, 404),
    ("GET", f"{V2}/other", None, 404),
    ("POST", f"{V2}/infer", b'{"inputs":[{"name":"keys","shape":[1],"datatype":"BYTES","data":["east"]}]}', 200),
    ("POST", f"{V2}/versions/r1/infer", b'{"inputs":[]}', 400),
    ("POST", f"{V2}/versions/r9/infer", b'{"inputs":[]}', 404),
    ("GET", "/metrics", None, 200),
    ("GET", "/healthz", None, 200),
    ("GET", "/", None, 404),
    ("GET", "/v1/loaves/", None, 404),
    ("POST", "/v1/quote", ASK, 404),
    ("GET", "/v1/loaves#x", None, 404),
    ("GET", "//v1/loaves", None, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), ROUTES)
def test_every_route_answers_as_the_table_says(
    service: Service, digest: str, method: str, path: str, body: bytes | None, status: int
) -> None:
    card = hashlib.sha256(b"# Toy\n").hexdigest()
    reply = call(service, method, path.replace("DIGEST", digest).replace("CARD", card), body)
    assert reply.status == status, reply.body
    if status >= 400 and not path.endswith("ready"):
        assert set(reply.json()) == {"error"}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [(path, method) for method, path, _, status in ROUTES if status in (200, 202)],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"])
def test_another_method_is_refused_and_the_right_one_named(
    service: Service, digest: str, path: str, allowed: str, method: str
) -> None:
    reply = call(service, method, path.replace("DIGEST", digest).replace("CARD", UNKNOWN))
    assert (reply.status, reply.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the body is not whole JSON: Input data was truncated"),
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"shop": 7, "at": "2026-03-02T09:10:00"}', "$.shop"),
        (b'{"shop": "east", "at": "noon"}', "Expected a time as 2026-03-02T09:10:00 - at `$.at`"),
        (b'{"shop": "east", "at": "2026-03-02T09:10:00Z"}', "at: times are local"),
        (b'{"shop": "east", "at": "2026-03-02T09:10:00", "extra": NaN}', "malformed"),
        (b'{"shop": "east", "at": "2026-03-02T09:10:00", "extra": 1e999}', "out of range"),
        (b'{"shop": "east", "at": "2026-03-02T09:10:00", "extra": "1"}', "$.extra"),
        (b'{"shop": "east", "at": "2026-03-02T09:10:00", "more": 1}', "unknown field"),
        (b'{"shop": "moon", "at": "2026-03-02T09:10:00"}', "'moon'"),
        (b'{"shop": "", "at": "2026-03-02T09:10:00"}', "shop: a shop has a name"),
        (b'{"shop": "east", "at": "2021-03-02T09:10:00"}', "is over"),
        (b'{"shop": "east", "at": "2036-03-02T09:10:00"}', "too far ahead"),
        (b'{"shop": "\xff", "at": "2026-03-02T09:10:00"}', ""),
        (b"[" * 100_000, ""),
        (b'{"shop":' * 50_000, ""),
    ],
)
def test_a_bad_question_is_told_why_and_the_next_one_is_answered(service: Service, body: bytes, says: str) -> None:
    reply = call(service, "POST", "/v1/loaves", body)
    assert reply.status == {"'moon'": 404, "is over": 409, "too far ahead": 409}.get(says, 400)
    assert says in str(reply.json()["error"])
    assert call(service, "POST", "/v1/loaves", ASK).status == 200


def test_deep_nesting_is_refused_where_any_json_may_stand(service: Service) -> None:
    deep = b'{"inputs":[{"name":"features","shape":[1,2],"datatype":"FP32","data":' + b"[" * 90_000 + b"]" * 90_000
    reply = call(service, "POST", f"{V2}/infer", deep + b"}]}")
    assert reply.status == 400


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/healthz", "/v1/loaves", "/v1/events", "/metrics", "/nowhere"])
@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "evil.example"},
        {"HTTP_HOST": ""},
        {"HTTP_HOST": "localhost@evil.example"},
        {"HTTP_HOST": "[oops"},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "null"},
    ],
)
def test_foreign_hosts_and_origins_are_refused_on_every_method(
    service: Service, kept: Kept, method: str, path: str, headers: dict[str, str]
) -> None:
    assert call(service, method, path, FACTS, **headers).status == 403
    assert kept.batches == []


def test_pages_of_the_service_itself_may_call(service: Service) -> None:
    assert call(service, "GET", "/healthz", HTTP_ORIGIN="http://127.0.0.1:8000").status == 200
    assert call(service, "GET", "/healthz", HTTP_HOST="[::1]:8000").status == 200


def test_facts_are_kept_before_they_are_accepted(service: Service, kept: Kept) -> None:
    reply = call(service, "POST", "/v1/events", FACTS)
    assert (reply.status, reply.json()) == (202, {"facts": 1, "outcomes": 0})
    assert kept.batches[0].facts[0].id == "s1"


def test_facts_that_cannot_be_kept_are_refused_and_questions_go_on(service: Service, kept: Kept) -> None:
    kept.full = True
    reply = call(service, "POST", "/v1/events", FACTS)
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    assert "disk full" in str(reply.json()["error"])
    assert call(service, "POST", "/v1/loaves", ASK).status == 200


def test_events_of_devices_are_kept(service: Service, kept: Kept) -> None:
    call(service, "POST", "/v1/telemetry", msgspec.json.encode({"events": [EVENT]}))
    assert kept.events == [EVENT]


def test_devices_are_told_the_champion_and_the_mode_in_force(service: Service, bakery: Bakery) -> None:
    bakery.see(release("r1"), mode="prompt")
    assert call(service, "GET", "/v1/bundles/champion").json() == {"release": "r1", "mode": "prompt"}


def test_a_bundle_is_served_with_its_signature_and_files_by_digest(service: Service, digest: str) -> None:
    statement = call(service, "GET", f"/v1/bundles/{digest}")
    both = msgspec.json.decode(statement.body, type=dict[str, msgspec.Raw])
    assert hashlib.sha256(both["manifest"]).hexdigest() == digest
    assert set(msgspec.json.decode(both["signature"])) == {"key", "signature", "statement"}
    for file in msgspec.json.decode(both["manifest"], type=Manifest).files:
        content = call(service, "GET", f"/v1/bundles/{digest}/{file.digest}").body
        assert hashlib.sha256(content).hexdigest() == file.digest


def test_a_file_that_was_changed_on_disk_is_not_served(service: Service, stand: Stand) -> None:
    digest = stand.release()
    (stand.bundles / digest / "card.md").write_bytes(b"# Changed\n")
    reply = call(service, "GET", f"/v1/bundles/{digest}/{hashlib.sha256(b'# Toy' + bytes([10])).hexdigest()}")
    assert reply.status == 500


def test_health_tells_the_truth(service: Service, bakery: Bakery) -> None:
    health = call(service, "GET", "/healthz").json()
    assert (health["status"], health["ready"], health["release"]) == ("ok", True, "r1")
    assert (health["tick"], health["facts_age"]) == ("2026-03-02T09:00:00", 0.0)
    bakery.see(rows=rows_at(), champion="r2", problem="release r2 is refused")
    health = call(service, "GET", "/healthz").json()
    assert (health["status"], health["ready"], health["release"]) == ("degraded", False, "")
    assert health["problem"] == "release r2 is refused"
    assert call(service, "GET", "/v2/health/ready").status == 503
    assert call(service, "GET", "/v2/health/live").status == 200


def test_metrics_count_requests_answers_and_telemetry(service: Service) -> None:
    call(service, "POST", "/v1/loaves", ASK)
    call(service, "POST", "/v1/loaves", b"{")
    text = call(service, "GET", "/metrics").body.decode()
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["http_requests_total", "answers", "2xx"] == 1.0
    assert samples["http_requests_total", "answers", "4xx"] == 1.0
    assert samples["request_predict_seconds_count", "toy"] == 1.0
    assert samples["request_predict_seconds_bucket", "toy", "+Inf"] == 1.0
    assert samples["afield_telemetry_events_total", "spooled"] == 7.0
    assert samples["afield_facts_age_seconds",] == 0.0


def test_labels_are_escaped() -> None:
    family = Family("f", "gauge", "Something.")
    family.add(2, text='a "quoted"\nline\\')
    (parsed,) = text_string_to_metric_families(family.text())
    assert parsed.samples[0].labels == {"text": 'a "quoted"\nline\\'}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed; it comes with Prometheus")
def test_promtool_finds_no_fault_in_the_measures(service: Service) -> None:
    call(service, "POST", "/v1/loaves", ASK)
    measures = call(service, "GET", "/metrics").body
    done = subprocess.run([str(shutil.which("promtool")), "check", "metrics"], input=measures, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_an_unforeseen_failure_becomes_a_reply_and_a_log_line(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Metrics, "text", lambda *_: 1 / 0)
    reply = call(service, "GET", "/metrics")
    assert reply.status == 500
    assert b"division" not in reply.body
    assert "a request failed" in caplog.text
