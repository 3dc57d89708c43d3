"""Golden rows: a process reproduces what the build recorded, or refuses the release."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from afield.errors import ReleaseError
from afield.records.release import Golden

History = Mapping[str, list[dict[str, str | int | float | bool | None]]]
Columns = Mapping[str, NDArray[np.float64]]
Infer = Callable[[Columns], Columns]
Compute = Callable[[datetime, tuple[str, ...], History], Columns]

# Below this size a value's difference counts as absolute: sums that cancel to nothing have no relative error.
SMALLEST = 0.01


def record(tick: datetime, keys: Sequence[str], history: History, compute: Compute, infer: Infer) -> Golden:
    """The golden rows of a release: what `compute` and `infer` make of `history` now.

    Args:
        tick: origin of the rows.
        keys: the spine keys; a few that differ (busy, quiet, without history) are enough.
        history: table name → rows, the raw facts known at `tick`.
        compute: `(tick, keys, history)` → feature columns, one value a key, NaN where not known.
        infer: feature columns → output columns; the path that serves.

    Raises:
        ReleaseError: there are no keys, or a column has not one finite output a key.
    """
    if not keys:
        raise ReleaseError("golden rows need at least one key")
    features = compute(tick, tuple(keys), history)
    outputs = infer(features)
    for name, column in (*features.items(), *outputs.items()):
        if column.shape != (len(keys),):
            raise ReleaseError(f"golden column {name!r} has shape {column.shape}; {(len(keys),)} is expected")
    for name, column in outputs.items():
        if not np.isfinite(column).all():
            raise ReleaseError(f"golden output {name!r} is not finite: {column.tolist()}")
    return Golden(
        tick=tick,
        keys=tuple(keys),
        history=dict(history),
        features={name: tuple(_known(value) for value in column.tolist()) for name, column in features.items()},
        outputs={name: tuple(column.tolist()) for name, column in outputs.items()},
    )


def reproduce(golden: Golden, infer: Infer) -> None:
    """Return if `infer` gives the recorded outputs for the recorded features.

    Two values agree when they differ by at most `golden.output_tolerance` of the recorded one (of 0.01,
    where that is smaller).

    Args:
        golden: the rows of the release.
        infer: feature columns, float64 of shape `(len(golden.keys),)`, NaN where not known → output columns.

    Raises:
        ReleaseError: an output is missing, or differs by more than the tolerance.
    """
    features = {name: np.array(values, dtype=np.float64) for name, values in golden.features.items()}
    _compare("output", golden, golden.outputs, infer(features), golden.output_tolerance)


def reproduce_features(golden: Golden, compute: Compute) -> None:
    """Return if `compute` gives the recorded features from the recorded raw history.

    Args:
        golden: the rows of the release.
        compute: `(tick, keys, history)` → feature columns, in the order of the keys.

    Raises:
        ReleaseError: a feature is missing, or differs by more than `golden.feature_tolerance`.
    """
    computed = compute(golden.tick, golden.keys, golden.history)
    _compare("feature", golden, golden.features, computed, golden.feature_tolerance)


def _compare(
    what: str, golden: Golden, expected: Mapping[str, tuple[float | None, ...]], found: Columns, tolerance: float
) -> None:
    """Name the first value that differs."""
    for name, column in expected.items():
        if name not in found:
            raise ReleaseError(f"golden {what} {name!r} is not made by this code; serve with the version that built it")
        values = np.asarray(found[name], dtype=np.float64)
        if values.shape != (len(golden.keys),):
            raise ReleaseError(f"golden {what} {name!r} has shape {values.shape}; {(len(golden.keys),)} is expected")
        for key, wanted, value in zip(golden.keys, column, values.tolist(), strict=True):
            if not _agree(wanted, value, tolerance):
                raise ReleaseError(
                    f"golden {what} {name!r} of {key!r} is {value!r} here and was {wanted!r} when the release was "
                    f"built (tolerance {tolerance}); serve it with the version that built it, or build again"
                )


def _agree(expected: float | None, value: float, tolerance: float) -> bool:
    if expected is None or math.isnan(value):
        return expected is None and math.isnan(value)
    if value == expected:
        return True
    return abs(value - expected) <= tolerance * max(abs(expected), SMALLEST)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
