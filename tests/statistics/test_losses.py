import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import kl_div

from afield.statistics.losses import absolute_error, poisson_deviance, squared_error

rates = st.floats(1e-6, 1e6)
counts = st.integers(0, 10**6)


@given(rates, counts)
def test_the_deviance_is_never_negative(forecast: float, truth: int) -> None:
    assert poisson_deviance(forecast, truth) >= 0


@given(counts)
def test_the_deviance_of_a_perfect_forecast_is_nothing(truth: int) -> None:
    assert poisson_deviance(truth, truth) <= 1e-8


def test_the_deviance_is_twice_the_divergence_that_scipy_computes() -> None:
    generator = np.random.default_rng(1)
    forecast = generator.gamma(2, 3, 500)
    truth = generator.poisson(forecast)
    assert np.allclose(poisson_deviance(forecast, truth), 2 * kl_div(truth, forecast))


def test_an_order_where_none_was_thought_possible_costs_much_but_not_infinitely_much() -> None:
    assert 30 < poisson_deviance(0.0, 1) < 50


@given(rates, counts)
def test_the_squared_error_is_the_square_of_the_absolute_error(forecast: float, truth: int) -> None:
    assert np.isclose(squared_error(forecast, truth), absolute_error(forecast, truth) ** 2)
