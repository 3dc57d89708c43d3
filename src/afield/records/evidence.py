"""Evidence: numbers with their weight and interval, comparisons, verdicts and alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from afield.records.facts import Window


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval; `level` is its nominal coverage, e.g. 0.95."""

    low: float
    high: float
    level: float = 0.95

    def __contains__(self, value: float) -> bool:
        """Whether `value` lies in the closed interval."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with what stands behind it.

    Attributes:
        value: the estimate.
        interval: where the true value lies, at the interval's level.
        count: observations behind it.
        weight: sum of their weights (equal to `count` where nothing was sampled).
    """

    value: float
    interval: Interval
    count: int
    weight: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A paired difference `first - second` on the same rows; negative: `first` has the lower loss.

    Attributes:
        metric: name of the loss that is compared.
        first, second: who is compared.
        difference: the mean paired difference and its interval.
        ratio: metric of `first` over metric of `second`, with its interval, where it makes sense.
    """

    metric: str
    first: str
    second: str
    difference: Estimate
    ratio: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says of a candidate."""

    gate: str
    passed: bool
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a monitor saw in one chunk.

    Attributes:
        monitor: name of the monitor.
        metric: what was measured, a standard name.
        window: the chunk's stretch of domain time.
        estimate: the value, weighted, with its interval.
        reference: what the value is held against, or None.
        alarm: whether the monitor's own test fired on everything seen up to here.
        detail: further named numbers (per feature, per slice).
        payoffs: what a bet on a change would have won at each look of the chunk (`afield.statistics.evalues`): never
            below -1, not above 0 on average while nothing has changed; empty where the monitor only says `alarm`.
        slice: the part of the traffic that it is about, or that suffers most.
        advice: what to do where it alarms; "" where that is the usual.
    """

    monitor: str
    metric: str
    window: Window
    estimate: Estimate
    reference: float | None = None
    alarm: bool = False
    detail: Mapping[str, float] = field(default_factory=dict)
    payoffs: tuple[float, ...] = ()
    slice: str = "all"
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person, or the retraining trigger, should act on.

    Attributes:
        id: stable over repeats of the same alarm.
        monitor, metric: which measurement raised it.
        at: domain time at which it was raised.
        since: domain time from which the evidence speaks.
        severity: "warning" or "critical".
        effect: how far the value is from its reference, in the metric's unit.
        message: what, since when, how bad.
        advice: what to do.
        slice: the part of the traffic that it is about.
    """

    id: str
    monitor: str
    metric: str
    at: datetime
    since: datetime
    severity: Literal["warning", "critical"]
    effect: float
    message: str
    advice: str
    slice: str = "all"
