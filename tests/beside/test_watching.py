"""Beside a service that runs elsewhere: chunks measured once, in order, against a reference, alerts in the ledger."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.application import Monitoring
from afield.beside.events import BATCH
from afield.beside.watching import Beside
from afield.clock import SimulatedClock
from afield.control.office import Office, open_office
from afield.errors import MonitoringError, UsageError
from afield.monitoring.frames import Frame
from afield.monitoring.monitor import FittedMonitor
from afield.records.evidence import Measurement
from afield.records.facts import Window
from surge.application import surge

START = datetime(2026, 3, 2)
CHUNK = timedelta(hours=6)


class Seen:
    """A monitor that keeps what it was shown."""

    name = "seen"

    def __init__(self) -> None:
        self.reference: list[Frame] = []
        self.chunks: list[tuple[Window, Frame]] = []

    def fit(self, reference: Frame, /) -> FittedMonitor:
        self.reference.append(reference)
        return self

    def measure(self, chunk: Frame, window: Window, /) -> Measurement:
        self.chunks.append((window, chunk))
        raise MonitoringError("nothing to say")


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def office(tmp_path: Path, seen: Seen) -> Office:
    opened = open_office(surge(), tmp_path, lambda _: None)
    monitoring = Monitoring(monitors=(seen,), delay=timedelta(0), chunk=CHUNK)
    operate = replace(opened.operate, monitoring=monitoring)
    return replace(opened, operate=operate, clock=SimulatedClock(START + 2 * CHUNK))


@pytest.fixture
def beside(office: Office) -> Iterator[Beside]:
    made = Beside(office, None)
    assert made._lead.take()
    yield made
    made._end()


def send(beside: Beside, hour: int) -> None:
    """A prediction with a feature, and its outcome."""
    at = (START + timedelta(hours=hour)).isoformat()
    said = {"output": {"forecast": 4.0}, "unit": "7", "tick": at, "features": {"rain": 1.5}}
    true = {"prediction": f"p{hour}", "event_time": at, "value": 5.0}
    whole = [
        {"specversion": "1.0", "source": "/s", "id": f"{kind[0]}{hour}", "type": f"dev.afield.{kind}.v1", "data": data}
        for kind, data in (("prediction", said), ("outcome", true))
    ]
    assert beside.inbox.take({"content-type": BATCH}, json.dumps(whole).encode()).accepted == 3


def test_chunks_that_are_over_are_measured_once_against_the_first_with_outcomes(beside: Beside, seen: Seen) -> None:
    assert beside.turn(START) == 0
    for hour in (1, 7, 8, 13):
        send(beside, hour)
    assert beside.turn(START + 2 * CHUNK) == 2
    assert beside.turn(START + 2 * CHUNK) == 0
    assert [window.start for window, _ in seen.chunks] == [START + CHUNK]
    ((_, chunk),) = seen.chunks
    assert isinstance(chunk, pl.DataFrame)
    assert chunk.select("forecast", "truth", "rain").rows() == [(4.0, 5.0, 1.5)] * 2
    assert len(seen.reference) == 1


def test_it_goes_on_where_it_was(beside: Beside, office: Office, seen: Seen) -> None:
    beside.turn(START)
    send(beside, 1)
    beside.turn(START + CHUNK)
    beside._end()
    again = Beside(office, None)
    assert again._lead.take()
    send(again, 7)
    assert again.turn(START + 2 * CHUNK) == 1
    assert [window.start for window, _ in seen.chunks] == [START + CHUNK]
    again._end()


def test_a_reference_that_cannot_be_read_says_so(office: Office, tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"none")
    with pytest.raises(UsageError, match=r"bad\.parquet.*Parquet or CSV"):
        Beside(office, tmp_path / "bad.parquet")
