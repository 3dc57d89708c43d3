"""Settlement: commit, account, unlink; a crash between any two is made good."""

from pathlib import Path

import pytest

from afield.errors import StoreError, TelemetryError
from afield.records.traffic import Counts
from afield.telemetry import settlement
from afield.telemetry.claims import DRAIN, claim
from afield.telemetry.segments import RECORD, frame, name_of, segments
from afield.telemetry.settlement import drain, totals
from afield.telemetry.spool import Spool


class Sink:
    """Takes each number of a writer once, as a table with application transactions does."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.last: dict[str, int] = {}

    def __call__(self, writer: str, number: int, records: list[bytes]) -> None:
        if number > self.last.get(writer, 0):
            self.last[writer] = number
            self.records += records


def fill(folder: Path, writer: str = "w", segments_: int = 3) -> None:
    with Spool(folder, writer=writer) as spool:
        for number in range(segments_):
            spool.append(f"{writer}{number}".encode(), 2)
            spool.seal()


def test_every_sealed_segment_is_committed_and_removed(tmp_path: Path) -> None:
    fill(tmp_path)
    sink = Sink()
    assert drain(tmp_path, sink) == 6
    assert sink.records == [b"w0", b"w1", b"w2"]
    assert segments(tmp_path) == []
    assert drain(tmp_path, sink) == 0
    assert totals(tmp_path) == Counts(offered=6, delivered=6)


def test_the_segment_being_written_is_left_alone(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w") as spool:
        spool.append(b"one")
        assert drain(tmp_path, Sink()) == 0
    assert drain(tmp_path, Sink()) == 1


@pytest.mark.parametrize("crash_at", ["settle", "sync_folder"])
def test_a_crash_between_commit_and_unlink_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: str
) -> None:
    fill(tmp_path)
    sink = Sink()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(settlement, crash_at, crash)
        with pytest.raises(KeyboardInterrupt):
            drain(tmp_path, sink)
    assert totals(tmp_path).offered == 6
    drain(tmp_path, sink)
    assert sink.records == [b"w0", b"w1", b"w2"]
    assert totals(tmp_path) == Counts(offered=6, delivered=6)


def test_a_segment_that_was_accounted_for_and_not_removed_is_only_removed(tmp_path: Path) -> None:
    fill(tmp_path, segments_=1)
    (segment,) = segments(tmp_path)
    content = segment.path.read_bytes()
    drain(tmp_path, Sink())
    segment.path.write_bytes(content)
    untouched = Sink()
    assert drain(tmp_path, untouched) == 0
    assert untouched.records == []
    assert totals(tmp_path) == Counts(offered=2, delivered=2)


def test_a_commit_that_fails_keeps_the_segment(tmp_path: Path) -> None:
    fill(tmp_path)

    def refuse(_writer: str, _number: int, _records: list[bytes]) -> None:
        raise StoreError("the table is not there")

    with pytest.raises(StoreError):
        drain(tmp_path, refuse)
    assert len(segments(tmp_path)) == 3
    assert totals(tmp_path) == Counts(offered=6, spooled=6)


def test_what_a_killed_writer_left_is_delivered(tmp_path: Path) -> None:
    (tmp_path / name_of("gone", 4)).write_bytes(frame(RECORD, 1, b"one") + b"torn")
    sink = Sink()
    assert drain(tmp_path, sink) == 1
    assert sink.records == [b"one"]


def test_a_writer_whose_account_was_lost_is_another_writer_to_the_table(tmp_path: Path) -> None:
    sink = Sink()
    fill(tmp_path)
    drain(tmp_path, sink)
    (tmp_path / "w.settled").unlink()
    fill(tmp_path)
    assert drain(tmp_path, sink) == 6
    assert len(sink.records) == 6


def test_a_damaged_segment_is_set_aside_loudly_and_the_others_are_delivered(tmp_path: Path) -> None:
    fill(tmp_path)
    middle = segments(tmp_path)[1].path
    with middle.open("ab") as file:
        file.write(b"rubbish")
    sink = Sink()
    with pytest.raises(TelemetryError, match="damaged at byte"):
        drain(tmp_path, sink)
    assert sink.records == [b"w0", b"w1", b"w2"]
    assert segments(tmp_path) == []
    assert middle.with_suffix(".damaged").exists()
    assert drain(tmp_path, sink) == 0


def test_one_process_drains_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlement, "_PATIENCE", 0.0)
    held = claim(tmp_path, DRAIN)
    assert held is not None
    with pytest.raises(TelemetryError, match="another process drains"):
        drain(tmp_path, Sink())
    held.release()
    assert drain(tmp_path, Sink()) == 0


def test_a_damaged_account_is_named(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "w.settled").write_bytes(b"{")
    with pytest.raises(TelemetryError, match=r"w\.settled is damaged"):
        drain(tmp_path, Sink())
