import numpy as np

from surge.city.memory import fading


def test_the_correlation_halves_after_the_half_life() -> None:
    series = fading(np.random.default_rng(1).standard_normal((200_000, 1)), half_life=5.0)[100:, 0]
    assert abs(np.corrcoef(series[5:], series[:-5])[0, 1] - 0.5) < 0.02
    assert abs(series.std() - 1.0) < 0.02
