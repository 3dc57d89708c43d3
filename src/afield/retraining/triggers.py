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
        labels: items that people labelled since the last training.
        changed: what is not any more as it was when the champion was built, of "code" and "features".
        answered: moment up to which alerts are answered: by a release that was trained after them and passed its gates,
            or went live. None: the last training answered all before it.
    """

    now: datetime
    last_trained: datetime
    alerts: tuple[Alert, ...] = ()
    climbing: bool = False
    labels: int = 0
    changed: tuple[str, ...] = ()
    answered: datetime | None = None


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


def after(
    alerts: int = 1,
    cooldown: timedelta = timedelta(0),
    wait: timedelta = timedelta(0),
    monitors: tuple[str, ...] = (),
    least: float = 0.0,
) -> Trigger:
    """Retrain after so many alerts that no release has answered, unless a candidate climbs.

    A training whose candidate fails its gates answers none: once the cool-down is over, the same alerts count again.

    Args:
        alerts: how many.
        cooldown: time after the last training in which none begins; without one, alerts before it do not count again.
        wait: an alert counts once it is so old: until then there is too little of the new to learn it from.
        monitors: names of those whose alerts count, e.g. "performance" or "drift"; none: all.
        least: effect from which an alert counts, in its metric's unit: drift that is small does no harm.

    Raises:
        UsageError: no alert is asked for, or the cool-down, the wait or the effect is negative.
    """
    if alerts < 1 or min(cooldown, wait) < timedelta(0) or least < 0:
        raise UsageError(
            f"after(alerts={alerts}, cooldown={cooldown}, wait={wait}, least={least}): ask for one alert or more, and "
            "for no negative time or effect"
        )

    def counts(alert: Alert) -> bool:
        return (not monitors or alert.monitor in monitors) and abs(alert.effect) >= least

    def alarmed(situation: Situation) -> str | None:
        if situation.climbing or situation.now - situation.last_trained < cooldown:
            return None
        last, ripe = situation.last_trained, situation.now - wait
        answered = situation.answered if situation.answered is not None and cooldown else last
        waiting = {alert.id: alert for alert in situation.alerts if answered < alert.at <= ripe and counts(alert)}
        if len(waiting) < alerts:
            return None
        names = ", ".join(sorted({f"{alert.monitor} ({alert.metric})" for alert in waiting.values()}))
        again = any(alert.at <= last for alert in waiting.values())
        since = "that no release has answered" if again else "since the last training"
        return f"{len(waiting)} alert{'s' if len(waiting) > 1 else ''} {since}: {names}"

    return alarmed


def labelled(items: int) -> Trigger:
    """Retrain once people have labelled so many items since the last training, unless a candidate climbs.

    Raises:
        UsageError: fewer than one is asked for.
    """
    if items < 1:
        raise UsageError(f"labelled({items}): ask for one item or more")

    def enough(situation: Situation) -> str | None:
        if situation.climbing or situation.labels < items:
            return None
        return f"{situation.labels} items were labelled since the last training; {items} are enough to learn from"

    return enough


def changed(cooldown: timedelta = timedelta(days=7)) -> Trigger:
    """Retrain where code or features are not those that the champion was built with, unless a candidate climbs.

    What is trained then may not make it, and the champion stays as it was built: the next try waits for `cooldown`.

    Raises:
        UsageError: the cool-down is not positive.
    """
    if cooldown <= timedelta(0):
        raise UsageError(f"changed(cooldown={cooldown}): without a cool-down it would train without end")

    def differs(situation: Situation) -> str | None:
        if situation.climbing or not situation.changed or situation.now - situation.last_trained < cooldown:
            return None
        return f"changed since the champion was built: {', '.join(situation.changed)}"

    return differs


def any_of(*triggers: Trigger, cooldown: timedelta = timedelta(0)) -> Trigger:
    """Retrain for the first reason that any of the triggers gives, in their order, `cooldown` after the last training.

    Raises:
        UsageError: the cool-down is negative.
    """
    if cooldown < timedelta(0):
        raise UsageError(f"any_of(cooldown={cooldown}): a cool-down is not negative")

    def first(situation: Situation) -> str | None:
        if situation.now - situation.last_trained < cooldown:
            return None
        return next((reason for trigger in triggers if (reason := trigger(situation)) is not None), None)

    return first


def _days(time: timedelta) -> str:
    """The time in words."""
    days = time / timedelta(days=1)
    return f"{days:.0f} days" if days >= 2 else f"{days * 24:.0f} hours"
