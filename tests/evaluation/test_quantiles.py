import polars as pl
import pytest

from afield.errors import EvaluationError
from afield.evaluation.quantiles import column, quantile_scores, with_quantiles


def test_the_loss_is_the_pinball_loss_and_the_coverage_the_share_at_or_below():
    frame = pl.DataFrame({"truth": [0, 4, 10], "q": [4.0, 4.0, 4.0]})
    (score,) = quantile_scores(frame, {0.9: "q"})
    assert score.coverage == pytest.approx(2 / 3)
    assert score.loss == pytest.approx((0.1 * 4 + 0 + 0.9 * 6) / 3)


def test_the_true_quantile_has_the_smallest_loss(make):
    frame = with_quantiles(make(days=60), 0.0, [0.9]).with_columns(
        lower=pl.col(column(0.9)) - 1, higher=pl.col(column(0.9)) + 1
    )
    true, lower, higher = (quantile_scores(frame, {0.9: name})[0].loss for name in (column(0.9), "lower", "higher"))
    assert true < min(lower, higher)


def test_predictive_quantiles_of_poisson_counts_cover_what_they_promise(make):
    frame = with_quantiles(make(days=60), 0.0, [0.05, 0.5, 0.95])
    scores = quantile_scores(frame, {level: column(level) for level in (0.95, 0.05, 0.5)})
    assert [score.level for score in scores] == [0.05, 0.5, 0.95]
    assert all(score.coverage >= score.level - 0.01 for score in scores)
    assert scores[2].coverage < 0.99


@pytest.mark.parametrize("level", [0, 1, -0.1])
def test_a_level_outside_zero_and_one_is_refused(frame, level):
    with pytest.raises(EvaluationError, match="level"):
        quantile_scores(frame, {level: "forecast"})
    with pytest.raises(EvaluationError, match="level"):
        with_quantiles(frame, 0.0, [level])


def test_a_missing_column_is_named(frame):
    with pytest.raises(EvaluationError, match="q95"):
        quantile_scores(frame, {0.95: "q95"})


def test_blocks_of_time_give_coverage_and_loss_their_intervals(make):
    frame = with_quantiles(make(days=30), 0.0, [0.9])
    (found,) = quantile_scores(frame, {0.9: column(0.9)}, blocks=frame["tick"].dt.date().to_numpy(), resamples=200)
    assert found.coverage in found.covers
    assert found.loss in found.loses
    (plain,) = quantile_scores(frame, {0.9: column(0.9)})
    assert (plain.coverage, plain.covers) == (found.coverage, None)
