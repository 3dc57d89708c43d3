"""Domain time is naive and local; audit time is aware and UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from afield.clock import SimulatedClock, WallClock

NOON = datetime(2023, 7, 1, 12)


@pytest.mark.parametrize("clock", [WallClock(ZoneInfo("America/New_York")), SimulatedClock(NOON)])
def test_domain_time_is_naive_and_audit_time_is_utc(clock: WallClock | SimulatedClock) -> None:
    assert clock.now().tzinfo is None
    assert clock.recorded().tzinfo is UTC
    with pytest.raises(TypeError, match="offset-naive and offset-aware"):
        _ = clock.now() < clock.recorded()


def test_the_wall_clock_reads_the_zone_of_the_place() -> None:
    zone = ZoneInfo("Asia/Tokyo")
    assert abs(WallClock(zone).now() - datetime.now(zone).replace(tzinfo=None)) < timedelta(minutes=1)


def test_a_simulated_clock_stands_still_until_it_is_moved_and_never_goes_back() -> None:
    clock = SimulatedClock(NOON)
    clock.advance(NOON + timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(NOON)
