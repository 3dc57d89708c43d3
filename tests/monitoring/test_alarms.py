from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import MonitoringError
from afield.monitoring.alarms import Alarms, Budget
from afield.records.evidence import Alert, Estimate, Interval, Measurement
from afield.records.facts import Window

START = datetime(2023, 7, 1)
DAY = timedelta(days=1)


def alerts(measurements: list[Measurement], acknowledged: tuple[str, ...] = (), **settings: timedelta) -> list[Alert]:
    """What is raised when each measurement is judged at the end of its window."""
    alarms = Alarms(("performance", "drift"), **settings)
    return [alert for each in measurements for alert in alarms.judge([each], each.window.end, acknowledged)]


def loss(day: int, alarm: bool, ratio: float = 1.3) -> Measurement:
    """A day's loss; its bets win all that is needed at once, or lose a little."""
    window = Window(START + day * DAY, START + (day + 1) * DAY)
    detail = {"running_ratio": ratio, "running_low": 1.12, "running_ticks": 48.0, "evidence_hours": 48.0}
    return Measurement(
        "performance",
        "poisson_deviance",
        window,
        Estimate(2.6, Interval(2, 3), 24, 24),
        2.0,
        alarm,
        detail,
        (3000.0,) if alarm else (-0.5,),
    )


def drift(day: int) -> Measurement:
    window = Window(START + day * DAY, START + (day + 1) * DAY)
    return Measurement(
        "drift", "psi", window, Estimate(0.9, Interval(0.5, 1), 9, 9), 0.2, True, {"lag": 0.9, "calm": 0.01}
    )


def test_an_episode_raises_one_alert() -> None:
    (only,) = alerts([loss(0, False), loss(1, True), loss(2, True), loss(3, True)])
    assert only.at == START + 2 * DAY
    assert only.since == START + DAY
    assert only.severity == "warning"


def test_a_finding_long_after_the_last_one_is_a_new_episode() -> None:
    calm = [loss(day, False) for day in range(2, 10)]
    first, second = alerts([loss(1, True), *calm, loss(10, True)])
    assert first.id != second.id
    assert second.since == START + 10 * DAY


def test_an_episode_that_lasts_is_raised_again_after_a_week_with_its_first_day() -> None:
    found = alerts([loss(day, True) for day in range(15)])
    assert len(found) == 3
    assert {alert.since for alert in found} == {START}
    assert len(alerts([loss(day, True) for day in range(15)], repeat=timedelta(days=100))) == 1


def test_an_episode_that_somebody_acknowledged_is_not_raised_again() -> None:
    lasting = [loss(day, True) for day in range(15)]
    first = alerts(lasting)[0]
    assert alerts(lasting, acknowledged=(first.id,)) == [first]


def test_a_service_that_comes_back_does_not_raise_again_what_was_raised() -> None:
    (before,) = alerts([loss(1, True)])
    after = Alarms(("performance",), raised=[before])
    assert after.judge([loss(3, True)], START + 4 * DAY) == ()


def test_monitors_do_not_hide_each_other() -> None:
    found = alerts([loss(1, True), drift(1), drift(2)])
    assert {alert.monitor for alert in found} == {"performance", "drift"}


def test_a_monitor_that_only_says_alarm_needs_to_say_it_again() -> None:
    assert alerts([drift(1)]) == []
    assert len(alerts([drift(1), drift(2)])) == 1


def test_a_larger_share_of_the_budget_finds_sooner() -> None:
    won = replace(loss(1, True), payoffs=(900.0,))
    shared, favoured = (
        Alarms(("performance", "drift"), Budget(weights=weights)).judge([won], START + 2 * DAY)
        for weights in ({}, {"performance": 3.0})
    )
    assert (len(shared), len(favoured)) == (0, 1)


@pytest.mark.parametrize(
    ("monitors", "budget", "message"),
    [
        (("a", "a"), Budget(), "name of its own"),
        (("a",), Budget(0.0), "above 0"),
        (("a",), Budget(weights={"a": -1.0}), "above 0"),
        (("a",), Budget(weights={"b": 1.0}), "no such monitor"),
    ],
)
def test_a_budget_that_cannot_be_shared_is_refused(monitors: tuple[str, ...], budget: Budget, message: str) -> None:
    with pytest.raises(MonitoringError, match=message):
        Alarms(monitors, budget)


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 30))
def test_what_was_raised_stands_when_more_is_measured(alarming: list[bool], cut: int) -> None:
    measurements = [loss(day, alarm) for day, alarm in enumerate(alarming)]
    before = alerts(measurements[:cut])
    assert alerts(measurements)[: len(before)] == before


def test_the_message_says_what_since_when_and_how_bad() -> None:
    (risen,) = alerts([loss(1, True, ratio=1.8)])
    assert risen.message.startswith("poisson_deviance is 80% above its reference since 2023-07-02 00:00 (at least 12%")
    assert risen.severity == "critical"
    (moved,) = alerts([drift(1), drift(2)])
    assert moved.message == "psi above 0.2 since 2023-07-02 00:00: lag 0.9"
