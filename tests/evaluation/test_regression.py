"""What people contested must be answered right."""

from datetime import datetime

import numpy as np
import polars as pl

from afield.evaluation.behaviour import verdict
from afield.evaluation.regression import contested

NOON = datetime(2024, 5, 1, 12)
CASES = pl.DataFrame({"key": ["1", "2"], "tick": [NOON, NOON], "low": [0.5, -0.5], "high": [1.5, 0.5]})
ROWS = pl.DataFrame({"tick": [NOON] * 3, "key": [1, 2, 3], "x": [0.9, 0.1, 0.0]})


def test_a_candidate_that_repeats_a_contested_mistake_is_stopped() -> None:
    good = contested(CASES, ROWS, "said", lambda rows: {"said": rows["x"].to_numpy()})
    assert good is not None
    assert (good.rows, good.kept.value, good.worst) == (2, 1.0, "")
    bad = contested(CASES, ROWS, "said", lambda rows: {"said": 1.0 - rows["x"].to_numpy()})
    assert bad is not None
    said = verdict(bad)
    assert said is not None
    assert not said.passed
    assert "not in" in said.reason


def test_an_answer_that_is_no_number_gets_nothing_right() -> None:
    found = contested(CASES, ROWS, "said", lambda rows: {"said": np.full(rows.height, np.nan)})
    assert found is not None
    assert found.kept.value == 0.0


def test_where_no_case_has_its_facts_any_more_nothing_is_said() -> None:
    assert contested(CASES, ROWS.clear(), "said", lambda _: {}) is None
