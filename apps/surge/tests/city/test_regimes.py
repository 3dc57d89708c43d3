from datetime import date, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from afield.training.boosting import lightgbm
from surge.city.demand import Demand
from surge.city.layout import layout
from surge.city.regimes import regime_on, transit_strike, usual
from surge.city.weather import hours

START = date(2024, 1, 1)
NEEDED = pytest.mark.skipif(lightgbm is None, reason="LightGBM cannot be loaded here; apt-get install libgomp1")
CHANGE, LEARNED, END = 63, 77, 91
"""Days: the regime changes, the retrained model has seen up to here, both are judged from there to the end."""


def test_the_latest_regime_that_has_begun_is_in_force() -> None:
    strike = transit_strike(START + timedelta(days=9))
    assert regime_on((usual(START), strike), START + timedelta(days=8)).name == "usual"
    assert regime_on((usual(START), strike), START + timedelta(days=9)) is strike


@NEEDED
@pytest.mark.slow
def test_a_model_trained_before_the_change_is_clearly_worse_than_a_retrained_one() -> None:
    """Lags adapt by themselves; the change must alter the relation of features to orders all the same."""
    features, counts = _examples(Demand(7, 4.0, START, (usual(START), transit_strike(START + timedelta(days=CHANGE)))))
    never, kept = _trained(features, counts, CHANGE), _trained(features, counts, LEARNED)
    unseen, truth = _rows(features, LEARNED, END), _rows(counts, LEARNED, END)
    stale, fresh = (np.sqrt(np.mean((model.predict(unseen) - truth) ** 2)) for model in (never, kept))
    assert stale / fresh > 1.15


@NEEDED
@pytest.mark.slow
def test_without_a_change_retraining_makes_little_difference() -> None:
    features, counts = _examples(Demand(7, 4.0, START, (usual(START),)))
    never, kept = _trained(features, counts, CHANGE), _trained(features, counts, LEARNED)
    unseen, truth = _rows(features, LEARNED, END), _rows(counts, LEARNED, END)
    stale, fresh = (np.sqrt(np.mean((model.predict(unseen) - truth) ** 2)) for model in (never, kept))
    assert stale / fresh == pytest.approx(1.0, abs=0.05)


def _examples(demand: Demand) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lag features (hours, 50 busiest zones, features) and orders per hour."""
    busy = np.argsort(-layout(demand.seed).rate)[:50]
    counts = np.zeros((END * 24, 260))
    rain = np.zeros((END * 24, 2))
    for day in range(END):
        orders = demand.orders(START + timedelta(days=day))
        np.add.at(counts, (day * 24 + orders.seconds // 3600, orders.origin), 1)
        rain[day * 24 : (day + 1) * 24] = hours(demand.seed, START + timedelta(days=day))[:, :2]
    counts = counts[:, busy]
    hour = np.broadcast_to((np.arange(len(counts)) % 168)[:, None], counts.shape)
    weeks = [_lag(counts, 168 * week) for week in (1, 2, 3, 4)]
    columns = [
        *(_lag(counts, lag) for lag in (1, 2, 3, 24)),
        *weeks,
        np.mean(weeks, axis=0),
        hour,
        hour % 24,
        np.broadcast_to(np.arange(50), counts.shape),
        *(np.broadcast_to(np.roll(rain[:, [n]], 1, axis=0), counts.shape) for n in (0, 1)),
    ]
    return np.stack(columns, axis=-1), counts


def _lag(counts: NDArray[np.float64], lag: int) -> NDArray[np.float64]:
    return np.concatenate([np.full((lag, counts.shape[1]), np.nan), counts[:-lag]])


def _rows(values: NDArray[np.float64], first: int, last: int) -> NDArray[np.float64]:
    chosen = values[first * 24 : last * 24]
    return chosen.reshape(-1, *chosen.shape[2:])


def _trained(features: NDArray[np.float64], counts: NDArray[np.float64], until: int):
    parameters = {"objective": "poisson", "learning_rate": 0.1, "num_threads": 2, "verbose": -1, "seed": 1}
    rows = lightgbm.Dataset(_rows(features, 28, until), _rows(counts, 28, until))
    return lightgbm.train(parameters, rows, 120)
