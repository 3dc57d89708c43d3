"""Any metric, weighted, with an interval that holds at every look."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, f1_score, fbeta_score, mean_pinball_loss, precision_score, recall_score

from afield.errors import MonitoringError
from afield.monitoring.metrics import Measured
from afield.monitoring.realised import FittedRealised, Realised
from afield.records.evidence import Measurement
from afield.records.facts import Window

START = datetime(2024, 1, 1)
HOUR = timedelta(hours=1)
WINDOW = Window(START, START + HOUR)


def ticks(count: int, each: int) -> list[datetime]:
    return [START + hour * HOUR for hour in range(count) for _ in range(each)]


def classified(count: int, each: int, right: float, seed: int = 0) -> pl.DataFrame:
    """Rows of two classes, of which a share is answered rightly."""
    generator = np.random.default_rng(seed)
    truth = generator.random(count * each) < 0.3
    hit = generator.random(count * each) < right
    return pl.DataFrame(
        {"tick": ticks(count, each), "truth": truth * 1.0, "forecast": np.where(hit, truth, ~truth) * 1.0}
    )


def later(frame: pl.DataFrame, hours: int) -> pl.DataFrame:
    return frame.with_columns(pl.col("tick") + hours * HOUR)


def measured(frame: pl.DataFrame | pd.DataFrame, of: Measured, reference: pl.DataFrame | None = None) -> Measurement:
    known = frame if reference is None else reference
    return Realised(of, burn_in=2).fit(known).measure(frame, WINDOW)


def test_the_metrics_of_classes_are_those_of_scikit_learn() -> None:
    frame = classified(10, 50, 0.8)
    truth, answer = frame["truth"].to_numpy(), frame["forecast"].to_numpy()
    wanted = {
        "accuracy": accuracy_score(truth, answer),
        "precision": precision_score(truth, answer),
        "recall": recall_score(truth, answer),
        "f_score": f1_score(truth, answer),
    }
    for metric, value in wanted.items():
        assert measured(frame, Measured(metric)).estimate.value == pytest.approx(value)
    assert measured(frame, Measured("f_score", beta=2.0)).estimate.value == pytest.approx(
        fbeta_score(truth, answer, beta=2.0)
    )


def test_the_metrics_of_numbers_are_what_their_names_say() -> None:
    generator = np.random.default_rng(1)
    truth, forecast = generator.poisson(4.0, 500) * 1.0, generator.gamma(4.0, 1.0, 500)
    frame = pl.DataFrame(
        {"tick": ticks(50, 10), "truth": truth, "forecast": forecast, "low": forecast - 2, "high": forecast + 2}
    )
    wanted = {
        "mae": np.abs(truth - forecast).mean(),
        "rmse": np.sqrt(((truth - forecast) ** 2).mean()),
        "coverage": (np.abs(truth - forecast) <= 2).mean(),
        "pinball": mean_pinball_loss(truth, forecast, alpha=0.5),
    }
    for metric, value in wanted.items():
        assert measured(frame, Measured(metric)).estimate.value == pytest.approx(value)


def test_probabilities_have_a_gap_of_calibration_and_a_brier_score() -> None:
    frame = pl.DataFrame({"tick": ticks(4, 1), "truth": [1.0, 0.0, 1.0, 0.0], "forecast": [0.9, 0.5, 0.9, 0.5]})
    assert measured(frame, Measured("calibration")).estimate.value == pytest.approx(0.2)
    assert measured(frame, Measured("brier")).estimate.value == pytest.approx((2 * 0.01 + 2 * 0.25) / 4)


def test_a_truth_among_the_first_k_counts_as_a_hit() -> None:
    frame = pl.DataFrame({"tick": ticks(4, 1), "truth": [1.0] * 4, "forecast": [1.0, 3.0, 7.0, None]})
    assert measured(frame, Measured("top_k", k=3)).estimate.value == 0.5


def test_classes_may_be_texts_and_the_frame_pandas() -> None:
    frame = pd.DataFrame({"tick": ticks(4, 1), "truth": ["a", "b", "a", None], "forecast": ["a", "a", "a", "a"]})
    found = measured(frame, Measured("precision", positive="a"))
    assert (found.estimate.value, found.estimate.count) == (pytest.approx(2 / 3), 3)


def test_a_sampled_row_stands_for_as_many_as_its_probability_says() -> None:
    frame = pl.DataFrame(
        {"tick": ticks(2, 2), "truth": [1.0] * 4, "forecast": [1.0, 0.0, 1.0, 0.0], "inclusion": [1.0, 0.25, 0.5, 1.0]}
    )
    monitor = Realised(Measured("accuracy"), inclusion="inclusion", burn_in=2)
    found = monitor.fit(classified(10, 10, 0.9)).measure(frame, WINDOW)
    assert found.estimate.value == pytest.approx((1 + 2) / (1 + 4 + 2 + 1))
    assert found.estimate.weight == 8


def test_the_interval_of_a_bounded_metric_narrows_and_an_unbounded_one_waits_for_its_burn_in() -> None:
    accuracy = Realised(Measured("accuracy")).fit(classified(48, 20, 0.8))
    first = accuracy.measure(classified(6, 20, 0.8, 1), WINDOW).estimate.interval
    second = accuracy.measure(later(classified(200, 20, 0.8, 2), 6), WINDOW).estimate.interval
    assert second.high - second.low < first.high - first.low <= 1.0
    loss = Realised(Measured("mae"), burn_in=24).fit(classified(48, 20, 0.8))
    assert loss.measure(classified(6, 20, 0.8, 1), WINDOW).estimate.interval.high == np.inf
    assert loss.measure(later(classified(30, 20, 0.8, 2), 6), WINDOW).estimate.interval.high < 1.0


def test_a_fallen_accuracy_wins_its_bets_and_one_that_stands_loses_them() -> None:
    monitor = Realised(Measured("accuracy"))
    stands = monitor.fit(classified(48, 20, 0.8)).measure(classified(72, 20, 0.8, 1), WINDOW)
    fallen = monitor.fit(classified(48, 20, 0.8)).measure(classified(72, 20, 0.6, 1), WINDOW)
    assert np.mean(stands.payoffs) < 0.0 < 0.3 < np.mean(fallen.payoffs)
    assert (stands.alarm, fallen.alarm) == (False, True)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"tick": ticks(3, 1), "truth": [None] * 3, "forecast": [1.0] * 3}), "holds 0 ticks"),
        (pl.DataFrame({"tick": ticks(3, 1), "forecast": [1.0] * 3}), "no column 'truth'"),
    ],
)
def test_references_that_say_nothing_are_refused(frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(MonitoringError, match=message):
        Realised(Measured("accuracy"), burn_in=2).fit(frame)


def test_a_probability_that_is_none_and_a_tick_measured_before_are_refused() -> None:
    with pytest.raises(MonitoringError, match=r"row 0: probability 1\.5"):
        measured(classified(4, 1, 0.5).with_columns(forecast=pl.lit(1.5)), Measured("brier"))
    fit: FittedRealised = Realised(Measured("accuracy")).fit(classified(48, 20, 0.8))
    fit.measure(classified(6, 20, 0.8), WINDOW)
    with pytest.raises(MonitoringError, match="measured before"):
        fit.measure(classified(6, 20, 0.8), WINDOW)


def sampled(generator: np.random.Generator, count: int, each: int, share: float) -> pl.DataFrame:
    """A biased sample: rows that the model gets wrong more often are kept more often."""
    hard = generator.random(count * each) < 0.3
    right = generator.random(count * each) < np.where(hard, 0.5, 0.95)
    chance = share * np.where(hard, 2.0, 4 / 7)
    kept = generator.random(count * each) < chance
    rows = {"tick": ticks(count, each), "truth": np.ones(count * each), "forecast": right * 1.0, "inclusion": chance}
    return pl.DataFrame(rows).filter(pl.Series(kept))


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["accuracy", "mae"])
def test_from_a_biased_sample_of_one_percent_the_weighted_metric_is_covered_at_every_look(metric: str) -> None:
    # Accuracy is bounded (betting), the absolute error of the same rows is not (asymptotic, from 48 ticks on).
    true, runs, misses = 0.3 * 0.5 + 0.7 * 0.95, 200, 0
    wanted = true if metric == "accuracy" else 1 - true
    generator = np.random.default_rng(21)
    reference = classified(48, 20, true)
    for _ in range(runs):
        fit = Realised(Measured(metric), inclusion="inclusion", burn_in=48).fit(reference)
        frame = sampled(generator, 200, 400, 0.01)
        outside = False
        for at in range(0, 200, 20):
            part = frame.filter(pl.col("tick").is_between(START + at * HOUR, START + (at + 20) * HOUR, closed="left"))
            outside |= wanted not in fit.measure(part, WINDOW).estimate.interval
        misses += outside
    assert 1 - misses / runs >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / runs)
