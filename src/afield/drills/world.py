"""Drills about the world: it is no longer the one that the release was built on."""

from datetime import datetime

import polars as pl

from afield.control.office import Office
from afield.drills.rig import Rig
from afield.drills.seen import Seen
from afield.errors import MonitoringError
from afield.monitoring.alarms import Alarms
from afield.monitoring.monitor import Monitor
from afield.records.facts import Window

TICK = "tick"


def changes(rig: Rig) -> Seen:
    """Turn what the release was built on upside down for its monitors; they say so by name, and say nothing before."""
    office = rig.office
    reference = pl.read_ipc(office.shelf.bundle(office.actions.state.champion).read("tables/reference.arrow"))
    monitors = office.operate.monitoring.monitors
    turned = upset(reference, office.operate.output)
    calm = _alerts(office, monitors, reference, reference)
    called = _alerts(office, monitors, reference, turned)
    return Seen(
        f"{len(called)} alerts while the world was another one ({', '.join(sorted(set(called))) or 'none'}), "
        f"{len(calm)} while it was as before; {len(monitors)} monitors",
        bool(called) and not calm,
    )


def upset(reference: pl.DataFrame, prediction: str) -> pl.DataFrame:
    """The same rows, with each number but the prediction mirrored in its range: what was rare is common."""
    mirrored = [
        (pl.col(name).max() + pl.col(name).min() - pl.col(name)).cast(kind).alias(name)
        for name, kind in reference.schema.items()
        if kind.is_numeric() and name != prediction
    ]
    return reference.with_columns(mirrored)


def _alerts(
    office: Office, monitors: tuple[Monitor, ...], reference: pl.DataFrame, lived: pl.DataFrame
) -> tuple[str, ...]:
    """Names of the monitors that raise an alert over these rows, chunk by chunk, as the supervisor asks them."""
    chunk = office.operate.monitoring.chunk
    fitted = [each.fit(reference) for each in monitors]
    alarms = Alarms([each.name for each in monitors], office.operate.monitoring.budget)
    first, last = lived[TICK].min(), lived[TICK].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        raise MonitoringError("the release's reference holds no rows; build it again")
    raised = []
    for at in Window(first - (first - datetime.min) % chunk, last + chunk).ticks(chunk):
        window = Window(at, at + chunk)
        rows = lived.filter(pl.col(TICK).is_between(at, at + chunk, closed="left"))
        if rows.height:
            found = alarms.judge([each.measure(rows, window) for each in fitted], window.end)
            raised += [each.monitor for each in found]
    return tuple(raised)
