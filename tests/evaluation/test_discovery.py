from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.errors import EvaluationError
from afield.evaluation import discovery
from afield.evaluation.discovery import discover


def world(generator: np.random.Generator, days: int, keys: int = 20) -> pl.DataFrame:
    """Counts whose days share a shock, and two equally noisy forecasts: no slice differs from another."""
    hours = np.arange(24 * days)
    rate = np.exp(np.linspace(-2, 1.5, keys))[None, :] * (1 + 0.6 * np.sin(hours / 24 * 2 * np.pi))[:, None]
    shock = np.repeat(generator.gamma(40, 1 / 40, days), 24)[:, None]
    ticks = [datetime(2023, 1, 2) + timedelta(hours=int(hour)) for hour in hours]
    noise = [generator.lognormal(-0.125, 0.5, rate.shape) for _ in range(2)]
    return pl.DataFrame(
        {
            "tick": np.repeat(np.array(ticks, dtype="datetime64[us]"), keys),
            "hour": np.repeat(hours % 24, keys),
            "key": np.tile(np.arange(keys), len(hours)),
            "rain": generator.gamma(1, 1, rate.size),
            "truth": generator.poisson(rate * shock).ravel(),
            "forecast": (rate * noise[0]).ravel(),
            "rival": (rate * noise[1]).ravel(),
        }
    )


@pytest.fixture(scope="module")
def calm():
    return world(np.random.default_rng(1), 28)


def test_a_place_where_forecasts_are_too_high_is_named_and_its_interval_says_by_how_much(calm):
    busy = pl.col("key") >= 16
    high = calm.with_columns(
        forecast=pl.when(busy & (pl.col("hour") == 8)).then(2.0).otherwise(1.0) * pl.col("forecast")
    )
    found = discover(high, ["hour", "key", "rain"], rival="rival")
    assert found.found[0].slice == "hour = 8"
    assert found.found[0].measure in ("calibration", "loss")
    named = next(each for each in found.found if each.measure == "calibration")
    assert named.difference.interval.high < 0
    assert named.value < named.overall
    assert all(each.chance <= 0.05 for each in found.found)


def test_a_place_where_the_model_loses_more_than_its_rival_is_named(calm):
    usual = pl.col("truth").mean().over("key", "hour")
    found = discover(
        calm.with_columns(rival=pl.when(pl.col("key") == 17).then(usual).otherwise("rival")), ["key"], rival="rival"
    )
    assert [each.slice for each in found.found if each.measure == "loss"] == ["key = 17"]
    assert found.against == "rival"


def test_what_is_too_small_is_counted_and_not_looked_at(calm):
    found = discover(calm, ["key", "hour"])
    assert found.screened > 0
    assert found.tested + found.screened == 2 * (20 + 24 + 20 * 24)


def test_too_few_days_are_noted(calm):
    found = discover(calm.filter(pl.col("tick") < datetime(2023, 1, 5)), ["key"])
    assert (found.tested, found.found) == (0, ())
    assert found.note.startswith("3 blocks")


def test_a_hundred_thousand_slices_are_looked_at(monkeypatch):
    for name, least in (("ROWS", 8), ("BLOCKS", 8), ("LEAST", 0.0)):
        monkeypatch.setattr(discovery, name, least)
    place = np.tile(np.arange(100_000), 8)
    many = pl.DataFrame(
        {
            "tick": np.repeat(
                np.datetime64("2024-01-01T00", "us") + np.arange(8) * np.timedelta64(86_400_000_000), 100_000
            ),
            "shop": place % 400,
            "loaf": place // 400,
            "truth": np.random.default_rng(1).poisson(1.0, place.size),
            "forecast": 1.0,
        }
    )
    found = discover(many, ["shop", "loaf"], resamples=100)
    assert found.tested == 2 * (100_000 + 400 + 250)


def test_more_slices_than_the_limit_are_refused_with_what_to_do(calm, monkeypatch):
    monkeypatch.setattr(discovery, "LIMIT", 30)
    with pytest.raises(EvaluationError, match="give fewer columns"):
        discover(calm, ["key", "hour"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": pl.lit(float("nan"))}, "'truth'.*not finite"),
        ({"forecast": pl.lit(float("inf"))}, "'forecast'.*not finite"),
        ({"rival": pl.lit(None, pl.Float64)}, "'rival'.*null"),
    ],
)
def test_numbers_that_are_none_are_refused(calm, change, message):
    with pytest.raises(EvaluationError, match=message):
        discover(calm.with_columns(**change), ["key"], rival="rival")


def test_a_column_that_is_not_there_is_named(calm):
    with pytest.raises(EvaluationError, match="weather"):
        discover(calm, ["weather"])


@pytest.mark.slow
@pytest.mark.parametrize("days", [14, 28])
def test_where_nothing_differs_any_slice_is_named_at_most_as_often_as_stated(days):
    generator, worlds, alarms = np.random.default_rng(7), 400, 0
    for seed in range(worlds):
        found = discover(world(generator, days), ["hour", "key", "rain"], rival="rival", resamples=400, seed=seed)
        assert found.tested > 250
        alarms += found.named > 0
    assert alarms / worlds <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / worlds)
