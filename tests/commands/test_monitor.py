"""`afield monitor`."""

from datetime import timedelta

import numpy as np

from afield.records.traffic import EventBatch, Outcome
from afield.store.tables import Tables
from afield.telemetry.delivery import EVENTS, event_rows
from afield.telemetry.outcomes import store_outcomes
from tests.commands.conftest import BUILT, Town
from tests.commands.town import APP, START

HOUR = timedelta(hours=1)


def predicted(town: Town, hours: int) -> None:
    """What a service would have kept in the first hours after the build: forecasts and what came true."""
    release, generator, tables = town.release, np.random.default_rng(1), Tables(town.folder / "tables")
    keys = ("74", "75", "79")
    first = START + BUILT
    batches = [
        EventBatch(
            f"t{hour}",
            keys,
            "champion",
            release,
            first + hour * HOUR,
            1.0,
            1.0,
            "p",
            "v",
            {"forecast": (4.0, 5.0, 6.0)},
            first,
        )
        for hour in range(hours)
    ]
    tables.append(EVENTS, event_rows(batches))
    outcomes = [
        Outcome(
            f"{key}@{hour}",
            key,
            first + hour * HOUR,
            first + (hour + 1) * HOUR,
            "counted",
            float(generator.poisson(5.0)),
            None,
        )
        for hour in range(hours)
        for key in keys
    ]
    store_outcomes(tables, outcomes)


def test_without_telemetry_it_says_how_to_get_some(town: Town) -> None:
    done = town("monitor", APP)
    assert done.code == 1
    assert "no prediction of release" in done.err
    assert town("monitor", APP, "--chunks", "0").code == 2


def test_every_monitor_is_measured_with_weight_interval_and_reference(town: Town) -> None:
    predicted(town, 48)
    done = town("monitor", APP, "--json")
    assert done.code == 0
    series = done.value["measured"]["series"]
    (*_, last) = series["performance"]
    assert last["metric"] == "poisson_deviance"
    assert last["estimate"]["weight"] == 36
    assert last["estimate"]["interval"]["low"] < last["estimate"]["value"] < last["estimate"]["interval"]["high"]
    assert last["reference"] > 0
    assert len(series["performance"]) == 4
    assert len(series["drift"]) == 4
    text = town("monitor", APP, "--chunks", "2").out
    assert "2 false alarms a year are expected at most" in text
