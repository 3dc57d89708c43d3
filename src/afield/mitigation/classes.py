"""Guards on classes: lists of what may be said, and conformal sets that say when a class is not certain enough."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.mitigation.guards import Last, Outputs
from afield.statistics.conformal import half_width

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Listed:
    """Refuses an output that is not among `values`, or with `denied` one that is; classes are numbers here."""

    output: str
    values: tuple[float, ...]
    denied: bool

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"{'deny' if self.denied else 'allow'}:{self.output}"

    def __call__(self, outputs: Outputs, _last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, with NaN for what may not be said."""
        values = outputs[self.output]
        wrong = np.isin(values, self.values, invert=not self.denied) & np.isfinite(values)
        return {**outputs, self.output: np.where(wrong, np.nan, values)} if wrong.any() else outputs


@dataclass(frozen=True, slots=True)
class Certain:
    """Abstains where the conformal set of the probabilities does not hold exactly one class.

    Attributes:
        output: the class; it becomes "not known" (NaN), and the fallback answers.
        probabilities: names of the outputs that are the classes' probabilities.
        threshold: of the nonconformity 1 − probability, from `threshold` on held-back rows.
    """

    output: str
    probabilities: tuple[str, ...]
    threshold: float

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"abstaining:{self.output}"

    def __call__(self, outputs: Outputs, _last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, with NaN where not just one class is possible."""
        if any(name not in outputs for name in self.probabilities):
            return outputs
        held = sets(np.column_stack([outputs[name] for name in self.probabilities]), self.threshold)
        open_ = held.sum(axis=1) != 1
        return {**outputs, self.output: np.where(open_, np.nan, outputs[self.output])} if open_.any() else outputs


def allow(output: str, values: Iterable[float]) -> Listed:
    """A guard that refuses every value of `output` but these."""
    return Listed(output, tuple(values), denied=False)


def deny(output: str, values: Iterable[float]) -> Listed:
    """A guard that refuses these values of `output`."""
    return Listed(output, tuple(values), denied=True)


def certain(output: str, probabilities: Iterable[str], threshold: float) -> Certain:
    """A guard that lets a class stand only where it is the one member of its conformal set."""
    if not 0 <= threshold <= 1:
        raise ValueError(f"certain: the threshold ({threshold}) must not lie outside 0 to 1")
    return Certain(output, tuple(probabilities), threshold)


def threshold(probabilities: ArrayLike, truth: ArrayLike, level: float = 0.9) -> float:
    """How improbable a class may be and still belong to the set, so that the true class does with chance `level`.

    Source: Sadinle, Lei and Wasserman, "Least ambiguous set-valued classifiers with bounded error levels", JASA 114
    (2019); the guarantee is that of split conformal prediction, see `afield.statistics.conformal`.

    Args:
        probabilities: of rows that the model has not seen, shape `(n, classes)`.
        truth: the true class of each, as the column of its probability, shape `(n,)`.
        level: the chance, in (0, 1).

    Raises:
        EvaluationError: too few rows for the level, or a number that is not finite.
    """
    given = np.asarray(probabilities, np.float64)
    right = np.take_along_axis(given, np.asarray(truth, np.intp)[:, None], axis=1)[:, 0]
    return half_width(right, np.ones_like(right), level)


def sets(probabilities: Floats, threshold: float) -> NDArray[np.bool_]:
    """Which classes are possible in each row, shape `(n, classes)`."""
    # The nonconformity as `threshold` computes it, so that the rows at the edge are inside here too.
    held: NDArray[np.bool_] = np.abs(probabilities - 1.0) <= threshold
    return held
