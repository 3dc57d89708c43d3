"""Triggers: plain functions of the situation that say why to retrain now, or None."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from afield.errors import UsageError
from afield.records.evidence import Alert


@dataclass(frozen=True, slots=True)
class Situation:
    """What a trigger may know.

    Attributes:
        now: domain time.
        last_trained: domain time of the last training, whether or not its release was promoted.
        alerts: raised by the monitors, each id once, in any order.
        climbing: whether a candidate is on the ladder already.
    """

    now: datetime
    last_trained: datetime
    alerts: tuple[Alert, ...] = ()
    climbing: bool = False


Trigger = Callable[[Situation], str | None]


def every(period: timedelta) -> Trigger:
    """Retrain when `period` has passed since the last training, unless a candidate climbs.

    Raises:
        UsageError: the period is not positive.
    """
    if period <= timedelta(0):
        raise UsageError(f"every({period}): a period is positive")

    def due(situation: Situation) -> str | None:
        age = situation.now - situation.last_trained
        if situation.climbing or age < period:
            return None
        return f"the last training was {_days(age)} ago; every {_days(period)} it is repeated"

    return due


def after(alerts: int = 1, cooldown: timedelta = timedelta(0), wait: timedelta = timedelta(0)) -> Trigger:
    """Retrain after so many alerts since the last training, `cooldown` after it, unless a candidate climbs.

    An alert counts once it is `wait` old: until then there is too little of the new to learn it from.

    Raises:
        UsageError: no alert is asked for, or the cool-down or the wait is negative.
    """
    if alerts < 1 or min(cooldown, wait) < timedelta(0):
        raise UsageError(f"after(alerts={alerts}, cooldown={cooldown}): ask for one alert or more and no negative time")

    def alarmed(situation: Situation) -> str | None:
        if situation.climbing or situation.now - situation.last_trained < cooldown:
            return None
        ripe = situation.now - wait
        fresh = {alert.id: alert for alert in situation.alerts if situation.last_trained < alert.at <= ripe}
        if len(fresh) < alerts:
            return None
        names = ", ".join(sorted({f"{alert.monitor} ({alert.metric})" for alert in fresh.values()}))
        return f"{len(fresh)} alert{'s' if len(fresh) > 1 else ''} since the last training: {names}"

    return alarmed


def any_of(*triggers: Trigger) -> Trigger:
    """Retrain for the first reason that any of the triggers gives, in their order."""

    def first(situation: Situation) -> str | None:
        return next((reason for trigger in triggers if (reason := trigger(situation)) is not None), None)

    return first


def _days(time: timedelta) -> str:
    """The time in words."""
    days = time / timedelta(days=1)
    return f"{days:.0f} days" if days >= 2 else f"{days * 24:.0f} hours"
