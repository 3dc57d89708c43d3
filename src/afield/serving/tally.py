"""How often and how long each release inferred for Open Inference Protocol v2, over all workers of a service."""

import time
from pathlib import Path

from afield.serving.counters import Counters
from afield.serving.messages import Duration, Durations, ModelStatistics

_NAMES = ("success", "success_ns", "fail", "fail_ns", "rows", "executions", "last")


class Tally:
    """Counts inferences by version; workers share a folder, and each version has one below it."""

    def __init__(self, folder: Path) -> None:
        """Count below `folder`."""
        self._folder = folder
        self._versions: dict[str, Counters] = {}

    def succeeded(self, version: str, rows: int, ns: int, share: float = 1.0) -> None:
        """Count one request that was answered.

        Args:
            version: digest of the release that answered.
            rows: how many it answered.
            ns: how long it took, nanoseconds.
            share: its share of a pass of the model, less than 1 where others were answered by the same.
        """
        counters = self._of(version)
        counters.add("success")
        counters.add("success_ns", ns)
        counters.add("rows", rows)
        counters.add("executions", share)
        counters.put("last", time.time() * 1e3)

    def failed(self, version: str, ns: int) -> None:
        """Count one request that was refused or that the model failed on."""
        counters = self._of(version)
        counters.add("fail")
        counters.add("fail_ns", ns)

    def read(self, model: str, version: str) -> ModelStatistics:
        """The statistics of one version, zeros before its first request."""
        counters = self._of(version)
        total = {name: round(value) for name, value in counters.totals().items()}
        success = Duration(total["success"], total["success_ns"])
        return ModelStatistics(
            name=model,
            version=version,
            last_inference=int(counters.greatest("last")),
            inference_count=total["rows"],
            execution_count=total["executions"],
            inference_stats=Durations(success, Duration(total["fail"], total["fail_ns"]), compute_infer=success),
        )

    def _of(self, version: str) -> Counters:
        """The counters of a version; the caller has seen that a release of that digest is loaded."""
        counters = self._versions.get(version)
        if counters is None:
            counters = self._versions[version] = Counters(self._folder / version[:64], _NAMES)
        return counters
