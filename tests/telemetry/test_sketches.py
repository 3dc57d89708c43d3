"""Sketches: of all traffic, mergeable across workers, and adding up with the counts."""

import math
import threading
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.records.facts import Window
from afield.records.traffic import Event, EventBatch
from afield.store.tables import Tables
from afield.telemetry import summaries as summaries_module
from afield.telemetry import tail
from afield.telemetry.delivery import EVENTS, deliver
from afield.telemetry.encoding import decode, encode
from afield.telemetry.policy import Policy
from afield.telemetry.recorder import Recorder
from afield.telemetry.settlement import drain, totals
from afield.telemetry.sketched import Sketched
from afield.telemetry.sketches import Sketcher, merged_distinct, merged_quantiles, sketcher
from afield.telemetry.spool import Spool
from afield.telemetry.summaries import SKETCHES, merge, sketch_rows, summaries

AT = datetime(2023, 7, 1, 18, 15)


def event(number: int, value: float = 1.0, unit: str = "74", arm: str = "champion", at: datetime = AT) -> Event:
    return Event(f"e{number}", unit, arm, "r", AT, 1.0, 1.0, "p", "v", {"x": value}, at)


def batch(number: int) -> EventBatch:
    tick = AT + timedelta(minutes=15 * number)
    return EventBatch(f"b{number}", ("1", "2", "3"), "champion", "r", tick, 1.0, 1.0, "p", "v", {"x": (1.0,) * 3}, tick)


def taken(sketcher: Sketcher) -> Sketched:
    found = sketcher.take()
    assert found is not None
    return found


def test_quantiles_are_within_the_stated_error_of_the_rank() -> None:
    sketcher, draws = Sketcher(), np.random.default_rng(5)
    values = draws.lognormal(size=20_000).astype(np.float32)
    for start in range(0, len(values), 500):
        sketcher.see([event(n, float(value)) for n, value in enumerate(values[start : start + 500])])
    (one,) = taken(sketcher).sketches
    sketch = merged_quantiles([one.outputs["x"].quantiles])
    for rank in (0.01, 0.25, 0.5, 0.75, 0.99):
        assert abs(np.mean(values <= sketch.get_quantile(rank)) - rank) < 0.0133
    assert sketch.get_max_value() == values.max()


def test_sketches_of_several_workers_merge_into_one_of_all() -> None:
    workers = [Sketcher() for _ in range(4)]
    for number in range(8000):
        workers[number % 4].see([event(number, float(number), f"u{number // 2}")])
    parts = [taken(worker).sketches[0] for worker in workers]
    assert sum(part.events for part in parts) == 8000
    assert abs(merged_quantiles(part.outputs["x"].quantiles for part in parts).get_quantile(0.5) - 4000) < 0.0266 * 8000
    assert abs(merged_distinct(part.units for part in parts).get_estimate() - 4000) < 4 * 0.015 * 4000


def test_traffic_is_told_apart_by_release_arm_and_hour() -> None:
    sketcher = Sketcher()
    sketcher.see([event(1), event(2, arm="challenger"), event(3, at=AT + timedelta(hours=1)), event(4)])
    found = {(one.arm, one.hour.hour): one.events for one in taken(sketcher).sketches}
    assert found == {("champion", 18): 2, ("challenger", 18): 1, ("champion", 19): 1}
    assert sketcher.take() is None


def test_values_that_are_no_numbers_are_counted_apart() -> None:
    sketcher = Sketcher()
    odd = Event("e", "74", "champion", "r", AT, 1.0, 1.0, "p", "v", {"x": 10**400}, AT)
    sketcher.see([event(1, math.nan), event(2, math.inf), event(3, 2.0), odd])
    spread = taken(sketcher).sketches[0].outputs["x"]
    assert (spread.values, spread.missing) == (1, 3)


def test_units_are_sketched_as_they_may_be_stored(tmp_path: Path) -> None:
    policy = Policy("p", fields={"unit": "hash", "x": "drop"})
    with Spool(tmp_path, writer="w") as spool:
        recorder = Recorder(policy, spool, b"k" * 32, sketcher(policy, b"k" * 32))
        recorder.record(event(1, unit="alice"))
    plain = Sketcher()
    plain.see([event(1, unit="alice")])
    tables = Tables(tmp_path / "tables")
    deliver(tmp_path, tables)
    (row,) = tables.scan(SKETCHES).collect().to_dicts()
    assert row["output"] == ""
    assert row["distinct"] != taken(plain).sketches[0].units


def test_threads_may_share_a_sketcher() -> None:
    sketcher = Sketcher()
    threads = [
        threading.Thread(target=lambda: [sketcher.see([event(number)]) for number in range(1000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken(sketcher).sketches[0].events == 4000


def test_sketches_survive_their_encoding() -> None:
    sketcher = Sketcher()
    sketcher.see([event(1), batch(2)])
    found = taken(sketcher)
    assert decode(encode(found)) == found


@settings(max_examples=10, deadline=None)
@given(steps=st.lists(st.sampled_from(["event", "batch", "seal", "deliver", "reopen"]), max_size=20))
def test_sketches_cover_everything_offered_whatever_became_of_it(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    folder, tables = home / "spool", Tables(home / "tables")
    # Sampled out, dropped for want of room, spooled and delivered: all of them are sketched.
    policy = Policy("p", share=0.5)
    spool = Spool(folder, writer="w", max_bytes=2000)
    recorder = Recorder(policy, spool, sketcher=sketcher(policy))
    for number, step in enumerate(steps):
        if step in {"event", "batch"}:
            recorder.record(event(number) if step == "event" else batch(number))
        elif step == "seal":
            spool.seal()
        elif step == "deliver":
            deliver(folder, tables)
        else:
            spool.close()
            spool = Spool(folder, writer="w", max_bytes=2000)
            recorder = Recorder(policy, spool, sketcher=sketcher(policy))
    spool.close()
    deliver(folder, tables)
    counts, found = totals(folder), summaries(tables)
    assert counts.offered == counts.delivered + counts.spooled + counts.sampled_out + counts.dropped
    assert found.filter(pl.col("output") == "")["events"].sum() == counts.offered
    assert found.filter(pl.col("output") == "x")["events"].sum() == counts.offered
    assert (tables.scan(EVENTS).collect().height if tables.exists(EVENTS) else 0) == counts.delivered


def test_a_note_is_written_as_a_segment_is_sealed_once_it_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Spool(tmp_path, writer="w") as spool:
        recorder = Recorder(Policy("p", share=0.001), spool, sketcher=Sketcher())
        recorder.record(event(1))
        spool.seal()
        records: list[bytes] = []
        drain(tmp_path, lambda _writer, _number, found: records.extend(found))
        assert records == []
        monkeypatch.setattr(tail, "NOTE_EVERY", 0.0)
        recorder.record(event(2))
        spool.seal()
        drain(tmp_path, lambda _writer, _number, found: records.extend(found))
    (found,) = map(decode, records)
    assert isinstance(found, Sketched)
    assert found.sketches[0].events == 2


def test_delivery_interrupted_between_the_two_tables_doubles_no_sketch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Spool(tmp_path / "spool", writer="w") as spool:
        Recorder(Policy("p"), spool, sketcher=Sketcher()).record(event(1, 3.0))
    tables, append = Tables(tmp_path / "tables"), Tables.append

    def dying(self: Tables, name: str, frame: pl.DataFrame, **how: object) -> int:
        if name == EVENTS:
            raise KeyboardInterrupt
        return append(self, name, frame, **how)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Tables, "append", dying)
        with pytest.raises(KeyboardInterrupt):
            deliver(tmp_path / "spool", tables)
    assert deliver(tmp_path / "spool", tables) == 1
    events, values = summaries(tables).sort("output").to_dicts()
    assert (events["events"], round(events["distinct"])) == (1, 1)
    assert (values["events"], values["low"], values["p50"], values["high"]) == (1, 3.0, 3.0, 3.0)


def test_summaries_are_of_the_hours_asked_for(tmp_path: Path) -> None:
    tables = Tables(tmp_path / "tables")
    assert summaries(tables).height == 0
    with Spool(tmp_path / "spool", writer="w") as spool:
        Recorder(Policy("p"), spool, sketcher=Sketcher()).record_all(
            [event(n, at=AT + timedelta(hours=n)) for n in range(3)]
        )
    deliver(tmp_path / "spool", tables)
    hour = AT.replace(minute=0)
    found = summaries(tables, Window(hour, hour + timedelta(hours=2)))
    assert found["hour"].unique().sort().to_list() == [hour, hour + timedelta(hours=1)]


def handed_over(tables: Tables, worker: int, hours: int = 3) -> None:
    """What one process saw of some hours, handed over in ten parts each."""
    parts = []
    for hour in range(hours):
        for part in range(10):
            own, at = Sketcher(), AT + timedelta(hours=hour)
            own.see([event(n, float(n), f"u{worker}-{n}", at=at) for n in range(part * 20, part * 20 + 20)])
            parts.append(taken(own))
    tables.append(SKETCHES, sketch_rows(parts))


def test_hours_that_are_over_are_merged_into_a_row_each_and_say_the_same(tmp_path: Path) -> None:
    tables = Tables(tmp_path)
    for worker in range(4):
        handed_over(tables, worker)
    before = summaries(tables)
    held = tables.scan(SKETCHES).collect()
    border = AT.replace(minute=0) + timedelta(hours=2)
    assert merge(tables, border) == held.filter(pl.col("hour") < border).height - 4
    after = summaries(tables)
    exact = ("release", "arm", "hour", "output", "events", "missing", "low", "high")
    assert after.select(exact).equals(before.select(exact))
    for name in ("distinct", "p05", "p50", "p95"):
        merged_says, parts_say = after[name].drop_nulls().to_list(), before[name].drop_nulls().to_list()
        assert merged_says == pytest.approx(parts_say, rel=0.06, abs=10), name
    now = tables.scan(SKETCHES).collect()
    assert now.filter(pl.col("hour") >= border).height == held.filter(pl.col("hour") >= border).height
    assert merge(tables, border) == 0, "what is merged is left alone"


def test_what_arrives_while_old_hours_are_merged_is_merged_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables, real, tries = Tables(tmp_path), summaries_module._merged, iter((True, False))
    handed_over(tables, 0)

    def late(rows: pl.DataFrame) -> pl.DataFrame:
        if next(tries):
            handed_over(Tables(tmp_path), 1)
        return real(rows)

    monkeypatch.setattr(summaries_module, "_merged", late)
    assert merge(tables, AT + timedelta(days=1)) == 2 * 3 * 10 * 2 - 6
    assert summaries(tables)["events"].sum() == 2 * 2 * 3 * 200


def test_where_nothing_was_sketched_nothing_is_merged(tmp_path: Path) -> None:
    assert merge(Tables(tmp_path), AT) == 0
