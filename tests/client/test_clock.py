"""A device's clock may be a year off; answers and what is recorded of them are not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.client.client import Client
from afield.client.clock import TOLERANCE, DeviceClock
from afield.testing.stand import TICK, Stand
from tests.client.upstream import Server

YEAR = 365 * 86400.0


class Machine:
    """A device's clocks: the one on the wall, which may be set, and the one that nobody sets."""

    def __init__(self, wall: float) -> None:
        self.wall, self.elapsed = wall, 100.0

    def clock(self, offset: float = 0.0) -> DeviceClock:
        return DeviceClock(UTC, offset, wall=lambda: self.wall, elapsed=lambda: self.elapsed)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.elapsed += seconds


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("error", [-YEAR, -3600.0, 3600.0, YEAR])
def test_a_wrong_clock_is_put_right_once_the_service_was_heard(error: float) -> None:
    machine = Machine(NOON.timestamp() + error)
    clock = machine.clock()
    clock.heard(NOON)
    machine.pass_by(90.0)

    assert clock.now() == datetime(2026, 3, 2, 12, 1, 30)
    assert clock.offset == -error


def test_a_clock_that_fits_is_left_alone() -> None:
    machine = Machine(NOON.timestamp() + TOLERANCE / 2)
    clock = machine.clock()
    clock.heard(NOON)

    assert clock.offset == 0.0
    assert clock.now() == datetime(2026, 3, 2, 12) + timedelta(seconds=TOLERANCE / 2)


def test_a_clock_that_is_set_while_the_program_runs_changes_nothing() -> None:
    machine = Machine(NOON.timestamp() - YEAR)
    clock = machine.clock()
    clock.heard(NOON)
    machine.wall += YEAR

    assert clock.now() == datetime(2026, 3, 2, 12)
    assert clock.offset == 0.0


def test_what_was_learned_holds_after_the_next_start_without_a_network() -> None:
    machine = Machine(NOON.timestamp() - YEAR)

    assert machine.clock(offset=YEAR).now() == datetime(2026, 3, 2, 12)


@given(
    error=st.floats(2 * 86400.0, 10 * YEAR) | st.floats(-10 * YEAR, -2 * 86400.0),
    ahead=st.floats(-43200.0, 43200.0),
)
def test_a_moment_read_off_the_wrong_clock_is_put_right_and_one_known_from_elsewhere_stays(
    error: float, ahead: float
) -> None:
    clock = Machine(NOON.timestamp() + error).clock()
    clock.heard(NOON)
    right = datetime(2026, 3, 2, 12) + timedelta(seconds=ahead)
    wrong = right + timedelta(seconds=error)

    assert clock.corrected(right) == right
    assert abs(clock.corrected(wrong) - right) < timedelta(seconds=0.001)


def test_an_order_by_a_device_that_is_a_year_behind_is_answered_and_recorded_in_the_services_time(
    stand: Stand, server: Server, device: Callable[..., Client]
) -> None:
    stand.rows()
    stand.control(stand.release(), now=None)
    behind = datetime.now(UTC) - timedelta(days=365)
    asked = TICK + timedelta(minutes=10)
    # The service stands at the rows' tick; the device's own clock says what it says.
    server.date = format_datetime(asked.replace(tzinfo=UTC), usegmt=True)
    client = device()
    client.synchronise()
    offset = client.standing().clock
    assert abs(offset - (asked.replace(tzinfo=UTC) - behind - timedelta(days=365)).total_seconds()) < 60.0

    own = datetime.now(UTC).replace(tzinfo=None)
    fact = {"id": "s1", "kind": "sale", "at": own.isoformat(), "fields": {"shop": "east", "loaves": 2}}
    client.tell(json.dumps({"facts": [fact]}).encode())
    answer = client.ask(f'{{"shop": "east", "at": "{own.isoformat()}"}}'.encode())
    client.synchronise()

    assert answer.applied == ()
    assert abs((answer.facts_age or 0.0) - 600.0) < 60.0
    assert abs(server.events[0].at - asked) < timedelta(minutes=1)
    assert abs(server.facts[0].at - asked) < timedelta(minutes=1)
