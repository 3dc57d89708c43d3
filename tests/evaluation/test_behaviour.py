"""Promises of a model, tried on a model of which everything is known: y = 2 x + z."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.errors import EvaluationError
from afield.evaluation.behaviour import Direction, Invariance, MinimumFunctionality, verdict

ROWS = pl.DataFrame(
    {
        "tick": [datetime(2024, 3, 1) + timedelta(hours=place // 4) for place in range(40)],
        "key": list(range(40)),
        "x": np.linspace(0.0, 3.9, 40),
        "z": [0.0, 1.0] * 20,
    }
)


class Plain:
    """y = 2 x + z of the whole release; the part `other` says −x."""

    rows = ROWS

    def answer(self, rows, part=""):
        if part == "other":
            return {"y": -rows["x"].to_numpy()}
        return {"y": 2 * rows["x"].to_numpy() + rows["z"].to_numpy()}

    def recomputed(self, change):
        spine, history = change(ROWS.select("tick", "key"), {"facts": ROWS.lazy()})
        assert spine.height == ROWS.height
        return ROWS, history["facts"].collect()


def more(rows):
    return rows.with_columns(pl.col("x") + 1)


def invariance(**fields):
    return Invariance(**{"name": "a", "says": "b", "output": "y", "change": lambda rows: rows} | fields)


def test_a_change_that_does_not_matter_keeps_the_promise_in_every_row():
    found = invariance(change=lambda rows: rows.with_columns(pl.lit(0).alias("unread"))).examine(Plain())
    assert (found.kind, found.rows, found.kept.value, found.effect, found.worst) == ("invariance", 40, 1.0, 0.0, "")


def test_a_change_that_matters_names_the_row_that_breaks_the_promise_most():
    half = pl.when(pl.col("z") == 1).then(pl.col("x") * 2).otherwise(pl.col("x"))
    found = invariance(change=lambda rows: rows.with_columns(half.alias("x"))).examine(Plain())
    assert found.kept.value == 0.5
    assert found.worst == "39 at 2024-03-01 09:00: 8.8 became 16.6"


def test_the_tolerance_is_relative_and_the_absolute_one_comes_on_top():
    change = {"change": lambda rows: rows.with_columns(pl.col("x") * 1.05)}
    assert invariance(**change, tolerance=0.05, absolute=1e-9).examine(Plain()).kept.value == 1.0
    assert invariance(**change, tolerance=0.0, absolute=0.2).examine(Plain()).kept.value == pytest.approx(0.5, abs=0.05)


def test_a_direction_is_kept_where_the_answer_does_not_move_the_wrong_way():
    up = Direction(name="a", says="b", output="y", change=more)
    assert up.examine(Plain()).kept.value == 1.0
    assert up.examine(Plain()).effect > 0
    down = Direction(name="a", says="b", output="y", change=more, up=False)
    assert down.examine(Plain()).kept.value == 0.0


def test_minimum_functionality_looks_at_the_rows_it_speaks_of():
    test = MinimumFunctionality(name="a", says="b", output="y", where=pl.col("x") < 0.05, low=0, high=0.5)
    found = test.examine(Plain())
    assert (found.rows, found.kept.value, found.effect) == (1, 1.0, None)


def test_facts_can_be_changed_instead_of_rows():
    found = invariance(change=None, facts=lambda spine, history: (spine, {"facts": more(history["facts"])}))
    assert found.examine(Plain()).kept.value == 0.0
    only = invariance(
        change=None, facts=lambda spine, history: (spine, history), where=pl.col("z") == 1
    )  # fmt: skip
    assert only.examine(Plain()).rows == 20


def test_one_part_can_be_asked_and_outputs_put_together_and_rows_given():
    given = pl.DataFrame({"key": ["a", "b"], "x": [1.0, 2.0]})
    test = MinimumFunctionality(
        name="a", says="b", part="other", output=lambda outputs: outputs["y"] * 10, given=lambda: given, low=-15
    )
    found = test.examine(Plain())
    assert (found.rows, found.kept.value, found.worst) == (2, 0.5, "b: -20")


def test_an_answer_that_is_no_number_keeps_no_promise():
    nothing = Direction(
        name="a", says="b", output="y", change=lambda rows: rows.with_columns(x=pl.lit(None, pl.Float64))
    )
    assert nothing.examine(Plain()).kept.value == 0.0


def test_where_no_row_is_one_that_it_speaks_of_there_is_no_promise():
    assert invariance(where=pl.col("x") > 100).examine(Plain()) is None


def test_the_gate_asks_for_the_share_of_the_rows_tried():
    half = pl.when(pl.col("z") == 1).then(pl.col("x") * 2).otherwise(pl.col("x"))
    change = {"change": lambda rows: rows.with_columns(half.alias("x"))}
    assert verdict(invariance(**change).examine(Plain())) is None
    assert verdict(invariance(**change, least=0.5).examine(Plain())).passed
    failed = verdict(invariance(**change, least=0.6).examine(Plain()))
    assert (failed.gate, failed.passed) == ("behaviour: a", False)
    assert "kept in 50.0% of 40 rows" in failed.reason
    assert "worst: 39 at" in failed.reason


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"change": lambda _: 1 / 0}, "its function failed: ZeroDivisionError"),
        ({"change": lambda rows: rows.head(3)}, "gives 3 rows for 40"),
        ({"change": lambda rows: rows.select("key")}, "loses the columns tick, x, z"),
        ({"change": lambda rows: rows.to_dicts()}, "gives a list; a Polars DataFrame is expected"),
        ({"output": "nothing"}, "no output 'nothing'; there is: y"),
        ({"change": None}, "either a change of rows or a change of facts"),
        ({"facts": lambda spine, history: (spine, history)}, "either a change of rows or a change of facts"),
        ({"where": pl.col("unknown") > 1}, "its function failed: ColumnNotFoundError"),
        ({"change": None, "facts": lambda spine, _: (spine, {})}, "its function failed: KeyError"),
    ],
)
def test_what_cannot_be_tried_is_told_with_the_name_of_the_behaviour(fields, message):
    with pytest.raises(EvaluationError, match=message) as told:
        invariance(**fields).examine(Plain())
    assert "behaviour 'a'" in str(told.value)
