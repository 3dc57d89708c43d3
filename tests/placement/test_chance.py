"""Draws follow what they are told, and stretch with it."""

from dataclasses import replace
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.placement.chance import DAY, Connection, Daily, round_trip, stream
from afield.placement.seen import quantile
from tests.placement.rig import LINK


def test_round_trips_have_the_median_and_the_tail_that_are_stated() -> None:
    chance = stream(1, 0, "ways")
    drawn = [round_trip(LINK, chance) for _ in range(20_000)]
    assert median(drawn) == pytest.approx(0.08, rel=0.03)
    assert quantile(drawn, 0.95) == pytest.approx(0.2, rel=0.05)


def test_a_connection_is_away_for_the_share_that_is_stated() -> None:
    connection = Connection(LINK, 0.0, 400 * DAY, stream(2, 0, "connection"))
    moments = [at * 601.0 for at in range(int(400 * DAY / 601))]
    away = sum(connection.back(at) > at for at in moments) / len(moments)
    assert away == pytest.approx(0.1, abs=0.01)


@given(share=st.floats(0.0, 1.0), at=st.floats(0.0, 5 * DAY), seconds=st.floats(0.0, 5_000.0))
def test_what_needs_a_connection_is_never_done_before_it_could_be(share: float, at: float, seconds: float) -> None:
    connection = Connection(replace(LINK, offline_share=share), 0.0, 10 * DAY, stream(3, 1, "connection"))
    back = connection.back(at)
    assert back >= at
    assert connection.through(at, seconds) >= back + seconds * (1 - 1e-12)
    if share == 0.0:
        assert connection.through(at, seconds) == at + seconds


def test_a_transfer_goes_on_where_a_cut_left_it() -> None:
    connection = Connection(LINK, 0.0, 100 * DAY, stream(4, 0, "connection"))
    begun = connection.back(0.0)
    cut = connection.until(begun)
    assert connection.through(begun, cut - begun + 7.0) == pytest.approx(connection.back(cut) + 7.0)


def test_moments_follow_the_shape_of_the_day() -> None:
    weights = (0.0,) * 12 + (1.0,) * 6 + (3.0,) * 6
    following = Daily(weights).moments(0.01, 0.0, 50 * DAY, stream(5, 0, "arrivals"))
    moments = []
    while (moment := following()) < 50 * DAY:
        moments.append(moment)
    hours = [int(moment % DAY // 3600) for moment in moments]
    assert min(hours) == 12
    assert len(moments) == pytest.approx(0.01 * 50 * DAY, rel=0.03)
    assert sum(hour >= 18 for hour in hours) / len(hours) == pytest.approx(0.75, abs=0.02)


@given(rate=st.floats(1e-4, 1e-2), more=st.floats(1.0, 5.0))
def test_more_requests_come_no_later(rate: float, more: float) -> None:
    day = Daily((1.0,) * 24)
    few = day.moments(rate, 0.0, 9 * DAY, stream(6, 0, "arrivals"))
    many = day.moments(rate * more, 0.0, 9 * DAY, stream(6, 0, "arrivals"))
    assert all(many() <= few() + 1e-6 for _ in range(5))
