"""Outputs of an exported model for many rows: for tests of the export, calibration and evaluation."""

from collections.abc import Sequence

import numpy as np
import onnxruntime
import polars as pl
from numpy.typing import NDArray

from afield.errors import TrainingError

BATCH = 200_000


def forecast(model: bytes, features: Sequence[str], rows: pl.DataFrame, threads: int = 1) -> NDArray[np.float64]:
    """The first output of the ONNX `model` for each row, shape `(len(rows),)`.

    Raises:
        TrainingError: the rows lack a feature.
    """
    return probabilities(model, features, ["forecast"], rows, threads)[:, 0]


def probabilities(
    model: bytes, features: Sequence[str], outputs: Sequence[str], rows: pl.DataFrame, threads: int = 1
) -> NDArray[np.float64]:
    """What the ONNX `model` gives as `outputs` for each row, shape `(len(rows), len(outputs))`.

    Raises:
        TrainingError: the rows lack a feature.
    """
    missing = [name for name in features if name not in rows.columns]
    if missing:
        raise TrainingError(f"the rows lack the features {', '.join(missing)}; compute the model's feature set")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    parts = [
        np.column_stack([values.reshape(-1) for values in session.run(list(outputs), {"rows": matrix(part, features)})])
        for part in rows.iter_slices(BATCH)
    ]
    return np.concatenate(parts).astype(np.float64) if parts else np.empty((0, len(outputs)))


def matrix(rows: pl.DataFrame, features: Sequence[str]) -> NDArray[np.float32]:
    """The features as a float32 array of shape `(rows, features)`; NaN where a value is missing."""
    return np.ascontiguousarray(rows.select(pl.col(list(features)).cast(pl.Float32)).to_numpy(), dtype=np.float32)
