"""The small parts: rows, models, memory, counters, ticks."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from afield.errors import InferenceError, ReleaseError
from afield.records.release import Part
from afield.serving.counters import Counters, clear
from afield.serving.inference import Rows, run_only_part
from afield.serving.memory import Memory
from afield.serving.model import Model
from afield.serving.ticker import tick
from afield.testing.faults import model_outage
from afield.testing.stand import TICK, linear

HOUR = timedelta(hours=1)
COLUMNS = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, np.nan])}


def test_rows_are_a_mapping_of_columns_and_of_numbers() -> None:
    rows = Rows.of(COLUMNS)
    assert list(rows) == ["a", "b"]
    assert rows["a"].tolist() == [1.0, 2.0]
    assert dict(rows.take(0).first()) == {"a": 1.0, "b": 3.0}
    assert rows.pick([1, 0])["a"].tolist() == [2.0, 1.0]


def test_request_fields_stand_beside_the_row() -> None:
    rows = Rows.of(COLUMNS).take(0).joined({"c": 9.0})
    assert rows.matrix(("c", "a")).tolist() == [[9.0, 1.0]]


def test_the_matrix_has_the_model_s_order_and_type() -> None:
    matrix = Rows.of(COLUMNS).matrix(("b", "a"))
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, np.array([[3, 1], [np.nan, 2]], np.float32))
    with pytest.raises(InferenceError, match="no column z"):
        Rows.of(COLUMNS).matrix(("z",))


def test_a_model_predicts_from_any_mapping_of_columns() -> None:
    model = Model(Part("p", ("a", "b"), ("forecast",), "", {}), linear((1.0, 2.0)))
    assert model.predict({"b": np.array([3.0]), "a": np.array([1.0])}).tolist() == [7.0]
    assert run_only_part(COLUMNS, {"p": model})["forecast"][0] == 7.0
    with pytest.raises(InferenceError, match="2 parts"):
        run_only_part(COLUMNS, {"p": model, "q": model})


def test_a_model_without_its_named_outputs_is_refused() -> None:
    with pytest.raises(ReleaseError, match="the manifest names"):
        Model(Part("p", ("a",), ("price",), "", {}), linear((1.0,)))


def test_a_failing_graph_is_an_inference_error() -> None:
    model = Model(Part("p", ("a",), ("forecast",), "", {}), linear((1.0,)))
    with pytest.raises(InferenceError, match="the model failed"):
        model.run(np.zeros((1, 3), np.float32))


def test_memory_tells_the_tick_before_and_the_newest_apart() -> None:
    memory = Memory(2 * HOUR)
    memory.remember(["k"], TICK, "r1", {"x": np.array([1.0])}, "x")
    memory.remember(["k"], TICK + HOUR, "r2", {"x": np.array([2.0])}, "x")
    memory.remember(["k"], TICK + HOUR, "r2", {"x": np.array([np.nan])}, "x")
    assert memory.last(["k", "l"], TICK + HOUR, "x")[0] == 1.0
    assert memory.cached(["k"], TICK + HOUR)["x"].tolist() == [2.0]
    assert (memory.giver("k"), memory.giver("l")) == ("r2", "")
    assert np.isnan(memory.cached(["k"], TICK + 4 * HOUR)["x"][0])


def test_counters_of_all_processes_are_summed_and_survive_them(tmp_path: Path) -> None:
    (tmp_path / "99999.counts").write_bytes(np.array([1.0, 2.0]).tobytes())
    (tmp_path / "88888.counts").write_bytes(b"torn")
    counters = Counters(tmp_path, ["a", "b"])
    counters.add("a", 5.0)
    counters.add("nobody")
    assert counters.totals() == {"a": 6.0, "b": 2.0}
    clear(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_comes_goes_on_with_the_counters_of_one_that_went(tmp_path: Path) -> None:
    first, second = Counters(tmp_path, ["a"]), Counters(tmp_path, ["a"])
    first.add("a")
    second.add("a", 2.0)
    del first
    third = Counters(tmp_path, ["a"])
    third.add("a", 4.0)
    assert second.totals() == {"a": 7.0}
    assert len(list(tmp_path.iterdir())) == 2


def test_a_tick_makes_versioned_rows() -> None:
    rows = tick(lambda at: (("k",), {"hour": np.array([float(at.hour)])}), TICK, TICK, "set")
    assert (rows.tick, rows.keys, rows.columns["hour"].tolist()) == (TICK, ("k",), [9.0])
    assert len(rows.version) == 64


def test_a_model_outage_lasts_as_long_as_its_switch(tmp_path: Path) -> None:
    switch = tmp_path / "switch"
    infer = model_outage(lambda rows, _: {"x": rows["a"]}, str(switch))
    assert infer(COLUMNS, {})["x"].tolist() == [1.0, 2.0]
    switch.touch()
    with pytest.raises(InferenceError, match="drill"):
        infer(COLUMNS, {})
    switch.write_text("nan")
    assert np.isnan(infer(COLUMNS, {})["x"]).all()
    switch.write_text("wild")
    assert infer(COLUMNS, {})["x"][0] < -1e9
    switch.unlink()
    assert infer(COLUMNS, {})["x"][0] == 1.0
