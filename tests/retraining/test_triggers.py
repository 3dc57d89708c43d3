from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import UsageError
from afield.records.evidence import Alert
from afield.retraining.triggers import Situation, after, any_of, changed, every, labelled

TRAINED = datetime(2023, 7, 1)
DAY = timedelta(days=1)


def situation(days: float, *alerts: Alert, climbing: bool = False) -> Situation:
    return Situation(TRAINED + days * DAY, TRAINED, alerts, climbing)


def alert(name: str, days: float) -> Alert:
    at = TRAINED + days * DAY
    return Alert(name, "performance", "poisson_deviance", at, at, "warning", 0.2, "worse", "retrain")


@given(st.floats(0, 100))
def test_a_period_is_due_once_it_has_passed(days: float) -> None:
    assert (every(28 * DAY)(situation(days)) is not None) == (days * DAY >= 28 * DAY)


def test_the_reason_says_how_long_ago_the_last_training_was() -> None:
    assert every(28 * DAY)(situation(30)) == "the last training was 30 days ago; every 28 days it is repeated"


def test_an_alert_is_a_reason_after_the_cool_down() -> None:
    trigger = after(alerts=1, cooldown=7 * DAY)
    assert trigger(situation(6, alert("a", 5))) is None
    assert trigger(situation(7, alert("a", 5))) == "1 alert since the last training: performance (poisson_deviance)"


def test_the_same_alert_counts_once() -> None:
    trigger = after(alerts=2)
    assert trigger(situation(6, alert("a", 4), alert("a", 5))) is None
    assert trigger(situation(6, alert("a", 4), alert("b", 5))) is not None


def test_alerts_from_before_the_last_training_are_history() -> None:
    assert after(alerts=1)(situation(6, alert("a", -1))) is None


def unanswered(days: float, *alerts: Alert) -> Situation:
    """The last training came to no release; the one before it, ten days earlier, did."""
    return Situation(TRAINED + days * DAY, TRAINED, alerts, answered=TRAINED - 10 * DAY)


def test_an_alert_that_no_release_answered_counts_again_after_the_cool_down() -> None:
    trigger = after(alerts=1, cooldown=7 * DAY)
    assert trigger(unanswered(6, alert("a", -1))) is None
    assert trigger(unanswered(7, alert("a", -1))) == (
        "1 alert that no release has answered: performance (poisson_deviance)"
    )
    assert trigger(unanswered(7, alert("a", -11))) is None


def test_without_a_cool_down_one_alert_does_not_train_at_every_tick() -> None:
    assert after(alerts=1)(unanswered(7, alert("a", -1))) is None
    assert after(alerts=1)(unanswered(7, alert("a", 1))) is not None


def test_nothing_is_trained_while_a_candidate_climbs() -> None:
    busy = situation(100, alert("a", 5), climbing=True)
    assert any_of(after(), every(DAY))(busy) is None


def test_the_first_reason_wins() -> None:
    reason = any_of(after(), every(DAY))(situation(100, alert("a", 5)))
    assert reason is not None
    assert "alert" in reason
    assert any_of()(situation(100)) is None


def test_senseless_triggers_are_refused() -> None:
    with pytest.raises(UsageError, match="period"):
        every(timedelta(0))
    with pytest.raises(UsageError, match="one alert"):
        after(alerts=0)


def test_alerts_of_other_monitors_and_small_effects_do_not_count_where_that_is_said() -> None:
    harmful = after(monitors=("performance",), least=0.2)
    assert harmful(situation(6, alert("a", 5))) is not None
    assert after(monitors=("drift",))(situation(6, alert("a", 5))) is None
    assert after(least=0.21)(situation(6, alert("a", 5))) is None


@given(st.integers(0, 200))
def test_enough_labels_are_a_reason(items: int) -> None:
    seen = Situation(TRAINED + DAY, TRAINED, labels=items)
    assert (labelled(100)(seen) is not None) == (items >= 100)
    assert labelled(1)(Situation(TRAINED + DAY, TRAINED, climbing=True, labels=items)) is None


def test_changed_code_is_a_reason_once_in_a_cool_down() -> None:
    seen = Situation(TRAINED + 8 * DAY, TRAINED, changed=("code",))
    assert changed()(seen) == "changed since the champion was built: code"
    assert changed(9 * DAY)(seen) is None
    assert changed()(Situation(TRAINED + 8 * DAY, TRAINED)) is None


def test_one_cool_down_holds_for_all_triggers() -> None:
    assert any_of(every(DAY), cooldown=3 * DAY)(situation(2)) is None
    assert any_of(every(DAY), cooldown=3 * DAY)(situation(3)) is not None
    for senseless in (
        lambda: labelled(0),
        lambda: changed(0 * DAY),
        lambda: any_of(cooldown=-DAY),
        lambda: after(least=-1),
    ):
        with pytest.raises(UsageError):
            senseless()
