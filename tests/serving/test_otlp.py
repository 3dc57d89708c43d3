"""What a collector gets, decoded with OpenTelemetry's own messages."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from afield.serving.http import Reply
from afield.serving.otlp import Otlp
from afield.serving.routing import Route

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Handled:
    method, path, identity = "POST", "/v1/loaves", "r1"
    route: Route | None = Route("answers", {})

    def __init__(self, **headers: str) -> None:
        self.headers = {"authorization": "Bearer secret", **headers}


class Collected:
    def __init__(self) -> None:
        self.traces: list[ExportTraceServiceRequest] = []
        self.metrics: list[ExportMetricsServiceRequest] = []

    def spans(self) -> list[Span]:
        return [
            span
            for request in self.traces
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@contextmanager
def collector() -> Iterator[tuple[str, Collected]]:
    collected = Collected()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            content = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            if self.path == "/v1/traces":
                collected.traces.append(ExportTraceServiceRequest.FromString(content))
            elif self.path == "/v1/metrics":
                collected.metrics.append(ExportMetricsServiceRequest.FromString(content))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", collected
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def collected() -> Collected:
    with collector() as (url, found):
        watch = Otlp(url, "toy", "0.1.0")
        watch(Handled(traceparent=PARENT), Reply(200, b"secret answer"), 0.002)
        watch(Handled(), Reply(503, b""), 0.004)
        watch.close()
    return found


def attributes(of: object) -> dict[str, object]:
    return {one.key: one.value.string_value or one.value.int_value for one in of.attributes}  # type: ignore[attr-defined]


def test_every_request_is_a_span_of_its_caller_s_trace(collected: Collected) -> None:
    first, second = collected.spans()
    assert first.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert first.parent_span_id.hex() == "b7ad6b7169203331"
    assert (first.name, first.kind) == ("POST answers", Span.SPAN_KIND_SERVER)
    assert first.end_time_unix_nano - first.start_time_unix_nano == 2_000_000
    assert attributes(first) == {
        "http.request.method": "POST",
        "http.route": "answers",
        "http.response.status_code": 200,
        "afield.request_id": "r1",
    }
    assert second.status.code == 2
    assert not second.parent_span_id


def test_durations_are_counted_by_route_and_status(collected: Collected) -> None:
    (metric,) = collected.metrics[-1].resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("http.server.request.duration", "s")
    points = {attributes(point)["http.response.status_code"]: point for point in metric.histogram.data_points}
    assert (points[200].count, points[200].sum) == (1, 0.002)
    assert attributes(points[503])["error.type"] == "503"


def test_the_resource_names_the_service_and_nothing_holds_a_secret(collected: Collected) -> None:
    (resource,) = {str(attributes(each.resource_spans[0].resource)["service.name"]) for each in collected.traces}
    assert resource == "afield.toy"
    assert b"secret" not in b"".join(each.SerializeToString() for each in (*collected.traces, *collected.metrics))
