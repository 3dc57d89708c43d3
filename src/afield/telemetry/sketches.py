"""Sketches of all traffic, also of what is sampled out: counts, quantiles and distinct values, mergeable.

Made by Apache DataSketches: KLL for quantiles (Karnin, Lang and Liberty 2016; at k = 200 a rank is off by 1.33 % at
most, with 99 % confidence) and CPC for distinct values (Lang 2017; at 2^11 bins a count is off by 1.5 %, one standard
error). Their size does not grow with the traffic.
"""

import math
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import numpy as np
from datasketches import cpc_sketch, cpc_union, kll_floats_sketch

from afield.records.traffic import Event, EventBatch
from afield.telemetry.policy import Policy
from afield.telemetry.privacy import protect
from afield.telemetry.sketched import Sketch, Sketched, Spread

BINS = 11
"""Logarithm of the bins of a sketch of distinct values."""
ACCURACY = 200
"""KLL's k."""
_WAITING = 256


class Sketcher:
    """Sketches whatever it is shown; several threads may show it something."""

    def __init__(self, protected: Callable[[Event | EventBatch], Event | EventBatch] | None = None) -> None:
        """Sketch events as `protected` leaves them, so that nothing stays here that is not to be stored."""
        self._protect = protected
        self._waiting: list[Event | EventBatch] = []
        self._groups: dict[tuple[str, str, datetime], _Group] = {}
        self._lock = threading.Lock()

    def see(self, events: Sequence[Event | EventBatch]) -> None:
        """Count these events in; the work is done for many at once."""
        with self._lock:
            self._waiting += events
            if len(self._waiting) >= _WAITING:
                self._fold()

    def take(self) -> Sketched | None:
        """Everything seen since the last call; None where there was nothing."""
        with self._lock:
            self._fold()
            groups, self._groups = self._groups, {}
        made = tuple(group.sketch(release, arm, hour) for (release, arm, hour), group in groups.items())
        return Sketched(made) if made else None

    def _fold(self) -> None:
        """Bring what waits into the sketches."""
        waiting, self._waiting = self._waiting, []
        if self._protect is not None:
            waiting = [self._protect(event) for event in waiting]
        parts: dict[tuple[str, str, int, int], list[Event | EventBatch]] = {}
        for event in waiting:
            at = event.at
            parts.setdefault((event.release, event.arm, at.toordinal(), at.hour), []).append(event)
        for (release, arm, _, _), events in parts.items():
            key = (release, arm, events[0].at.replace(minute=0, second=0, microsecond=0))
            if key not in self._groups:
                self._groups[key] = _Group()
            self._groups[key].add(events)


def sketcher(policy: Policy, key: bytes = b"") -> Sketcher:
    """One that sketches events as the policy lets them be stored; `key` makes its hashes."""
    return Sketcher((lambda event: protect(policy.fields, event, key)) if policy.fields else None)


class _Group:
    """Sketches of one release, arm and hour."""

    def __init__(self) -> None:
        self._events = 0
        self._units = cpc_sketch(BINS)
        self._outputs: dict[str, _Values] = {}

    def add(self, events: Iterable[Event | EventBatch]) -> None:
        columns: dict[str, list[float]] = defaultdict(list)
        units: list[str] = []
        for event in events:
            if isinstance(event, EventBatch):
                units += event.units
                for name, values in event.output.items():
                    columns[name] += values
            else:
                units.append(event.unit)
                for name, value in event.output.items():
                    columns[name].append(value)
        self._events += len(units)
        for unit in set(units):
            self._units.update(unit)
        for name, column in columns.items():
            if name not in self._outputs:
                self._outputs[name] = _Values()
            self._outputs[name].add(column)

    def sketch(self, release: str, arm: str, hour: datetime) -> Sketch:
        spreads = {name: values.spread() for name, values in self._outputs.items()}
        return Sketch(release, arm, hour, self._events, self._units.serialize(), spreads)


class _Values:
    """Sketches of one output."""

    def __init__(self) -> None:
        self._missing = 0
        self._quantiles = kll_floats_sketch(ACCURACY)
        self._distinct = cpc_sketch(BINS)

    def add(self, column: Sequence[float]) -> None:
        try:
            values = np.array(column, np.float32)
        except (TypeError, ValueError, OverflowError):
            values = np.array([_number(value) for value in column], np.float32)
        finite = values[np.isfinite(values)]
        self._missing += len(values) - len(finite)
        self._quantiles.update(finite)
        for value in set(finite.tolist()):
            self._distinct.update(value)

    def spread(self) -> Spread:
        return Spread(self._quantiles.n, self._missing, self._quantiles.serialize(), self._distinct.serialize())


def _number(value: object) -> float:
    """The value as a number; not a number where it is none, or beyond what one can be."""
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.nan


def merged_quantiles(parts: Iterable[bytes]) -> kll_floats_sketch:
    """One sketch of the values of all."""
    merged = kll_floats_sketch(ACCURACY)
    for part in parts:
        merged.merge(kll_floats_sketch.deserialize(part))
    return merged


def merged_distinct(parts: Iterable[bytes]) -> cpc_sketch:
    """One sketch of the distinct values of all."""
    union = cpc_union(BINS)
    for part in parts:
        union.update(cpc_sketch.deserialize(part))
    return union.get_result()
