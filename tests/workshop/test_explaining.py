"""Usual rows, and an answer explained beside them."""

import math
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
import pytest

from afield.errors import DataError, EvaluationError, ReleaseError
from afield.features.feature import FeatureSet
from afield.workshop.explaining import explained, usual_rows
from afield.workshop.plan import Assessment
from surge.building import build

AT = datetime(2024, 3, 9, 18)
ROWS = pl.DataFrame(
    {
        "has_history": [True] * 6 + [False],
        "zone_id": [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 1.0],
        "last": [1.0, 2.0, 9.0, 5.0, 5.0, 5.0, 1000.0],
        "event": [None, None, 4.0, 1.0, 2.0, None, 1.0],
    }
)


class Sum:
    """A part that adds `zone_id` and three times `last`."""

    features, constants = ("zone_id", "last"), {}

    def predict(self, rows):
        return rows["zone_id"] + 3 * rows["last"]


def plan(**assessment):
    def compute(spine, _history):
        values = {"zone_id": pl.col("zone").cast(pl.Float64), "last": pl.lit(7.0), "event": pl.lit(None, pl.Float64)}
        return spine.with_columns(pl.lit(value=True).alias("has_history"), **values)

    names = ("zone_id", "last", "event")
    features = FeatureSet(compute, names=names, lookback=timedelta(days=1), keys=("zone",), origin="slot")
    return replace(
        build({"slot": "60m"}),
        features=features,
        keys=lambda _history, _tick: pl.Series("zone", [1, 2, 3]),
        assessment=Assessment(**{"groups": {"counts": ("last",)}, "usual": ("zone_id",)} | assessment),
    )


def told(key="1", made=None, usual=None):
    made = made or plan()
    parts = {"forecast": Sum()}
    table = usual_rows(made, ROWS.lazy()) if usual is None else usual

    def infer(rows, parts):
        return {"forecast": parts["forecast"].predict(rows)}

    return explained(made, {}, key, AT, infer, parts, table)


def test_the_usual_row_is_the_median_of_its_kind_and_unknown_where_half_of_them_are():
    rows = pl.read_ipc(usual_rows(plan(), ROWS.lazy()))
    assert rows["zone_id"].to_list() == [1.0, 2.0]
    assert rows["last"].to_list() == [2.0, 5.0]
    assert rows["event"].to_list() == [None, 1.5]
    whole = pl.read_ipc(usual_rows(plan(usual=()), ROWS.lazy()))
    assert (whole.height, whole["last"].item()) == (1, 5.0)


def test_an_answer_is_the_usual_one_and_its_shares():
    found = told()
    assert (found.key, found.outputs["forecast"]) == ("1", 22.0)
    assert (found.explanation.usual, found.explanation.answer) == (7.0, 22.0)
    assert {each.group: each.value for each in found.explanation.contributions} == {
        "counts": 15.0,
        "everything else": 0.0,
    }
    assert math.isnan(found.row["event"])


def test_a_key_that_was_not_there_when_it_was_built_is_held_against_all():
    assert told("3").explanation.usual == pytest.approx(1.5 + 3 * 3.5)


def test_what_cannot_be_explained_is_told():
    with pytest.raises(
        DataError, match="nothing is known of '9' at 2024-03-09 18:00:00; there is, for instance: 1, 2, 3"
    ):
        told("9")
    with pytest.raises(ReleaseError, match="usual rows cannot be read"):
        told(usual=b"no table")
    with pytest.raises(EvaluationError, match="asked for by beauty, which is no feature"):
        told(made=plan(usual=("beauty",)))
