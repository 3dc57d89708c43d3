"""What intervals cover and gates let through by chance, simulated: losses share days, counts are skewed."""

import numpy as np
import polars as pl
import pytest

from afield.evaluation.compare import compare, daily_sums, of_slice
from afield.evaluation.evaluate import Evaluation
from afield.evaluation.gates import BeatsBaseline
from afield.evaluation.intervals import estimates
from afield.evaluation.metrics import metrics
from afield.evaluation.predictive import predictive

pytestmark = pytest.mark.slow

WORLDS = 500
KEYS, HOURS = 15, 24


def within(share: float, wanted: float, slack: float = 0.02) -> bool:
    """At least as much as wanted, but for the slack of the method and three standard errors of the simulation."""
    return share >= wanted - slack - 3 * np.sqrt(wanted * (1 - wanted) / WORLDS)


def seldom(share: float, allowed: float, slack: float = 0.01) -> bool:
    """At most as often as allowed, but for the slack and three standard errors of the simulation."""
    return share <= allowed + slack + 3 * np.sqrt(allowed * (1 - allowed) / WORLDS)


def world(generator: np.random.Generator, days: int, better: float = 0.0) -> pl.DataFrame:
    """Counts with a shock a day; a candidate whose forecasts are noisy as the champion's, or by `better` less."""
    hours = np.arange(days * HOURS)
    rate = np.exp(np.linspace(-2, 2, KEYS))[None, :] * (1 + 0.6 * np.sin(hours / 24 * 2 * np.pi))[:, None]
    shock = np.repeat(generator.gamma(30, 1 / 30, days), HOURS)[:, None]
    shared = generator.normal(0, 0.2, rate.shape)
    noise = [shared + generator.normal(0, size, rate.shape) for size in (0.25 * (1 - better), 0.25)]
    start = np.datetime64("2024-01-01T00", "us")
    return pl.DataFrame(
        {
            "tick": np.repeat(start + hours * np.timedelta64(3_600_000_000, "us"), KEYS),
            "key": np.tile(np.arange(KEYS), len(hours)),
            "truth": generator.poisson(rate * shock).ravel(),
            "forecast": (rate * np.exp(noise[0])).ravel(),
            "champion": (rate * np.exp(noise[1])).ravel(),
        }
    )


def evaluation(frame: pl.DataFrame, seed: int) -> Evaluation:
    """As much of one as the gates read."""
    sums = of_slice(daily_sums(frame, ["forecast", "champion"]))
    compared = compare(sums, ["champion"], resamples=400, seed=seed)
    start = frame["tick"][0]
    return Evaluation(
        rows=frame.height,
        rows_without_history=0,
        start=start,
        end=start,
        model=metrics(sums, "forecast"),
        baselines={"champion": metrics(sums, "champion")},
        comparisons=compared,
        by_month={},
        slices={},
        without_history=None,
        confusion={},
        hot_keys={},
        top=10,
        quantiles=(),
        measured={},
    )


@pytest.mark.parametrize("days", [10, 28])
def test_a_candidate_that_is_no_better_seldom_beats_the_champion(days):
    generator = np.random.default_rng(days)
    gates = [BeatsBaseline("champion", metric) for metric in ("rmse", "poisson_deviance")]
    passed = np.zeros(2)
    for seed in range(WORLDS):
        found = evaluation(world(generator, days), seed)
        passed += [gate.judge(found).passed for gate in gates]
    assert all(seldom(share, 0.025) for share in passed / WORLDS)


def test_a_candidate_that_is_better_beats_the_champion():
    generator = np.random.default_rng(1)
    gate = BeatsBaseline("champion", "poisson_deviance")
    passed = [gate.judge(evaluation(world(generator, 28, better=0.2), seed)).passed for seed in range(50)]
    assert np.mean(passed) > 0.9


@pytest.mark.parametrize("days", [10, 28])
def test_intervals_of_metrics_and_of_their_ratio_cover_the_true_ones(days):
    generator = np.random.default_rng(days + 1)
    large = of_slice(daily_sums(world(np.random.default_rng(0), 4000), ["forecast", "champion"]))
    truth = {name: each.value for name, each in estimates(large, ["forecast"], resamples=10)["forecast"].items()}
    wanted = ("rmse", "mae", "poisson_deviance", "bias")
    covered, ratios = dict.fromkeys(wanted, 0), 0
    for seed in range(WORLDS):
        sums = of_slice(daily_sums(world(generator, days), ["forecast", "champion"]))
        found = estimates(sums, ["forecast"], resamples=400, seed=seed)["forecast"]
        for name in wanted:
            covered[name] += truth[name] in found[name].interval
        (compared,) = compare(sums, ["champion"], metrics=("rmse",), resamples=400, seed=seed)
        ratios += compared.ratio is not None and 1.0 in compared.ratio.interval
    assert all(within(count / WORLDS, 0.95) for count in covered.values()), covered
    assert within(ratios / WORLDS, 0.95)


def test_intervals_of_coverage_cover_the_nominal_one():
    generator, covered = np.random.default_rng(9), 0
    for seed in range(200):
        frame = world(generator, 14)
        rate = frame["forecast"].to_numpy()
        steady = frame.with_columns(truth=generator.poisson(rate), low=pl.lit(0.0), high=pl.lit(1e9))
        found = predictive(steady, dispersion=0.0, resamples=400, seed=seed)
        covered += 0.9 in found.randomised.interval
    assert covered / 200 >= 0.95 - 0.02 - 3 * np.sqrt(0.95 * 0.05 / 200)
