"""Preparation: fitted on training rows, the same in numpy and in the graph, whatever the values."""

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnx import helper

from afield.errors import TrainingError
from afield.training.graphs import written
from afield.training.prepared import Preparation
from afield.training.preparing import PREPARED, prepare

NAMES = ("a", "b", "c")
CELLS = st.one_of(
    st.floats(-1e6, 1e6, width=32), st.sampled_from([float("nan"), float("inf"), float("-inf"), 0.0, 1e30])
)


def training(seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(10, 5, (500, 3)).astype(np.float32)
    rows[::7, 1] = np.nan
    rows[3, 2] = np.inf
    return rows


def through_graph(prepared, rows: np.ndarray) -> np.ndarray:
    nodes = [*prepared.nodes(), helper.make_node("Identity", [PREPARED], ["out"])]
    width = rows.shape[1] + len(prepared.marked)
    model = written(nodes, prepared.constants(), rows.shape[1], {"out": width})
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {"rows": rows})[0]


PREPARED_ALL, _ = prepare(Preparation(), training(), NAMES, "recipe")


@given(arrays(np.float32, (5, 3), elements=CELLS))
def test_the_graph_prepares_every_row_as_numpy_does(rows: np.ndarray) -> None:
    expected = PREPARED_ALL.apply(rows)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(through_graph(PREPARED_ALL, rows), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("missing", ["mean", "median"])
@pytest.mark.parametrize("indicators", [True, False])
@pytest.mark.parametrize("scale", [True, False])
def test_every_kind_of_preparation_is_the_same_in_the_graph(missing: str, indicators: bool, scale: bool) -> None:
    prepared, _ = prepare(Preparation((0.05, 0.9), missing, indicators, scale), training(), NAMES, "recipe")
    np.testing.assert_allclose(through_graph(prepared, training(1)), prepared.apply(training(1)), rtol=1e-6)


def test_logarithms_are_taken_first_and_alike_in_the_graph() -> None:
    rows = training()
    rows[:, 0] = np.exp(rows[:, 0])
    rows[5, 0] = -3.0
    prepared, _ = prepare(Preparation(clip=(0.0, 1.0), logs=("a",), scale=False), rows, NAMES, "recipe")
    assert prepared.apply(rows)[0, 0] == pytest.approx(np.log(rows[0, 0] + 0.1), rel=1e-5)
    assert prepared.apply(rows)[5, 0] == pytest.approx(np.log(0.1), rel=1e-5)
    np.testing.assert_allclose(through_graph(prepared, rows), prepared.apply(rows), rtol=1e-5)
    with pytest.raises(TrainingError, match="logs names z"):
        prepare(Preparation(logs=("z",)), rows, NAMES, "recipe")


def test_a_gap_stands_at_the_mean_and_is_marked() -> None:
    gap = np.array([[np.nan, np.nan, np.nan]], np.float32)
    (row,) = PREPARED_ALL.apply(gap)
    assert row[:3] == pytest.approx(0.0, abs=1e-5)
    assert row[3:].tolist() == [1.0]  # only the column that had gaps in training has a mark


def test_values_beyond_the_training_range_are_drawn_in() -> None:
    low, high = np.full((1, 3), -1e9, np.float32), np.full((1, 3), np.inf, np.float32)
    rows = training()
    rows[3, 2] = 10.0
    held = PREPARED_ALL.apply(np.nan_to_num(rows, nan=10.0))[:, :3]
    assert (PREPARED_ALL.apply(low)[0, :3] >= held.min(axis=0) - 1e-6).all()
    assert (PREPARED_ALL.apply(high)[0, :3] <= held.max(axis=0) + 1e-6).all()


def test_what_is_fitted_does_not_depend_on_later_rows() -> None:
    again, _ = prepare(Preparation(), training(), NAMES, "recipe")
    assert again.low.tolist() == PREPARED_ALL.low.tolist()
    assert again.centre.tolist() == PREPARED_ALL.centre.tolist()


def test_a_column_of_mostly_zeros_keeps_what_it_tells() -> None:
    rows = training()
    rows[:, 0] = 0.0
    rows[0, 0] = 1.0
    prepared, messages = prepare(Preparation((0.01, 0.99)), rows, NAMES, "recipe")
    assert not messages
    assert prepared.apply(rows)[0, 0] > prepared.apply(rows)[1, 0]


def test_a_constant_or_empty_column_is_named_and_harmless() -> None:
    rows = training()
    rows[:, 0], rows[:, 1] = 4.0, np.nan
    prepared, messages = prepare(Preparation(), rows, NAMES, "recipe")
    assert messages == ("recipe recipe: constant or empty in training, so of no use: a, b",)
    assert np.isfinite(prepared.apply(training(1))).all()


def test_infinity_is_refused_where_nothing_is_clipped() -> None:
    with pytest.raises(TrainingError, match="column c is infinite in row 3"):
        prepare(Preparation(clip=None), training(), NAMES, "recipe")


@pytest.mark.parametrize("clip", [(0.9, 0.1), (-0.1, 0.9), (0.5, 1.5)])
def test_a_clip_that_is_no_pair_of_quantiles_is_refused(clip: tuple[float, float]) -> None:
    with pytest.raises(TrainingError, match="no two quantiles"):
        prepare(Preparation(clip=clip), training(), NAMES, "recipe")
