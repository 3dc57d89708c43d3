"""What those who run a service look at: its health, and its measures."""

from collections.abc import Callable, Mapping

import msgspec

from afield.records.traffic import Counts
from afield.serving.health import Health
from afield.serving.http import TEXT, Reply, Request
from afield.serving.metrics import Metrics
from afield.serving.routing import FILES, Route


def routes(health: Callable[[], Health], metrics: Metrics, counts: Callable[[], Counts]) -> Mapping[str, Route]:
    """`/healthz` and `/metrics`; `counts` says where the events of telemetry went."""

    def state(_: Request) -> Reply:
        return Reply(200, msgspec.json.encode(health()))

    def measures(_: Request) -> Reply:
        return Reply(200, metrics.text(health(), counts()), TEXT)

    return {
        "/healthz": Route("healthz", {"GET": state}, "observe"),
        "/metrics": Route("metrics", {"GET": measures}, "observe", lane=FILES),
    }
