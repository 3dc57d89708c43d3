"""States: what an incremental model knows, as text in its graph, from which the next fit goes on."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec
import numpy as np
import onnx
from onnx import helper

from afield.errors import TrainingError
from afield.training.prepared import IncrementalRegression
from afield.training.preparing import Prepared

Moment: TypeAlias = datetime | float

STATE = "afield.state"
"""Key of the states among the graph's properties."""


class State(msgspec.Struct, frozen=True):
    """What a fit knows, from which the next one goes on.

    Attributes:
        recipe, columns, family: of the recipe; another one cannot go on from it.
        until: the last moment that it has seen.
        rows: how many rows it has seen.
        prepared: the fitted preparation, name → numbers.
        weights: mean of the weights' normal distribution, the intercept last.
        precision: its precision matrix, row by row.
    """

    recipe: str
    columns: tuple[str, ...]
    family: str
    until: Moment
    rows: int
    prepared: dict[str, list[float | bool]]
    weights: list[float]
    precision: list[list[float]]


def states(model: bytes) -> tuple[State, ...]:
    """The states that stand in a graph; none where it is not of an incremental recipe."""
    properties = {each.key: each.value for each in onnx.load_from_string(model).metadata_props}
    try:
        return msgspec.json.decode(properties.get(STATE, "[]"), type=tuple[State, ...])
    except msgspec.MsgspecError as error:
        raise TrainingError(f"the parent's state cannot be read ({error}); train without a parent") from error


def with_states(model: bytes, kept: Sequence[State]) -> bytes:
    """The graph with these states in it instead of its own."""
    graph = onnx.load_from_string(model)
    del graph.metadata_props[:]
    helper.set_model_props(graph, {STATE: msgspec.json.encode(kept).decode()})
    serialised: bytes = graph.SerializeToString(deterministic=True)
    return serialised


def gone_on_from(recipe: IncrementalRegression, parent: bytes | None, end: Moment) -> State | None:
    """The newest state of the parent that saw nothing after the end, or None.

    Raises:
        TrainingError: the parent's states cannot be read.
    """
    asked = (recipe.name, recipe.columns, recipe.family, type(end))
    fitting = [
        each
        for each in (states(parent) if parent else ())
        if (each.recipe, each.columns, each.family, type(each.until)) == asked and each.until <= end  # type: ignore[operator]  # both are of one type
    ]
    return max(fitting, key=_until, default=None)


def _until(state: State) -> tuple[float, datetime]:
    """What sorts states by time."""
    return (0.0, state.until) if isinstance(state.until, datetime) else (state.until, datetime.min)


def preparation_of(state: State) -> Prepared:
    """The preparation that a state was learnt under."""
    names = ("low", "high", "filler", "centre", "scale")
    low, high, filler, centre, scale = (np.asarray(state.prepared[name], np.float32) for name in names)
    marked, logs = np.asarray(state.prepared["marked"], np.int64), np.asarray(state.prepared["logs"], np.bool_)
    return Prepared(low, high, filler, centre, scale, marked, logs)
