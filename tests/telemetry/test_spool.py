"""The spool: what is accepted outlives its process, and nothing else is ever read."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.errors import TelemetryError
from afield.telemetry.claims import claim, claim_any
from afield.telemetry.policy import Durability
from afield.telemetry.segments import RECORD, Position, frame, frames, name_of, read, segments
from afield.telemetry.settlement import recover, totals
from afield.telemetry.spool import Spool

MODES: tuple[Durability, ...] = ("fast", "durable", "synced")


def records(folder: Path) -> list[bytes]:
    return [record for _, record in read(folder)]


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not met():
        assert time.monotonic() < deadline, "it did not happen within 10 s"
        threading.Event().wait(0.01)


def fill(spool: Spool, length: int) -> tuple[list[bytes], str]:
    """Append records until one is refused: those accepted, and the refusal."""
    accepted: list[bytes] = []
    while True:
        record = f"{len(accepted):0{length}d}".encode()
        try:
            spool.append(record)
        except TelemetryError as error:
            return accepted, str(error)
        accepted.append(record)


def first_error(tail: Iterator[tuple[Position, bytes]], taken: list[bytes]) -> str:
    """Take records up to an error: what it says."""
    try:
        taken.extend(record for _, record in tail)
    except TelemetryError as error:
        return str(error)
    return ""


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """A disk that fills up: the operating system takes the part of a write that still fits, then refuses."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("mode", MODES)
def test_what_is_accepted_is_read_back_in_order(tmp_path: Path, mode: Durability) -> None:
    sent = [str(number).encode() for number in range(200)]
    with Spool(tmp_path, writer="w", mode=mode, segment_bytes=500) as spool:
        for record in sent:
            spool.append(record)
    assert records(tmp_path) == sent
    assert len(segments(tmp_path)) > 5
    assert all(segment.sealed for segment in segments(tmp_path))


def test_a_durable_record_can_be_read_when_append_returns(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w") as spool:
        spool.append(b"one")
        assert records(tmp_path) == [b"one"]


def test_a_fast_record_is_written_without_a_further_call(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w", mode="fast") as spool:
        spool.append(b"one")
        until(lambda: records(tmp_path) == [b"one"])


def test_a_segment_that_is_old_enough_is_sealed_without_a_further_call(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w", seal_after=0.05) as spool:
        spool.append(b"one")
        until(lambda: [segment.sealed for segment in segments(tmp_path)] == [True])


@settings(deadline=None)
@given(sent=st.lists(st.binary(max_size=40), max_size=8), start=st.integers(0, 3))
def test_a_truncation_at_any_byte_leaves_the_whole_frames_before_it(sent: list[bytes], start: int) -> None:
    whole = [frame(RECORD, 1, record) for record in sent]
    content = b"".join(whole)
    for cut in range(len(content) + 1):
        fit = 0
        while fit < len(whole) and sum(map(len, whole[: fit + 1])) <= cut:
            fit += 1
        assert [item.body for item in frames(content[:cut])] == sent[:fit]
    skipped = sum(map(len, whole[:start]))
    assert [item.body for item in frames(content, skipped)] == sent[start:]


def test_a_torn_tail_loses_nothing_accepted_at_any_byte(tmp_path: Path) -> None:
    sent = [b"a", b"", b"ccc", b"dddd"]
    whole = [frame(RECORD, 1, record) for record in sent]
    content = b"".join(whole)
    for cut in range(len(content) + 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / name_of("w", 1)).write_bytes(content[:cut])
        kept = [record for number, record in enumerate(sent) if sum(map(len, whole[: number + 1])) <= cut]
        assert records(folder) == kept
        with Spool(folder, writer="w") as spool:
            spool.append(b"next")
        assert records(folder) == [*kept, b"next"]
        assert totals(folder).offered == len(kept) + 1


@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_changed_bit_never_invents_a_record(place: int, bit: int) -> None:
    sent = [b"first", b"second", b"third"]
    content = bytearray(b"".join(frame(RECORD, 1, record) for record in sent))
    content[place % len(content)] ^= 1 << bit
    found = [item.body for item in frames(bytes(content))]
    assert found == sent[: len(found)]
    assert len(found) < len(sent)


def test_a_tail_of_zeros_after_a_loss_of_power_is_no_record() -> None:
    assert [item.body for item in frames(frame(RECORD, 1, b"one") + bytes(4096))] == [b"one"]


def test_reading_goes_on_where_it_stopped_for_each_writer(tmp_path: Path) -> None:
    seen: dict[str, Position] = {}
    taken: list[bytes] = []

    def take() -> None:
        for position, record in read(tmp_path, seen):
            seen[position.writer] = position
            taken.append(record)

    with Spool(tmp_path, writer="a") as first, Spool(tmp_path, writer="b", segment_bytes=40) as second:
        for number in range(5):
            first.append(f"a{number}".encode())
            take()
            second.append(f"b{number}".encode())
            if number % 2:
                first.seal()
                take()
    take()
    assert sorted(taken) == sorted(f"{writer}{number}".encode() for writer in "ab" for number in range(5))


def test_reading_stops_before_a_frame_that_is_being_written(tmp_path: Path) -> None:
    path = tmp_path / name_of("w", 1)
    path.write_bytes(frame(RECORD, 1, b"one") + frame(RECORD, 1, b"two")[:-1])
    ((position, record),) = read(tmp_path)
    assert record == b"one"
    path.write_bytes(frame(RECORD, 1, b"one") + frame(RECORD, 1, b"two"))
    assert [record for _, record in read(tmp_path, {"w": position})] == [b"two"]


def test_a_damaged_sealed_segment_is_named_with_the_byte(tmp_path: Path) -> None:
    path = (tmp_path / name_of("w", 1)).with_suffix(".sealed")
    path.write_bytes(frame(RECORD, 1, b"one") + b"rubbish")
    taken: list[bytes] = []
    assert first_error(read(tmp_path), taken).startswith(f"{path} is damaged at byte 16")
    assert taken == [b"one"]


def test_two_living_writers_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("afield.telemetry.spool._PATIENCE", 0.0)
    with Spool(tmp_path, writer="w"), pytest.raises(TelemetryError, match="its own name"):
        Spool(tmp_path, writer="w")
    Spool(tmp_path, writer="w").close()


def test_workers_that_do_not_know_their_number_each_get_a_free_name(tmp_path: Path) -> None:
    with Spool(tmp_path, writer=claim_any(tmp_path, "worker")) as first:
        with Spool(tmp_path, writer=claim_any(tmp_path, "worker")) as second:
            assert (first.writer, second.writer) == ("worker-0", "worker-1")
        with Spool(tmp_path, writer=claim_any(tmp_path, "worker")) as third:
            assert third.writer == "worker-1"


@pytest.mark.parametrize("name", ["", "../w", "a.b", "A", "_drain_", "x" * 65])
def test_a_writer_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(TelemetryError, match="cannot name a writer"):
        Spool(tmp_path, writer=name)


def test_numbers_are_never_used_again(tmp_path: Path) -> None:
    for _ in range(3):
        with Spool(tmp_path, writer="w") as spool:
            spool.append(b"x")
    assert [segment.number for segment in segments(tmp_path)] == [1, 2, 3]


def test_what_a_writer_that_is_gone_left_open_is_sealed_and_of_one_that_lives_is_not(tmp_path: Path) -> None:
    (tmp_path / name_of("gone", 1)).write_bytes(frame(RECORD, 1, b"one") + b"torn")
    with Spool(tmp_path, writer="lives") as spool:
        spool.append(b"two")
        recover(tmp_path)
        assert {segment.writer: segment.sealed for segment in segments(tmp_path)} == {"gone": True, "lives": False}
        assert records(tmp_path) == [b"one", b"two"]


def test_a_budget_refuses_and_accepts_again_once_segments_were_delivered(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w", segment_bytes=200, max_bytes=1000) as spool:
        accepted, refusal = fill(spool, 50)
        assert refusal.startswith("over budget: ")
        assert "raise max_bytes" in refusal
        assert 1000 - 2 * 63 < len(accepted) * 63 <= 1000
        spool.seal()
        for segment in segments(tmp_path)[:2]:
            segment.path.unlink()
        spool.append(b"x" * 50)


@pytest.mark.parametrize("mode", MODES)
def test_a_full_disk_refuses_loudly_and_tears_nothing(tmp_path: Path, mode: Durability) -> None:
    with Spool(tmp_path, writer="w", mode=mode) as spool:
        with file_limit(100_000):
            accepted, refusal = fill(spool, 1000)
        assert refusal.startswith(("disk full", "write failed"))
        assert "free space" in refusal
        spool.append(b"after")
        accepted.append(b"after")
    assert records(tmp_path) == accepted


def test_a_disk_that_fails_on_sync_refuses_everything_until_it_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    spool = Spool(tmp_path, writer="w", mode="synced")
    spool.append(b"one")
    with monkeypatch.context() as patched:
        patched.setattr("afield.telemetry.writing.os.fsync", fail)
        with pytest.raises(TelemetryError, match="Input/output error"):
            spool.append(b"two")
    with pytest.raises(TelemetryError, match="open the spool again"):
        spool.append(b"three")
    with pytest.raises(TelemetryError, match="open the spool again"):
        spool.close()
    with Spool(tmp_path, writer="w", mode="synced") as again:
        again.append(b"four")
    assert records(tmp_path) == [b"one", b"four"]


def test_a_background_sync_that_fails_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    spool = Spool(tmp_path, writer="w")
    with monkeypatch.context() as patched:
        patched.setattr("afield.telemetry.writing.os.fsync", fail)
        spool.append(b"one")
        until(lambda: "Input/output error" in spool.problem)
    with pytest.raises(TelemetryError):
        spool.close()


def test_a_closed_spool_says_so(tmp_path: Path) -> None:
    spool = Spool(tmp_path, writer="w")
    spool.close()
    spool.close()
    with pytest.raises(TelemetryError, match=r"^closed"):
        spool.append(b"x")


def test_threads_may_share_a_spool(tmp_path: Path) -> None:
    with Spool(tmp_path, writer="w", segment_bytes=2000) as spool:

        def write(name: int) -> None:
            for number in range(300):
                spool.append(f"{name}:{number}".encode())
                if number % 50 == 0:
                    spool.seal()

        threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = records(tmp_path)
    for name in range(4):
        own = [int(record.partition(b":")[2]) for record in found if record.startswith(b"%d:" % name)]
        assert own == list(range(300))


def test_a_claim_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from afield.telemetry.claims import claim\n"
        "claim(Path(sys.argv[1]), 'w'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert claim(tmp_path, "w") is None
        process.kill()
    held = claim(tmp_path, "w")
    assert held is not None
    held.release()


WRITER = """
import sys
from pathlib import Path
from afield.telemetry.spool import Spool
folder, start = Path(sys.argv[1]), int(sys.argv[2])
spool = Spool(folder, writer="w", segment_bytes=3000, seal_after=0.05)
number = start
while True:
    spool.append(b"%d" % number, 1)
    # Said only once it was accepted: whatever was said must be there after the kill.
    sys.stdout.write("%d\\n" % number)
    sys.stdout.flush()
    number += 1
"""


@pytest.mark.slow
def test_a_writer_killed_again_and_again_loses_nothing_accepted_and_invents_nothing(tmp_path: Path) -> None:
    start, said = 0, 0
    for round_ in range(60):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(start)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(1 + 37 * round_ % 400):
                said = int(process.stdout.readline())
            os.kill(process.pid, signal.SIGKILL)
            rest = process.stdout.read().rsplit("\n", 1)[0].split("\n")
            said = int(rest[-1]) if rest[-1] else said
        found = [int(record) for record in records(tmp_path)]
        # One record may have been accepted and not said.
        assert found == list(range(len(found)))
        assert said < len(found) <= said + 2
        start = len(found)
    assert totals(tmp_path).spooled == start
