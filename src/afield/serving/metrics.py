"""Measures of the service as Prometheus reads them; names near KServe's, seconds and `_total`.

The text format (0.0.4) is a line a sample and is written here: Prometheus' client would cost every worker
a tenth of its time to start. The tests read it back with that client.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path

from afield.records.applied import RUNGS, Kind, fallback, kind_of
from afield.records.traffic import Answer, Counts
from afield.serving.counters import Counters
from afield.serving.health import Health

BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
ROUTES = ("answers", "events", "telemetry", "bundles", "snapshots", "v2", "metrics", "healthz", "other")
CLASSES = ("2xx", "3xx", "4xx", "5xx")
KINDS: tuple[Kind, ...] = ("guard", "override", "off", "breaker", "promise", "untouched")
"""What changes an answer; fallbacks are counted by their rung, and a design that speaks of itself changed nothing."""


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
                *map(fallback, RUNGS),
                *KINDS,
                *(f"shed:{route}" for route in ROUTES),
                *self._edges,
                "seconds",
            ],
        )

    def request(self, route: str, status: int, count: int = 1) -> None:
        """Count requests by route and class of status."""
        label = route if route in ROUTES else "other"
        self._counters.add(f"request:{label}:{status // 100}xx", count)

    def shed(self, route: str) -> None:
        """Count one request that was refused because it would have waited too long."""
        self._counters.add(f"shed:{route if route in ROUTES else 'other'}")

    def answer(self, answer: Answer, seconds: float) -> None:
        """Count one answer: how long it took and what was applied."""
        self.answers((answer,), seconds)

    def answers(self, answers: Sequence[Answer], seconds: float) -> None:
        """Count answers that were given together: how long each took, and what was applied."""
        count = len(answers)
        if not count:
            return
        self._counters.add(self._edges[bisect_left(BUCKETS, seconds)], count)
        self._counters.add("seconds", seconds * count)
        for answer in answers:
            for name in answer.applied:
                kind = kind_of(name)
                self._counters.add(name if kind == "fallback" else kind)

    def text(self, health: Health, counts: Counts) -> bytes:
        """Everything in Prometheus' text format, summed over the workers."""
        families = (*self._counted(), *_recorded(counts), *_gauges(health))
        return "".join(family.text() for family in families).encode()

    def _counted(self) -> Iterable["Family"]:
        total = self._counters.totals()
        requests = Family("http_requests_total", "counter", "Requests by route and class of status.")
        for route in ROUTES:
            for status in CLASSES:
                requests.add(total[f"request:{route}:{status}"], route=route, status=status)
        yield requests
        shed = Family("afield_shed_requests_total", "counter", "Requests refused, for they would have waited too long.")
        for route in ROUTES:
            shed.add(total[f"shed:{route}"], route=route)
        yield shed
        latency = Family("request_predict_seconds", "histogram", "Time from the body of a request to its answer.")
        running = 0.0
        for edge, name in zip((*map(str, BUCKETS), "+Inf"), self._edges, strict=True):
            running += total[name]
            latency.add(running, "_bucket", model_name=self._application, le=edge)
        latency.add(total["seconds"], "_sum", model_name=self._application)
        latency.add(running, "_count", model_name=self._application)
        yield latency
        fallbacks = Family("afield_fallbacks_total", "counter", "Answers by the fallback that gave them.")
        for rung in RUNGS:
            fallbacks.add(total[fallback(rung)], source=rung)
        yield fallbacks
        applied = Family("afield_mitigations_total", "counter", "Mitigations that acted on an answer, by kind.")
        for name in KINDS:
            applied.add(total[name], kind=name)
        yield applied


class Family:
    """One metric with its samples."""

    def __init__(self, name: str, kind: str, meaning: str) -> None:
        """A family without samples; `kind` is counter, gauge or histogram."""
        self._name = name
        self._lines = [f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n"]

    def add(self, value: float, suffix: str = "", /, **labels: str) -> None:
        """Add a sample."""
        named = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        self._lines.append(f"{self._name}{suffix}{{{named}}} {float(value)!r}\n")

    def text(self) -> str:
        """The family in the text format."""
        return "".join(self._lines)


def _recorded(counts: Counts) -> Iterable[Family]:
    events = Family("afield_telemetry_events_total", "counter", "Events by where they went.")
    for fate in ("offered", "delivered", "spooled", "sampled_out", "dropped"):
        events.add(getattr(counts, fate), fate=fate)
    yield events


def _gauges(health: Health) -> Iterable[Family]:
    ages = (
        ("facts", health.facts_age, "Age of the newest feature rows' facts, domain time."),
        ("snapshot", health.snapshot_age, "Time since a snapshot was last published."),
        ("supervisor", health.supervisor_age, "Time since the supervisor was last alive."),
    )
    for name, age, meaning in ages:
        if age is not None:
            family = Family(f"afield_{name}_age_seconds", "gauge", meaning)
            family.add(age)
            yield family
    ready = Family("afield_ready", "gauge", "Whether requests are to come here, as /v2/health/ready says.")
    ready.add(health.ready)
    yield ready
    breakers = Family("afield_breaker_state", "gauge", "Circuit breakers of releases that failed, in this worker.")
    for release, state in health.breakers.items():
        breakers.add(1, release=release, state=state)
    yield breakers
    info = Family("afield_release_info", "gauge", "The release that answers.")
    info.add(1, release=health.release, stage=health.stage, mode=health.mode)
    yield info


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
