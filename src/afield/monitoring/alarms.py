"""Alerts from measurements, within one budget of false alarms: what, since when, how bad, where, and what to do."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from afield.errors import MonitoringError
from afield.records.evidence import Alert, Measurement
from afield.records.facts import Window
from afield.statistics.evalues import YEAR, Change, Detector, by_rate

REPEAT = timedelta(days=7)
CRITICAL = 1.5  # times the reference
CHANCE = 0.01
"""A monitor that gives no payoffs is taken to alarm in so many of its chunks where nothing has changed."""

RETRAIN = "retrain on recent data; if the new release climbs no further, look at the slices and the sources"
INSPECT = "see whether the sources changed or the world did; retrain if the loss has risen too"


@dataclass(frozen=True, slots=True)
class Budget:
    """How many false alarms may be expected, over all monitors together.

    Attributes:
        a_year: expected false alarms in a year in which nothing changes.
        weights: name of a monitor → its weight in the division of the budget; 1 where it is not named.
    """

    a_year: float = 2.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def shares(self, monitors: Sequence[str]) -> dict[str, float]:
        """What each monitor may spend in a year; they add up to the budget.

        Raises:
            MonitoringError: the budget or a weight is not above 0, or a weight is of no monitor.
        """
        unknown = sorted(set(self.weights) - set(monitors))
        if unknown:
            raise MonitoringError(f"weight of {unknown[0]!r}: no such monitor; there is: {', '.join(monitors)}")
        weights = [self.weights.get(name, 1.0) for name in monitors]
        if not (self.a_year > 0 and all(weight > 0 for weight in weights)):
            raise MonitoringError(f"{self.a_year} false alarms a year, weights {weights}: each must be above 0")
        return {name: self.a_year * weight / sum(weights) for name, weight in zip(monitors, weights, strict=True)}


class Alarms:
    """Turns measurements into alerts, without repeating itself.

    A monitor spends its share of the budget as time passes, and an alert is raised where its evidence reaches what a
    change needs (`afield.statistics.evalues`): so the expected number of false alarms in any stretch of time is at most
    the budget of that stretch, over all monitors and however they depend on each other. Findings of one monitor and
    metric that follow each other within `repeat` are one episode and raise one alert; an episode that lasts is raised
    again every `repeat`, until somebody acknowledges it. The same measurements give the same alerts, with the same ids,
    in any process.
    """

    def __init__(
        self,
        monitors: Sequence[str],
        budget: Budget | None = None,
        repeat: timedelta = REPEAT,
        raised: Iterable[Alert] = (),
    ) -> None:
        """Share `budget` among `monitors`.

        Args:
            monitors: their names.
            budget: of false alarms; the usual one where it is None.
            repeat: an episode that lasts is raised again after so long.
            raised: alerts of before, which are not raised again while their episodes last.

        Raises:
            MonitoringError: the budget cannot be shared, or two monitors have one name.
        """
        if len(set(monitors)) < len(monitors):
            raise MonitoringError(f"monitors {', '.join(monitors)}: each needs a name of its own")
        self._shares = (budget or Budget()).shares(monitors)
        self._repeat = repeat
        self._detectors: dict[str, Detector] = {}
        self._last: dict[tuple[str, str], Alert] = {}
        self._found: dict[tuple[str, str], datetime] = {}
        for each in sorted(raised, key=lambda alert: alert.at):
            self._last[each.monitor, each.metric] = each
            self._found[each.monitor, each.metric] = each.at

    def judge(
        self, measurements: Iterable[Measurement], at: datetime, acknowledged: Collection[str] = ()
    ) -> tuple[Alert, ...]:
        """The alerts that are new with these measurements.

        Args:
            measurements: of one chunk, one of each monitor; chunks come in order of time.
            at: domain time at which they are judged.
            acknowledged: ids of alerts that somebody has seen; their episodes are not raised again.
        """
        new = []
        for measurement in measurements:
            key = measurement.monitor, measurement.metric
            changes = self._look(measurement)
            if not changes:
                continue
            last, lasts = self._last.get(key), at - self._found.get(key, datetime.min) <= self._repeat
            self._found[key] = at
            if last is None or not lasts or (at - last.at >= self._repeat and last.id not in acknowledged):
                since = last.since if last is not None and lasts else changes[0].since
                self._last[key] = alert(measurement, at, since)
                new.append(self._last[key])
        return tuple(new)

    def evidence(self, monitor: str) -> float:
        """How far the evidence of a monitor has come: an alert is raised at 1."""
        detector = self._detectors.get(monitor)
        return detector.evidence if detector is not None else 0.0

    def _look(self, measurement: Measurement) -> tuple[Change, ...]:
        """The changes that this chunk's looks find, with what this stretch of time allows to be spent."""
        window = measurement.window
        payoffs = measurement.payoffs or (by_rate(measurement.alarm, CHANCE),)
        detector = self._detectors.setdefault(measurement.monitor, Detector())
        allowance = self._shares[measurement.monitor] * ((window.end - window.start) / YEAR)
        return detector.look(payoffs, _moments(window, len(payoffs)), allowance)


def alert(measurement: Measurement, at: datetime, since: datetime) -> Alert:
    """The alert that a measurement raises at the moment `at`, of a change since `since`."""
    realised = "running_ratio" in measurement.detail or "ratio" in measurement.detail
    value, reference = measurement.estimate.value, measurement.reference or 0.0
    ratio = measurement.detail.get("running_ratio", value / reference if reference > 0 else CRITICAL)
    where = "" if measurement.slice == "all" else f"; most in {measurement.slice}"
    return Alert(
        id=f"{measurement.monitor}:{measurement.metric}:{at:%Y-%m-%dT%H:%M}",
        monitor=measurement.monitor,
        metric=measurement.metric,
        at=at,
        since=since,
        severity="critical" if ratio >= CRITICAL else "warning",
        effect=value - reference,
        message=(_risen(measurement, since) if realised else _moved(measurement, since)) + where,
        advice=measurement.advice or (RETRAIN if realised else INSPECT),
        slice=measurement.slice,
    )


def _moments(window: Window, looks: int) -> list[datetime]:
    """When each of the looks of a chunk was: evenly over it."""
    return [window.start + (window.end - window.start) * look / looks for look in range(looks)]


def _risen(measurement: Measurement, since: datetime) -> str:
    """A rise of the realised loss, in words."""
    ratio = measurement.detail.get("running_ratio", measurement.detail.get("ratio", 1.0))
    low = measurement.detail.get("running_low", 0.0)
    least = f" (at least {low - 1:.0%}, with all looks counted in)" if low > 1 else ""
    return (
        f"{measurement.metric} is {ratio - 1:.0%} above its reference since {since:%Y-%m-%d %H:%M}{least}; "
        f"in the last chunk {measurement.estimate.value:.3g} against {measurement.reference or 0.0:.3g} expected"
    )


def _moved(measurement: Measurement, since: datetime) -> str:
    """A drift, in words: the columns that moved beyond the threshold, most first."""
    threshold = measurement.reference or 0.0
    beyond = sorted(((effect, name) for name, effect in measurement.detail.items() if effect > threshold), reverse=True)
    moved = ", ".join(f"{name} {effect:.2g}" for effect, name in beyond) or f"{measurement.estimate.value:.2g}"
    return f"{measurement.metric} above {threshold:.2g} since {since:%Y-%m-%d %H:%M}: {moved}"
