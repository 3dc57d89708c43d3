"""Measures of the service as Prometheus reads them; names near KServe's, seconds and `_total`."""

from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from afield.records.traffic import Answer, Counts
from afield.serving.counters import Counters
from afield.serving.health import Health

BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
ROUTES = ("quote", "events", "telemetry", "bundles", "v2", "metrics", "healthz", "other")
CLASSES = ("2xx", "4xx", "5xx")
FALLBACKS = ("last_good", "cached", "baseline", "neutral")
KINDS = ("guard", "override", "off")


class Metrics:
    """Counts requests and answers cheaply, and writes them out in the text format."""

    def __init__(self, folder: Path, application: str) -> None:
        """Count for `application`; workers share `folder`."""
        self._application = application
        self._edges = [f"bucket:{edge}" for edge in BUCKETS] + ["bucket:+Inf"]
        self._counters = Counters(
            folder,
            [
                *(f"request:{route}:{status}" for route in ROUTES for status in CLASSES),
                *(f"fallback:{name}" for name in FALLBACKS),
                *KINDS,
                *self._edges,
                "seconds",
            ],
        )

    def request(self, route: str, status: int) -> None:
        """Count one request by route and class of status."""
        self._counters.add(f"request:{route}:{status // 100}xx")

    def answer(self, answer: Answer, seconds: float) -> None:
        """Count one answer: how long it took and what was applied."""
        self._counters.add(self._edges[bisect_left(BUCKETS, seconds)])
        self._counters.add("seconds", seconds)
        for name in answer.applied:
            if name.startswith("fallback:"):
                self._counters.add(name)
            else:
                kind = "override" if name.startswith("override:") else "off" if name == "mode:off" else "guard"
                self._counters.add(kind)

    def text(self, health: Health, counts: Counts) -> bytes:
        """Everything in Prometheus' text format, summed over the workers."""
        registry = CollectorRegistry()
        registry.register(_Collected(tuple(self._families(health, counts))))
        return generate_latest(registry)

    def _families(self, health: Health, counts: Counts) -> Iterable[Metric]:
        total, model = self._counters.totals(), [self._application]
        requests = CounterMetricFamily(
            "http_requests", "Requests by route and class of status.", labels=("route", "status")
        )
        for route in ROUTES:
            for status in CLASSES:
                requests.add_metric([route, status], total[f"request:{route}:{status}"])
        yield requests
        latency = HistogramMetricFamily(
            "request_predict_seconds", "Time from a decoded request to its answer.", labels=("model_name",)
        )
        running, buckets = 0.0, []
        for edge, name in zip((*map(str, BUCKETS), "+Inf"), self._edges, strict=True):
            running += total[name]
            buckets.append((edge, running))
        latency.add_metric(model, buckets, total["seconds"])
        yield latency
        fallbacks = CounterMetricFamily(
            "afield_fallbacks", "Answers by the fallback that gave them.", labels=("source",)
        )
        for name in FALLBACKS:
            fallbacks.add_metric([name], total[f"fallback:{name}"])
        yield fallbacks
        applied = CounterMetricFamily("afield_mitigations", "Answers that a mitigation changed.", labels=("kind",))
        for name in KINDS:
            applied.add_metric([name], total[name])
        yield applied
        events = CounterMetricFamily("afield_telemetry_events", "Recorded events by where they went.", labels=("fate",))
        for fate in ("offered", "delivered", "spooled", "sampled_out", "dropped"):
            events.add_metric([fate], getattr(counts, fate))
        yield events
        yield from _gauges(health)


def _gauges(health: Health) -> Iterable[Metric]:
    ages = {
        "facts": (health.facts_age, "Age of the newest feature rows' facts, domain seconds."),
        "snapshot": (health.snapshot_age, "Time since a snapshot was last published."),
        "supervisor": (health.supervisor_age, "Time since the supervisor was last alive."),
    }
    for name, (age, meaning) in ages.items():
        if age is not None:
            yield GaugeMetricFamily(f"afield_{name}_age_seconds", meaning, value=age)
    yield GaugeMetricFamily("afield_ready", "Whether a release and feature rows are loaded.", value=health.ready)
    info = GaugeMetricFamily("afield_release_info", "The release that answers.", labels=("release", "stage", "mode"))
    info.add_metric([health.release, health.stage, health.mode], 1)
    yield info


class _Collected(Collector):
    """Families that have been collected already."""

    def __init__(self, families: tuple[Metric, ...]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
