import numpy as np

from afield.mitigation.fallbacks import answered


def never() -> None:
    raise AssertionError("asked without need")


def test_no_source_is_asked_when_everything_is_known() -> None:
    outputs = {"x": np.array([1.0, 2.0])}
    assert answered(outputs, "x", [("spare", never)]) == (outputs, ())


def test_the_first_source_that_knows_fills_each_row() -> None:
    chain = [
        ("first", lambda: {"x": np.array([np.nan, 5.0, np.nan])}),
        ("silent", lambda: None),
        ("second", lambda: {"x": np.array([7.0, 7.0, 7.0])}),
        ("third", never),
    ]
    outputs, used = answered({"x": np.array([1.0, np.nan, np.nan])}, "x", chain)
    assert outputs["x"].tolist() == [1.0, 5.0, 7.0]
    assert used == ("fallback:first", "fallback:second")


def test_outputs_that_a_source_does_not_give_are_not_known_in_its_rows() -> None:
    given = {"x": np.array([1.0, np.nan]), "low": np.array([0.5, 0.5])}
    outputs, _ = answered(given, "x", [("spare", lambda: {"x": np.array([9.0, 9.0])})])
    assert outputs["low"][0] == 0.5
    assert np.isnan(outputs["low"][1])


def test_rows_that_nobody_knows_stay_unknown() -> None:
    outputs, used = answered(None, "x", [("spare", lambda: {"x": np.array([np.nan])})])
    assert (outputs, used) == ({}, ())
