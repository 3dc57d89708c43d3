"""Every monitor measured anew over the telemetry that was kept, with what the alarms would have made of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from afield.control.office import Office
from afield.control.recomputing import recomputed
from afield.control.untouched import with_lot
from afield.errors import MonitoringError
from afield.monitoring.alarms import Alarms
from afield.monitoring.estimation import Reconciled, reconciled
from afield.monitoring.freshness import Freshness
from afield.monitoring.monitor import FittedMonitor
from afield.monitoring.skew import Skew
from afield.records.evidence import Alert, Measurement
from afield.records.facts import Window
from afield.telemetry.delivery import EVENTS
from afield.telemetry.outcomes import joined

PAST = 60
"""Chunks by which the evidence of a service that comes back is brought to where it stood."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the monitors of one release say, chunk by chunk.

    Attributes:
        release: the champion, whose events they are.
        series: monitor → its measurements, in order of time.
        evidence: monitor → how far its evidence has come; an alert is raised at 1.
        alerts: what would have been raised by these chunks alone.
        reconciled: monitor that estimates → its estimates beside what came true, where that is known.
        problems: what could not be measured, and why.
    """

    release: str
    series: Mapping[str, tuple[Measurement, ...]]
    evidence: Mapping[str, float]
    alerts: tuple[Alert, ...]
    reconciled: Mapping[str, tuple[Reconciled, ...]]
    problems: tuple[str, ...]


def measure(office: Office, chunks: int) -> Measured:
    """The last `chunks` chunks of the champion's events, each measured by every monitor.

    Features are computed again from the history of facts, not taken from what was served.

    Raises:
        MonitoringError: there is no champion, or none of its events was kept.
    """
    champion = office.actions.state.champion
    windows = _windows(office, champion, chunks)
    reference = pl.read_ipc(office.shelf.bundle(champion).read("tables/reference.arrow"))
    problems: dict[str, None] = {}
    fitted: dict[str, FittedMonitor] = {}
    for monitor in office.operate.monitoring.monitors:
        if isinstance(monitor, Freshness | Skew):
            problems[f"{monitor.name}: the service alone measures it, on rows as it serves them"] = None
            continue
        try:
            fitted[monitor.name] = monitor.fit(reference)
        except MonitoringError as error:
            problems[f"{monitor.name}: not fitted: {error}"] = None
    alarms = Alarms([each.name for each in office.operate.monitoring.monitors], office.operate.monitoring.budget)
    series: dict[str, list[Measurement]] = {name: [] for name in fitted}
    alerts: list[Alert] = []
    for window in windows:
        frame = _chunk(office, champion, window)
        found = []
        for name, each in fitted.items():
            try:
                found.append(each.measure(frame, window))
                series[name].append(found[-1])
            except MonitoringError as error:
                problems[f"{name}: {error}"] = None
        alerts += alarms.judge(found, window.end)
    return Measured(
        champion,
        {name: tuple(found) for name, found in series.items()},
        {name: alarms.evidence(name) for name in fitted},
        tuple(alerts),
        _reconciled(series),
        tuple(problems),
    )


def past(office: Office, release: str, before: datetime) -> Iterator[tuple[pl.DataFrame, Window]]:
    """The chunks of a release that were over before a moment, as far back as `PAST` of them go, in order of time."""
    try:
        windows = _windows(office, release, PAST)
    except MonitoringError:
        return
    for window in windows:
        if window.end <= before:
            yield _chunk(office, release, window), window


def _windows(office: Office, champion: str, chunks: int) -> tuple[Window, ...]:
    """The last chunks in which the champion predicted, oldest first."""
    name = office.application.called
    if not champion:
        raise MonitoringError(f"{name} has no champion; build and promote a release first: afield build {name}")
    newest = None
    if office.tables.exists(EVENTS):
        mine = office.tables.scan(EVENTS).filter((pl.col("release") == champion) & (pl.col("arm") == "champion"))
        newest, oldest = mine.select(pl.col("tick").max(), pl.col("tick").min().alias("oldest")).collect().row(0)
    if newest is None:
        raise MonitoringError(
            f"no prediction of release {champion[:12]} was kept yet; serve it, and look again: afield serve {name}"
        )
    chunk = office.operate.monitoring.chunk
    end = newest - (newest - datetime.min) % chunk + chunk
    start = max(end - chunks * chunk, oldest - (oldest - datetime.min) % chunk)
    return tuple(Window(at, at + chunk) for at in Window(start, end).ticks(chunk))


def _chunk(office: Office, champion: str, window: Window) -> pl.DataFrame:
    """The champion's tick events with truth, where it is known, and the watched features."""
    events = joined(office.tables, window, pending=True).filter(
        (pl.col("kind") == "tick") & (pl.col("arm") == "champion") & (pl.col("release") == champion)
    )
    events = with_lot(events, office.operate.untouched)
    frame = events.rename({f"output_{office.operate.output}": office.operate.output, "unit": "key"})
    return _featured(office, frame).sort("tick")


def _featured(office: Office, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with the watched features, computed from the history of facts."""
    plan = office.plan
    absent = [name for name in plan.watched if name not in frame.columns]
    if not absent or frame.is_empty():
        return frame
    held = [name for name in plan.tables if office.tables.exists(name)]
    history = {name: plan.tables[name].cast(office.tables.scan(name), name) for name in held}
    made = recomputed(plan, history, frame, absent)
    return frame.join(made, on=["key", "tick"], how="left")


def _reconciled(series: Mapping[str, list[Measurement]]) -> dict[str, tuple[Reconciled, ...]]:
    """Estimates beside what came true: of monitors of the same metric, the one that estimates and one that realises."""
    found = {}
    for name, estimates in series.items():
        rival = [
            each
            for other, measured in series.items()
            for each in measured
            if other != name and estimates and each.metric == estimates[0].metric
        ]
        if estimates and not estimates[0].payoffs and not estimates[0].detail and rival:
            found[name] = reconciled(estimates, rival)
    return found


def spark(values: list[float]) -> str:
    """The values as a line of bars, lowest to highest; a gap where there is none."""
    known = [value for value in values if value == value]
    if not known:
        return ""
    low, width = min(known), (max(known) - min(known)) or 1.0
    return "".join(" " if value != value else "▁▂▃▄▅▆▇█"[int(7 * (value - low) / width)] for value in values)
