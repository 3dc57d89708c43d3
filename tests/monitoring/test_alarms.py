from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from afield.monitoring.alarms import Alarms
from afield.records.evidence import Alert, Estimate, Interval, Measurement
from afield.records.facts import Window

START = datetime(2023, 7, 1)
DAY = timedelta(days=1)


def alerts(measurements: list[Measurement], **settings: timedelta) -> list[Alert]:
    """What is raised when each measurement is judged at the end of its window."""
    alarms = Alarms(**settings)
    return [alert for each in measurements for alert in alarms.judge([each], each.window.end)]


def loss(day: int, alarm: bool, ratio: float = 1.3) -> Measurement:
    window = Window(START + day * DAY, START + (day + 1) * DAY)
    detail = {"running_ratio": ratio, "running_low": 1.12, "running_ticks": 48.0, "evidence_hours": 48.0}
    return Measurement(
        "performance", "poisson_deviance", window, Estimate(2.6, Interval(2, 3), 24, 24), 2.0, alarm, detail
    )


def drift(day: int) -> Measurement:
    window = Window(START + day * DAY, START + (day + 1) * DAY)
    return Measurement(
        "drift", "psi", window, Estimate(0.9, Interval(0.5, 1), 9, 9), 0.2, True, {"lag": 0.9, "calm": 0.01}
    )


def test_an_episode_raises_one_alert() -> None:
    (only,) = alerts([loss(0, False), loss(1, True), loss(2, True), loss(3, True)])
    assert only.at == START + 2 * DAY
    assert only.since == START
    assert only.severity == "warning"


def test_a_new_episode_raises_a_new_alert() -> None:
    first, second = alerts([loss(1, True), loss(2, False), loss(3, True)])
    assert first.id != second.id


def test_an_episode_that_lasts_is_raised_again_after_a_week() -> None:
    assert len(alerts([loss(day, True) for day in range(15)])) == 3
    assert len(alerts([loss(day, True) for day in range(15)], repeat=timedelta(days=100))) == 1


def test_monitors_do_not_hide_each_other() -> None:
    assert {alert.monitor for alert in alerts([loss(1, True), drift(1)])} == {"performance", "drift"}


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 30))
def test_what_was_raised_stands_when_more_is_measured(alarming: list[bool], cut: int) -> None:
    measurements = [loss(day, alarm) for day, alarm in enumerate(alarming)]
    before = alerts(measurements[:cut])
    assert alerts(measurements)[: len(before)] == before


def test_the_message_says_what_since_when_and_how_bad() -> None:
    (risen,) = alerts([loss(1, True, ratio=1.8)])
    assert risen.message.startswith("poisson_deviance is 80% above its reference since 2023-07-01 00:00 (at least 12%")
    assert risen.severity == "critical"
    (moved,) = alerts([drift(1)])
    assert moved.message == "psi above 0.2 since 2023-07-02 00:00: lag 0.9"
