"""Bounds on what a model may say: clamp, step limit, and a range outside which it is not believed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Outputs = Mapping[str, NDArray[np.float64]]
Last = Callable[[str], NDArray[np.float64]]


class Guard(Protocol):
    """Bounds what a model may say; gives the same object back where nothing had to change."""

    @property
    def name(self) -> str:
        """What answers say of it."""
        ...

    @property
    def output(self) -> str:
        """The output that it bounds."""
        ...

    def __call__(self, outputs: Outputs, last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, within bounds; `last` gives an output's values at an earlier tick."""
        ...


@dataclass(frozen=True, slots=True)
class Clamp:
    """Moves an output into `[low, high]`; "not known" (NaN) stays so."""

    output: str
    low: float
    high: float

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"clamp:{self.output}"

    def __call__(self, outputs: Outputs, _last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, with this one inside its bounds."""
        values = outputs[self.output]
        if _inside(values, self.low, self.high):
            return outputs
        return {**outputs, self.output: np.clip(values, self.low, self.high)}


@dataclass(frozen=True, slots=True)
class StepLimit:
    """Lets an output move by at most `share` of its last value, or by `floor`, whichever is more; or only rise so."""

    output: str
    share: float
    floor: float
    rising: bool = False

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"step_limit:{self.output}"

    def __call__(self, outputs: Outputs, last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, with this one near its last value where there is one."""
        values, before = outputs[self.output], last(self.output)
        reach = np.maximum(np.abs(before) * self.share, self.floor)
        moved = values - before
        far = (moved if self.rising else np.abs(moved)) > reach
        if not far.any():
            return outputs
        return {**outputs, self.output: np.where(far, before + np.sign(moved) * reach, values)}


@dataclass(frozen=True, slots=True)
class Plausible:
    """Refuses an output outside `[low, high]`: it becomes "not known" (NaN) and the fallback answers."""

    output: str
    low: float
    high: float

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"plausible:{self.output}"

    def __call__(self, outputs: Outputs, _last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, with NaN for what cannot be believed."""
        values = outputs[self.output]
        if _inside(values, self.low, self.high):
            return outputs
        believed = (values >= self.low) & (values <= self.high)
        return {**outputs, self.output: np.where(believed, values, np.nan)}


def clamp(output: str, low: float, high: float) -> Clamp:
    """A guard that moves `output` into `[low, high]`."""
    _ordered(low, high)
    return Clamp(output, low, high)


def step_limit(output: str, share: float, floor: float = 0.0, *, rising: bool = False) -> StepLimit:
    """A guard that lets `output` move by `share` of the answer at an earlier tick (at least by `floor`).

    `rising`: only upwards; it may fall as far as it likes.
    """
    if not share >= 0 or not floor >= 0:
        raise ValueError(f"step_limit: share ({share}) and floor ({floor}) must not be negative")
    return StepLimit(output, share, floor, rising)


def plausible(output: str, low: float, high: float = np.inf) -> Plausible:
    """A guard that takes an `output` outside `[low, high]` for a failure of the model."""
    _ordered(low, high)
    return Plausible(output, low, high)


def _ordered(low: float, high: float) -> None:
    if not low <= high:
        raise ValueError(f"the lower bound ({low}) must not exceed the upper bound ({high})")


def _inside(values: NDArray[np.float64], low: float, high: float) -> bool:
    """Whether no value lies outside; NaN does not. One value, the case of a request, is compared as a number."""
    if values.size == 1:
        value = values.item()
        return not (value < low or value > high)
    return not ((values < low) | (values > high)).any()
