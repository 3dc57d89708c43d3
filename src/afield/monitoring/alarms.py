"""Alerts from measurements: one for each episode, with what happened, since when, how bad, and what to do."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from afield.records.evidence import Alert, Measurement

REPEAT = timedelta(days=7)
CRITICAL = 1.5  # times the reference

RETRAIN = "retrain on recent data; if the new release climbs no further, look at the slices and the sources"
INSPECT = "see whether the sources changed or the world did; retrain if the loss has risen too"


class Alarms:
    """Turns alarming measurements into alerts, without repeating itself.

    Measurements of one monitor and metric that alarm without a pause are one episode and raise one alert;
    an episode that lasts is raised again every `repeat`. The same measurements give the same alerts, with
    the same ids, in any process.
    """

    def __init__(self, repeat: timedelta = REPEAT) -> None:
        """Raise an episode that lasts again after `repeat`."""
        self._repeat = repeat
        self._raised: dict[tuple[str, str], datetime] = {}

    def judge(self, measurements: Iterable[Measurement], at: datetime) -> tuple[Alert, ...]:
        """The alerts that are new with these measurements.

        Args:
            measurements: of one chunk; chunks come in order of time.
            at: domain time at which they are judged.
        """
        new = []
        for measurement in measurements:
            key = measurement.monitor, measurement.metric
            if not measurement.alarm:
                self._raised.pop(key, None)
            elif key not in self._raised or at - self._raised[key] >= self._repeat:
                self._raised[key] = at
                new.append(alert(measurement, at))
        return tuple(new)


def alert(measurement: Measurement, at: datetime) -> Alert:
    """The alert that one alarming measurement raises at the moment `at`."""
    hours = measurement.detail.get("evidence_hours")
    realised = hours is not None
    since = measurement.window.end - timedelta(hours=hours) if hours is not None else measurement.window.start
    value, reference = measurement.estimate.value, measurement.reference or 0.0
    ratio = measurement.detail.get("running_ratio", value / reference if reference > 0 else CRITICAL)
    return Alert(
        id=f"{measurement.monitor}:{measurement.metric}:{at:%Y-%m-%dT%H:%M}",
        monitor=measurement.monitor,
        metric=measurement.metric,
        at=at,
        since=since,
        severity="critical" if ratio >= CRITICAL else "warning",
        effect=value - reference,
        message=_risen(measurement, since) if realised else _moved(measurement, since),
        advice=RETRAIN if realised else INSPECT,
    )


def _risen(measurement: Measurement, since: datetime) -> str:
    """A rise of the realised loss, in words."""
    ratio, low = measurement.detail["running_ratio"], measurement.detail["running_low"]
    return (
        f"{measurement.metric} is {ratio - 1:.0%} above its reference since {since:%Y-%m-%d %H:%M} "
        f"(at least {low - 1:.0%}, with all looks counted in); in the last chunk {measurement.estimate.value:.3g} "
        f"against {measurement.reference or 0.0:.3g} expected"
    )


def _moved(measurement: Measurement, since: datetime) -> str:
    """A drift, in words: the columns that moved beyond the threshold, most first."""
    threshold = measurement.reference or 0.0
    beyond = sorted(((effect, name) for name, effect in measurement.detail.items() if effect > threshold), reverse=True)
    moved = ", ".join(f"{name} {effect:.2g}" for effect, name in beyond)
    return f"{measurement.metric} above {threshold:.2g} since {since:%Y-%m-%d %H:%M}: {moved}"
