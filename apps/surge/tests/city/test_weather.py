from datetime import date, timedelta

import numpy as np

from surge.city.weather import hours

YEAR = np.concatenate([hours(7, date(2024, 1, 1) + timedelta(days=n)) for n in range(365)])


def test_a_day_has_the_same_weather_whenever_it_is_asked() -> None:
    assert np.array_equal(hours(7, date(2024, 5, 5)), hours(7, date(2024, 5, 5)))


def test_summer_is_warmer_than_winter() -> None:
    assert YEAR[24 * 180 : 24 * 210, 0].mean() - YEAR[: 24 * 30, 0].mean() > 15


def test_it_rains_in_about_a_tenth_of_the_hours() -> None:
    assert 0.05 < (YEAR[:, 1] > 0).mean() < 0.2


def test_snow_falls_only_in_the_cold() -> None:
    assert YEAR[YEAR[:, 2] > 0, 0].max() < 0.5


def test_weather_goes_on_over_midnight() -> None:
    steps = np.abs(np.diff(YEAR[:, 0])).reshape(-1)
    assert steps[23::24].mean() < 1.5 * np.delete(steps, slice(23, None, 24)).mean()
