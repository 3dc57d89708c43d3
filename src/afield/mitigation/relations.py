"""Guards that compare answers: with the one before, with each other, with all units at once, with how sure they are."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from afield.mitigation.guards import Last, Outputs

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Monotone:
    """Keeps an output from falling below its last value (`up`), or from rising above it (`down`)."""

    output: str
    direction: Literal["up", "down"]

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"monotone:{self.output}"

    def __call__(self, outputs: Outputs, last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, with this one no further back than its last value, where there is one."""
        values, before = outputs[self.output], last(self.output)
        wrong = values < before if self.direction == "up" else values > before
        return {**outputs, self.output: np.where(wrong, before, values)} if wrong.any() else outputs


@dataclass(frozen=True, slots=True)
class Between:
    """Refuses an output that lies outside two others of the same answer: the model contradicts itself."""

    output: str
    low: str
    high: str

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"between:{self.output}"

    def __call__(self, outputs: Outputs, _last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, with NaN where they do not agree; nothing where one is missing."""
        if self.low not in outputs or self.high not in outputs:
            return outputs
        values = outputs[self.output]
        return _refused(outputs, self.output, (values < outputs[self.low]) | (values > outputs[self.high]))


@dataclass(frozen=True, slots=True)
class Agreeing:
    """Refuses an output that lies further from a related one than `share` of that, or than `floor`."""

    output: str
    related: str
    share: float
    floor: float

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"agreeing:{self.output}"

    def __call__(self, outputs: Outputs, _last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, with NaN where they do not agree; nothing where the related is missing."""
        related = outputs.get(self.related)
        if related is None:
            return outputs
        reach = np.maximum(np.abs(related) * self.share, self.floor)
        return _refused(outputs, self.output, np.abs(outputs[self.output] - related) > reach)


@dataclass(frozen=True, slots=True)
class Abstaining:
    """Refuses an output whose interval is wider than `share` of it and than `floor`: the model does not know enough."""

    output: str
    low: str
    high: str
    share: float
    floor: float

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"abstaining:{self.output}"

    def __call__(self, outputs: Outputs, _last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, with NaN where the interval is too wide; nothing where there is none."""
        if self.low not in outputs or self.high not in outputs:
            return outputs
        most = np.maximum(np.abs(outputs[self.output]) * self.share, self.floor)
        return _refused(outputs, self.output, outputs[self.high] - outputs[self.low] > most)


@dataclass(frozen=True, slots=True)
class FleetLimit:
    """Bounds how far the mean over all units may move from one tick to the next, when they all move together.

    One unit may well double in an hour; hundreds of them at once are a broken feed or a broken model more often than
    the world.
    """

    output: str
    share: float
    floor: float
    least: int

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"fleet:{self.output}"

    def exceeded(self, now: Floats, before: Floats) -> bool:
        """Whether the mean over the units that are known at both ticks moved too far; both of shape `(n,)`."""
        known = np.isfinite(now) & np.isfinite(before)
        if np.count_nonzero(known) < self.least:
            return False
        was = float(before[known].mean())
        return abs(float(now[known].mean()) - was) > max(abs(was) * self.share, self.floor)


def monotone(output: str, direction: Literal["up", "down"] = "up") -> Monotone:
    """A guard that keeps an output from going back on its answer at an earlier tick."""
    return Monotone(output, direction)


def between(output: str, low: str, high: str) -> Between:
    """A guard that refuses `output` where it lies outside the outputs `low` and `high`."""
    return Between(output, low, high)


def agreeing(output: str, related: str, share: float, floor: float = 0.0) -> Agreeing:
    """A guard that refuses `output` where it differs from `related` by more than `share` of that (and than `floor`)."""
    _positive("agreeing", share, floor)
    return Agreeing(output, related, share, floor)


def abstaining(output: str, low: str, high: str, share: float, floor: float = 0.0) -> Abstaining:
    """A guard that abstains where the interval `low` to `high` is wider than `share` of `output` (and than `floor`)."""
    _positive("abstaining", share, floor)
    return Abstaining(output, low, high, share, floor)


def fleet_limit(output: str, share: float, floor: float = 0.0, least: int = 20) -> FleetLimit:
    """A limit on how far the mean of at least `least` units moves in a tick: `share` of it, or `floor`."""
    _positive("fleet_limit", share, floor)
    return FleetLimit(output, share, floor, least)


def _refused(outputs: Outputs, output: str, wrong: NDArray[np.bool_]) -> Outputs:
    return {**outputs, output: np.where(wrong, np.nan, outputs[output])} if wrong.any() else outputs


def _positive(guard: str, share: float, floor: float) -> None:
    if not share >= 0 or not floor >= 0:
        raise ValueError(f"{guard}: share ({share}) and floor ({floor}) must not be negative")
