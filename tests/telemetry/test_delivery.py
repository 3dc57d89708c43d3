"""Delivery: each segment becomes rows of the table once, whatever interrupts it."""

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest

from afield.errors import StoreError, TelemetryError
from afield.records.traffic import Counts, Event, EventBatch, Ingest
from afield.store.tables import Tables
from afield.telemetry import settlement
from afield.telemetry.delivery import SCHEMA, deliver, event_rows
from afield.telemetry.encoding import Record, encode
from afield.telemetry.policy import Policy
from afield.telemetry.recorder import Recorder, totals
from afield.telemetry.segments import segments
from afield.telemetry.spool import Spool

AT = datetime(2023, 7, 1, 18, 15)


def event(number: int, **output: float) -> Event:
    output = output or {"multiplier": 1.5}
    return Event(f"e{number}", "74", "champion", "r", AT, 0.5, 0.1, "p", "v", output, AT, ("clamp",), "prompt")


def batch(name: str = "b", arm: str = "champion", tick: datetime = AT, **output: tuple[float, ...]) -> EventBatch:
    output = output or {"forecast": (1.0, 2.0)}
    return EventBatch(name, ("74", "75"), arm, "r", tick, 1.0, 1.0, "p", "v", output, tick, ("fallback",))


def spooled(folder: Path, *records: Event | EventBatch, writer: str = "w") -> None:
    with Spool(folder, writer=writer) as spool:
        recorder = Recorder(Policy("p"), spool)
        for record in records:
            recorder.record(record)


def test_events_and_batches_become_rows_of_one_shape() -> None:
    rows = event_rows([event(1), batch(), batch("c", "baseline", AT, forecast=(3.0, 4.0), low=(0.0, 0.5))])
    assert rows.height == 5
    assert {name: rows.schema[name] for name in SCHEMA} == SCHEMA
    single, first, *_, last = rows.to_dicts()
    assert (single["id"], single["kind"], single["inclusion"], single["assignment"]) == ("e1", "answer", 0.5, 0.1)
    assert (single["output_multiplier"], single["output_forecast"]) == (1.5, None)
    assert (first["id"], first["unit"], first["kind"], first["tick"]) == ("b:74", "74", "tick", AT)
    assert (first["output_forecast"], first["output_low"], first["applied"]) == (1.0, None, ["fallback"])
    assert (last["id"], last["arm"], last["output_forecast"], last["output_low"]) == ("c:75", "baseline", 4.0, 0.5)


def test_no_events_are_no_rows() -> None:
    assert event_rows([]).schema == SCHEMA


def test_a_batch_whose_values_are_not_those_of_its_units_is_refused() -> None:
    with pytest.raises(TelemetryError, match=r"batch b: .*different lengths"):
        event_rows([batch(forecast=(1.0,))])


def test_facts_do_not_belong_among_events() -> None:
    odd: Record = Ingest()
    with pytest.raises(TelemetryError, match="another spool"):
        event_rows([odd])


def test_what_was_recorded_is_in_the_table_and_out_of_the_spool(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "tables")
    spooled(tmp_path / "spool", event(1), batch())
    assert deliver(tmp_path / "spool", tables) == 3
    assert sorted(tables.scan("predictions").collect()["id"]) == ["b:74", "b:75", "e1"]
    assert segments(tmp_path / "spool") == []
    assert totals(tmp_path / "spool") == Counts(offered=3, delivered=3)
    assert deliver(tmp_path / "spool", tables) == 0


def test_a_new_output_is_a_new_column(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "tables")
    for number, name in enumerate(("forecast", "surge")):
        spooled(tmp_path / "spool", event(number, **{name: 1.0}))
        deliver(tmp_path / "spool", tables)
    found = tables.scan("predictions").collect()
    assert found["output_forecast"].null_count() == found["output_surge"].null_count() == 1


@pytest.mark.parametrize("crash_at", ["settle", "sync_folder"])
def test_a_crash_between_commit_and_unlink_doubles_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: str
) -> None:
    tables = Tables(tmp_path / "tables")
    spooled(tmp_path / "spool", event(1), batch())

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(settlement, crash_at, crash)
        with pytest.raises(KeyboardInterrupt):
            deliver(tmp_path / "spool", tables)
    assert tables.scan("predictions").collect().height == 3
    deliver(tmp_path / "spool", Tables(tmp_path / "tables"))
    assert tables.scan("predictions").collect().height == 3
    assert totals(tmp_path / "spool") == Counts(offered=3, delivered=3)


def test_a_table_that_cannot_be_written_keeps_the_segments(tmp_path: Path) -> None:
    (tmp_path / "tables").write_text("")
    spooled(tmp_path / "spool", event(1))
    with pytest.raises(StoreError):
        deliver(tmp_path / "spool", Tables(tmp_path / "tables"))
    assert totals(tmp_path / "spool") == Counts(offered=1, spooled=1)


def test_a_record_of_a_newer_schema_stops_its_segment_and_keeps_it(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", writer="w") as spool:
        spool.append(b"\x7f" + encode(event(1))[1:])
    with pytest.raises(TelemetryError, match="upgrade"):
        deliver(tmp_path / "spool", Tables(tmp_path / "tables"))
    assert len(segments(tmp_path / "spool")) == 1


def test_several_writers_deliver_to_one_table(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "tables")
    for writer in ("worker-0", "worker-1", "supervisor"):
        spooled(tmp_path / "spool", batch(writer), writer=writer)
    assert deliver(tmp_path / "spool", tables) == 6
    assert tables.scan("predictions").select(pl.col("id").n_unique()).collect().item() == 6


DELIVERER = """
import sys
from pathlib import Path
from afield.store.tables import Tables
from afield.telemetry.delivery import deliver
print("ready", flush=True)
while True:
    deliver(Path(sys.argv[1]) / "spool", Tables(Path(sys.argv[1]) / "tables"))
"""


@pytest.mark.slow
def test_a_deliverer_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    offered = 0
    for round_ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", DELIVERER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with Spool(tmp_path / "spool", writer="w", segment_bytes=2000) as spool:
                recorder = Recorder(Policy("p"), spool)
                for number in range(5 + 7 * round_ % 40):
                    recorder.record(batch(f"{round_}-{number}", tick=AT + timedelta(minutes=15 * number)))
                    offered += 2
                    spool.seal()
            process.kill()
        assert totals(tmp_path / "spool").offered == offered
    tables = Tables(tmp_path / "tables")
    deliver(tmp_path / "spool", tables)
    found = tables.scan("predictions").collect()
    assert found.height == found["id"].n_unique() == offered
    assert totals(tmp_path / "spool") == Counts(offered=offered, delivered=offered)


def test_how_long_answers_took_is_a_column_where_it_was_measured_and_leaves_none_otherwise() -> None:
    plain = Event("e1", "a", "champion", "r", AT, 1.0, 1.0, "all", "", {"x": 1.0}, AT)
    assert "took" not in event_rows([plain]).columns
    assert event_rows([plain, msgspec.structs.replace(plain, took=0.25)])["took"].to_list() == [None, 0.25]
