"""Preparation of columns: fitted on training rows, then the same in numpy and as nodes of the ONNX graph."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from afield.errors import TrainingError
from afield.training.graphs import OFFSET
from afield.training.prepared import Preparation

Rows = NDArray[np.float32]
PREPARED = "prepared"
LIMIT = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A fitted preparation; every array is float32, one number a column, as the graph computes.

    Attributes:
        low, high: values beyond them are drawn in.
        filler: stands for a missing value.
        centre, scale: subtracted, then divided by.
        marked: places of the columns that get an indicator of what is missing.
        logs: whether a column enters as a logarithm.
    """

    low: Rows
    high: Rows
    filler: Rows
    centre: Rows
    scale: Rows
    marked: NDArray[np.int64]
    logs: NDArray[np.bool_]

    def apply(self, rows: Rows) -> Rows:
        """The rows as the learner sees them: `(n, columns + indicators)`."""
        missing = np.isnan(rows)
        held = np.minimum(np.maximum(np.where(missing, self.filler, _taken(rows, self.logs)), self.low), self.high)
        return np.hstack([(held - self.centre) / self.scale, missing[:, self.marked].astype(np.float32)])

    def nodes(self) -> list[onnx.NodeProto]:
        """The same as nodes, from `rows` to `prepared`."""
        return [
            helper.make_node("IsNaN", ["rows"], ["missing"]),
            helper.make_node("Max", ["rows", "nothing"], ["counted"]),
            helper.make_node("Add", ["counted", "offset"], ["shifted"]),
            helper.make_node("Log", ["shifted"], ["logged"]),
            helper.make_node("Where", ["logs", "logged", "rows"], ["taken"]),
            helper.make_node("Where", ["missing", "filler", "taken"], ["filled"]),
            helper.make_node("Max", ["filled", "low"], ["raised"]),
            helper.make_node("Min", ["raised", "high"], ["held"]),
            helper.make_node("Sub", ["held", "centre"], ["centred"]),
            helper.make_node("Div", ["centred", "scale"], ["standard"]),
            helper.make_node("Cast", ["missing"], ["gaps"], to=TensorProto.FLOAT),
            helper.make_node("Gather", ["gaps", "marked"], ["marks"], axis=1),
            helper.make_node("Concat", ["standard", "marks"], [PREPARED], axis=1),
        ]

    def constants(self) -> dict[str, NDArray[np.generic]]:
        """The numbers of the nodes, by name."""
        fixed = {"nothing": np.array(0.0, np.float32), "offset": np.array(OFFSET, np.float32)}
        return {**self.numbers(), **fixed}

    def numbers(self) -> dict[str, NDArray[np.generic]]:
        """What was fitted, by name: enough to make it again."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def prepare(
    preparation: Preparation, rows: Rows, names: Sequence[str], recipe: str
) -> tuple[Prepared, tuple[str, ...]]:
    """The preparation fitted on rows of shape `(n, columns)`, and what a person should know of the columns.

    Args:
        preparation: what to fit.
        rows: the training window's; NaN where a value is missing.
        names: of the columns.
        recipe: name of the recipe, for messages.

    Raises:
        TrainingError: a column is infinite where nothing is clipped, or no column tells one row from another.
    """
    unknown = [name for name in preparation.logs if name not in names]
    if unknown:
        raise TrainingError(f"recipe {recipe}: logs names {', '.join(unknown)}, which are none of its columns")
    logs = np.array([name in preparation.logs for name in names], np.bool_)
    rows = _taken(rows, logs)
    if preparation.clip is None:
        refuse_infinite(rows, names, recipe)
    finite = np.where(np.isfinite(rows), rows, np.float32(np.nan)).astype(np.float64)
    empty = np.isnan(finite).all(axis=0)
    finite[:, empty] = 0.0
    low, high = np.full(len(names), -LIMIT), np.full(len(names), LIMIT)
    if preparation.clip:
        low, high = np.nanquantile(finite, _quantiles(preparation, recipe), axis=0, method="nearest")
    # Quantiles of a column of mostly one value may leave nothing of it: such a column keeps its whole range.
    least, most = np.nanmin(finite, axis=0), np.nanmax(finite, axis=0)
    low, high = np.where(low == high, least, low), np.where(low == high, most, high)
    held = np.clip(finite, low, high)
    filler = np.nanmean(held, axis=0) if preparation.missing == "mean" else np.nanmedian(held, axis=0)
    held = np.where(np.isnan(held), filler, held)
    spread = held.std(axis=0)
    telling = least < most
    marked = np.asarray(np.isnan(rows).any(axis=0) & ~empty & preparation.indicators, np.bool_)
    if not telling.any() and not marked.any():
        raise TrainingError(
            f"recipe {recipe}: none of its columns ({', '.join(names)}) differs between two of {len(rows)} rows; "
            "there is nothing to learn from"
        )
    scaled = preparation.scale & telling & (spread > 0)
    centre, scale = (np.where(scaled, found, plain) for found, plain in ((held.mean(axis=0), 0.0), (spread, 1.0)))
    low, high, filler, centre, scale = (np.asarray(each, np.float32) for each in (low, high, filler, centre, scale))
    made = Prepared(low, high, filler, centre, scale, np.flatnonzero(marked), logs)
    silent = [name for name, tells, gaps in zip(names, telling, marked, strict=True) if not tells and not gaps]
    return made, (f"recipe {recipe}: constant or empty in training, so of no use: {', '.join(silent)}",) * bool(silent)


def refuse_infinite(rows: Rows, names: Sequence[str], recipe: str) -> None:
    """Refuse rows with an infinite value.

    Raises:
        TrainingError: there is one; it is named.
    """
    found = np.isinf(rows)
    if found.any():
        row, place = np.argwhere(found)[0]
        raise TrainingError(
            f"recipe {recipe}: column {names[place]} is infinite in row {row} (and {int(found.sum()) - 1} more values "
            "are); make it null where the feature is computed, or clip it in a Preparation"
        )


def _taken(rows: Rows, logs: NDArray[np.bool_]) -> Rows:
    """The rows with the logarithm of some columns."""
    if not logs.any():
        return rows
    return np.where(logs, np.log(np.maximum(rows, np.float32(0)) + np.float32(OFFSET)), rows)


def _quantiles(preparation: Preparation, recipe: str) -> tuple[float, float]:
    low, high = preparation.clip or (0.0, 1.0)
    if not 0.0 <= low < high <= 1.0:
        raise TrainingError(f"recipe {recipe}: clip=({low}, {high}) are no two quantiles; give e.g. (0.001, 0.999)")
    return low, high
