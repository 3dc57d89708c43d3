"""Outputs without decision and record."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from afield.errors import InferenceError, RequestError
from afield.mitigation.guards import clamp
from afield.serving.inference import Rows
from afield.testing.stand import TICK
from afield.testing.toy import operate
from tests.serving.bakery import Bakery, bakery_of, broken, release, rows_at

ASKED = (["west", "east"], ["north"], ["east", "east"])


def test_keys_are_given_guarded_outputs_without_a_record(bakery: Bakery) -> None:
    predictor = bakery.see(release("r1"))
    scored = predictor.lookups.keys(predictor.situation, ["west", "east"])
    assert scored.outputs["forecast"].tolist() == [13.0, 5.0]
    assert bakery.events == []


def test_features_that_are_brought_do_not_fall_back(bakery: Bakery) -> None:
    rows = Rows.of({"last_hour": np.array([1.0]), "usual": np.array([3.0])})
    predictor = bakery.see(release("r1"), broken("r2"))
    assert predictor.lookups.features(predictor.situation, "r1", rows)["forecast"].tolist() == [2.0]
    with pytest.raises(InferenceError, match="broken"):
        predictor.lookups.features(predictor.situation, "r2", rows)


def test_together_they_are_given_what_each_is_given_alone() -> None:
    product = replace(operate({}), guards=(clamp("forecast", 6, 12),))
    alone, joint = (bakery_of(product).see(release("r1")) for _ in range(2))
    expected = [alone.lookups.keys(alone.situation, keys) for keys in ASKED]
    found = joint.lookups.keys_together(joint.situation, ASKED)
    assert found is not None
    assert [(each.release, each.applied) for each in found] == [(each.release, each.applied) for each in expected]
    assert {each.applied for each in found} == {("clamp:forecast",), ()}
    for one, other in zip(found, expected, strict=True):
        assert {name: values.tolist() for name, values in one.outputs.items()} == {
            name: values.tolist() for name, values in other.outputs.items()
        }


@pytest.mark.parametrize("asked", [(["east"], ["moon"]), (["east"], [])])
def test_where_one_of_them_is_refused_they_are_taken_one_by_one(bakery: Bakery, asked: list[list[str]]) -> None:
    predictor = bakery.see(release("r1"))
    assert predictor.lookups.keys_together(predictor.situation, asked) is None
    with pytest.raises(RequestError):
        predictor.lookups.keys(predictor.situation, asked[1])


def test_where_the_model_is_not_asked_they_are_taken_one_by_one(bakery: Bakery) -> None:
    stale = replace(rows_at(), as_of=TICK - timedelta(days=30))
    for predictor in (bakery.see(broken("r1")), bakery.see(release("r1"), rows=stale), bakery.see(release("r1"))):
        joint = predictor.lookups.keys_together(predictor.situation, ASKED)
        whole = predictor.lookups.keys(predictor.situation, ASKED[0]).applied == ()
        assert (joint is not None) == whole
