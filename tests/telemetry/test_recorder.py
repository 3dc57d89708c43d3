"""The recorder: offered = delivered + spooled + sampled_out + dropped, at every step."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.errors import TelemetryError
from afield.records.traffic import Counts, Event, EventBatch
from afield.telemetry.encoding import decode
from afield.telemetry.policy import Policy
from afield.telemetry.recorder import Recorder, totals
from afield.telemetry.segments import read, segments
from afield.telemetry.settlement import drain
from afield.telemetry.spool import Spool

AT = datetime(2023, 7, 1, 18, 15)


def event(number: int) -> Event:
    return Event(f"e{number}", "74", "champion", "r", AT, 1.0, 1.0, "p", "v", {"forecast": float(number)}, AT)


def batch(number: int, arm: str = "champion") -> EventBatch:
    tick = AT + timedelta(minutes=15 * number)
    return EventBatch(f"{arm}{number}", ("1", "2", "3"), arm, "r", tick, 1.0, 1.0, "p", "v", {"x": (1.0,) * 3}, tick)


def adds_up(counts: Counts) -> bool:
    return (
        counts.offered == counts.delivered + counts.spooled + counts.sampled_out + counts.dropped
        and counts.dropped == sum(counts.dropped_by_reason.values())
    )


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.sampled_from(["event", "batch", "seal", "deliver", "reopen"]), max_size=25))
def test_the_counts_add_up_at_every_step(steps: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("spool")
    policy = Policy("p", share=0.5)
    spool = Spool(folder, writer="w", max_bytes=2000)
    recorder = Recorder(policy, spool)
    offered = offered_here = 0
    for number, step in enumerate(steps):
        if step in {"event", "batch"}:
            recorder.record(event(number) if step == "event" else batch(number))
            offered += 1 if step == "event" else 3
            offered_here += 1 if step == "event" else 3
        elif step == "seal":
            spool.seal()
        elif step == "deliver":
            drain(folder, lambda _writer, _number, _records: None)
        else:
            spool.close()
            assert totals(folder).offered == offered
            spool = Spool(folder, writer="w", max_bytes=2000)
            recorder, offered_here = Recorder(policy, spool), 0
        assert recorder.counts().offered == offered_here
        assert adds_up(recorder.counts())
        assert adds_up(totals(folder))
    spool.close()
    assert totals(folder).offered == offered


def test_a_refusal_is_a_counted_drop_with_its_reason_and_raises_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w", max_bytes=400) as spool:
        recorder = Recorder(Policy("p"), spool)
        for number in range(10):
            recorder.record(event(number))
        counts = recorder.counts()
        assert adds_up(counts)
        assert counts.dropped_by_reason == {"over budget": counts.dropped}
        assert 0 < counts.dropped < 10
    recorder.record(event(10))
    assert recorder.counts().dropped_by_reason["closed"] == 1
    assert totals(tmp_path).dropped == counts.dropped


def test_an_event_that_cannot_be_encoded_is_a_counted_drop(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w") as spool:
        recorder = Recorder(Policy("p"), spool)
        recorder.record(Event("e", "74", "champion", "r", AT, 1.0, 1.0, "p", "v", {"x": 2**70}, AT))
        assert recorder.counts().dropped_by_reason == {"unencodable": 1}


def test_a_sampled_event_carries_its_probability_and_the_policy(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w") as spool:
        recorder = Recorder(Policy("half", share=0.5), spool)
        for number in range(100):
            recorder.record(event(number))
        counts = recorder.counts()
        found = [decode(record) for _, record in read(tmp_path)]
    assert all(isinstance(one, Event) and (one.inclusion, one.policy) == (0.5, "half") for one in found)
    assert len(found) == counts.spooled == 100 - counts.sampled_out
    assert 20 < len(found) < 80


def test_all_arms_of_a_tick_are_in_the_sample_together(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w") as spool:
        recorder = Recorder(Policy("half", share=0.5), spool)
        for number in range(50):
            for arm in ("champion", "challenger", "baseline"):
                recorder.record(batch(number, arm))
        arms: dict[datetime, int] = {}
        for _, record in read(tmp_path):
            one = decode(record)
            assert isinstance(one, EventBatch)
            arms[one.tick] = arms.get(one.tick, 0) + 1
    assert set(arms.values()) == {3}
    assert 5 < len(arms) < 45


def test_a_policy_that_hashes_needs_a_key(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w") as spool, pytest.raises(TelemetryError, match="random key"):
        Recorder(Policy("p", fields={"unit": "hash"}), spool)


def test_the_counts_of_several_writers_and_of_what_is_gone_are_added(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with Spool(tmp_path, writer=name) as spool:
            Recorder(Policy("p"), spool).record(batch(1))
    drain(tmp_path, lambda _writer, _number, _records: None)
    with Spool(tmp_path, writer="a") as spool:
        Recorder(Policy("p"), spool).record(event(1))
        assert totals(tmp_path) == Counts(offered=7, delivered=6, spooled=1)
    assert len(segments(tmp_path)) == 1


def test_a_spool_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert totals(tmp_path / "none") == Counts()


def test_what_a_device_drew_under_the_same_policy_is_not_drawn_again(tmp_path: Path) -> None:
    policy = Policy("half", share=0.5)
    with Spool(tmp_path / "device", writer="w") as spool:
        device = Recorder(policy, spool)
        for number in range(40):
            device.record(event(number))
        drawn = device.counts().spooled
    with Spool(tmp_path / "service", writer="w") as spool:
        service = Recorder(policy, spool)
        for _, record in read(tmp_path / "device"):
            one = decode(record)
            assert isinstance(one, Event)
            service.take(one)
    kept = [decode(record) for _, record in read(tmp_path / "service")]
    assert len(kept) == drawn
    assert {one.inclusion for one in kept if isinstance(one, Event)} == {0.5}


def test_a_device_s_event_that_cannot_be_kept_is_refused_and_not_counted(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w", max_bytes=10) as spool:
        recorder = Recorder(Policy("p"), spool)
        with pytest.raises(TelemetryError, match="over budget"):
            recorder.take(event(1))
        assert recorder.counts() == Counts()


def test_after_a_background_sync_failed_every_event_is_a_drop_that_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def fail(_: int) -> None:
        failed.set()
        raise OSError(5, "Input/output error")

    spool = Spool(tmp_path, writer="w")
    recorder = Recorder(Policy("p"), spool)
    monkeypatch.setattr("afield.telemetry.writing.os.fsync", fail)
    recorder.record(event(0))
    assert failed.wait(10)
    # Sealing waits for the sync under way, and meets the same failure.
    with pytest.raises(TelemetryError, match="Input/output error"):
        spool.seal()
    recorder.record(event(1))
    recorder.record(batch(2))
    assert recorder.counts() == Counts(5, 0, 1, 0, 4, {"write failed (Input/output error)": 4})
    assert "open the spool again" in spool.problem
    monkeypatch.undo()
    with pytest.raises(TelemetryError):
        spool.close()
    with Spool(tmp_path, writer="w"):
        assert totals(tmp_path).spooled == 1
