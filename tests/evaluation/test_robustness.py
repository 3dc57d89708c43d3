"""What hard inputs cost a model that reads the truth from its inputs."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.errors import EvaluationError
from afield.evaluation.robustness import Stress, degradation, missing, noisy, stale, verdict

DAY = timedelta(days=1)
RANDOM = np.random.default_rng(3)
RATE = RANDOM.gamma(2.0, 3.0, 600)
ROWS = pl.DataFrame(
    {
        "tick": [datetime(2024, 3, 1) + timedelta(hours=place) for place in range(600)],
        "key": [1] * 600,
        "truth": RANDOM.poisson(RATE).astype(np.float64),
        "rate": RATE,
        "unread": np.zeros(600),
    }
)


def answer(rows):
    return rows["rate"].fill_null(6.0).to_numpy()


def tried(stress, **fields):
    return degradation(
        stress, **{"rows": ROWS, "hard": ROWS, "answer": answer, "metric": "rmse", "block": DAY} | fields
    )


def test_inputs_that_are_not_read_cost_nothing():
    found = tried(missing("what nobody reads", ["unread"]))
    assert found.comparison.ratio.value == 1.0
    assert found.comparison.ratio.interval.low == found.comparison.ratio.interval.high == 1.0
    assert found.unanswered == 0.0


def test_missing_inputs_are_compared_pairwise_with_the_true_ones():
    found = tried(missing("rates", ["rate"]))
    assert found.comparison.ratio.interval.low > 1.2
    assert (found.name, found.says, found.rows) == ("rates missing", "nothing is known of rates", 600)


def test_noise_costs_more_the_larger_it_is_and_is_the_same_with_the_same_seed():
    small, large = (tried(noisy("rates", ["rate"], share)).comparison.ratio.value for share in (0.1, 1.0))
    assert 1.0 < small < large
    assert tried(noisy("rates", ["rate"], 1.0)).comparison.ratio.value == large


def test_stale_rows_are_those_that_were_handed_over():
    hard = ROWS.with_columns(pl.col("rate").shift(1).fill_null(6.0))
    found = tried(stale(timedelta(hours=1)), hard=hard)
    assert found.name == "facts 1 h old"
    assert found.comparison.ratio.interval.low > 1.2


def test_rows_that_get_no_number_are_counted_apart():
    found = tried(
        missing("rates", ["rate"]), answer=lambda rows: rows["rate"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    )
    assert (found.unanswered, found.comparison) == (1.0, None)
    refused = verdict(tried(missing("rates", ["rate"], most=0.1), answer=lambda rows: rows["rate"].to_numpy()))
    assert not refused.passed
    assert "no number for 100.0% of the rows" in refused.reason


def test_the_gate_wants_the_whole_interval_within_what_is_allowed():
    assert verdict(tried(missing("rates", ["rate"]))) is None
    assert verdict(tried(missing("rates", ["rate"], most=9.0))).passed
    found = tried(missing("rates", ["rate"]))
    between = (found.comparison.ratio.value + found.comparison.ratio.interval.high) / 2 - 1
    assert not verdict(tried(missing("rates", ["rate"], most=between))).passed


def test_one_stretch_of_time_cannot_tell_chance_from_harm():
    found = tried(missing("rates", ["rate"], most=1.0), rows=ROWS.head(5), hard=ROWS.head(5))
    assert found.comparison is None
    assert "too few stretches" in verdict(found).reason


@pytest.mark.parametrize(
    ("stress", "fields", "message"),
    [
        (missing("a", ["absent"]), {}, "no column absent"),
        (Stress(name="a", says="", change=lambda rows: rows.head(2)), {}, "gives 2 rows for 600 rows"),
        (Stress(name="a", says="", change=lambda _: None), {}, "gives a NoneType for 600 rows"),
        (Stress(name="a", says="", change=lambda _: 1 / 0), {}, "its function failed: ZeroDivisionError"),
        (stale(DAY), {"rows": ROWS.clear(), "hard": ROWS.clear()}, "there are no rows to try it on"),
        (stale(DAY), {"metric": "beauty"}, "no metric 'beauty'"),
    ],
)
def test_what_cannot_be_tried_is_told(stress, fields, message):
    with pytest.raises(EvaluationError, match=message):
        tried(stress, **fields)


def test_noise_without_a_size_is_refused():
    with pytest.raises(EvaluationError, match="must be above 0"):
        noisy("a", ["rate"], 0.0)
