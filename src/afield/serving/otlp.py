"""Traces and metrics of requests for an OpenTelemetry collector, over HTTP; needs the extra `afield[otlp]`.

Names are those of the semantic conventions for HTTP servers. OpenTelemetry's own settings (`OTEL_TRACES_SAMPLER`,
`OTEL_EXPORTER_OTLP_HEADERS`, …) apply. This is the one module that needs the extra; nothing else imports it.
"""

import time
from types import MappingProxyType

from afield.errors import UsageError
from afield.serving.http import Reply
from afield.serving.journal import Handled

try:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError as error:
    raise UsageError('OTLP needs an extra; install it with: pip install "afield[otlp]"') from error

EVERY = 10.0
"""Seconds between two deliveries of metrics."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Bounds that the conventions advise for durations of requests, with the finer ones that a fast service needs."""
_FINE = (0.0001, 0.00025, 0.0005, 0.001, 0.0025)


class Otlp:
    """Makes a span and a measurement of each request; a collector that is away costs nothing but their loss."""

    def __init__(self, endpoint: str, application: str, version: str, every: float = EVERY) -> None:
        """Send to the collector at `endpoint`, such as http://127.0.0.1:4318, every so many seconds."""
        base = endpoint.rstrip("/")
        resource = Resource.create({"service.name": f"afield.{application}", "service.version": version})
        self._traces = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{base}/v1/traces")))
        exporter = OTLPMetricExporter(endpoint=f"{base}/v1/metrics")
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=every * 1e3)
        self._metrics = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        self._tracer = self._traces.get_tracer("afield.serving", version)
        self._duration = self._metrics.get_meter("afield.serving", version).create_histogram(
            "http.server.request.duration",
            unit="s",
            description="Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=[*_FINE, *BUCKETS],
        )
        self._parents = TraceContextTextMapPropagator()

    def __call__(self, handled: Handled, reply: Reply, seconds: float) -> None:
        """Note one request."""
        route = handled.route.label if handled.route else "refused"
        attributes: dict[str, str | int] = {
            "http.request.method": handled.method,
            "http.route": route,
            "http.response.status_code": reply.status,
        }
        if reply.status >= 500:
            attributes["error.type"] = str(reply.status)
        self._duration.record(seconds, attributes)
        end = time.time_ns()
        span = self._tracer.start_span(
            f"{handled.method} {route}",
            context=self._parents.extract(MappingProxyType(handled.headers)),
            kind=SpanKind.SERVER,
            attributes={**attributes, "afield.request_id": handled.identity},
            start_time=end - int(seconds * 1e9),
        )
        if reply.status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end(end)

    def close(self) -> None:
        """Deliver what is left."""
        self._traces.shutdown()
        self._metrics.shutdown()
