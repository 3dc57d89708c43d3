"""Writers killed at random moments: nothing accepted is lost, nothing is invented, nothing is doubled."""

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from afield.store.tables import Tables
from afield.telemetry.delivery import EVENTS, deliver
from afield.telemetry.settlement import totals

WRITERS = 4

WRITER = """
import sys
from datetime import datetime
from pathlib import Path
from afield.records.traffic import Event
from afield.telemetry.policy import Policy
from afield.telemetry.recorder import Recorder
from afield.telemetry.sketches import Sketcher
from afield.telemetry.spool import Spool
folder, slot, session = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
at = datetime(2023, 7, 1, 18, 15)
spool = Spool(folder, writer="w" + slot, segment_bytes=60_000, seal_after=0.5)
recorder = Recorder(Policy("p", mode="durable"), spool, sketcher=Sketcher())
number = 0
while True:
    recorder.record(Event(f"{session}:{number}", "74", "champion", "r", at, 1.0, 1.0, "p", "v", {"x": 1.0}, at))
    # Said only once it was accepted: whatever was said must be there after the kill.
    sys.stdout.write("%d\\n" % number)
    sys.stdout.flush()
    number += 1
"""


class Writer:
    """A process that records until it is killed."""

    def __init__(self, folder: Path, slot: int, session: int) -> None:
        self.session = session
        self._process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(slot), str(session)],
            stdout=subprocess.PIPE,
            # It stops where nobody reads on, after some thousand records.
            pipesize=4096,
        )

    def killed_after(self, lines: int) -> int:
        """Kill it once it has said so many numbers, or at once; how many records it said it had accepted."""
        assert self._process.stdout is not None
        with self._process:
            for _ in range(lines):
                assert self._process.stdout.readline(), "the writer ended by itself"
            self._process.send_signal(signal.SIGKILL)
            rest = self._process.stdout.read().split(b"\n")
        # The last piece is torn or empty: a number counts as said with the end of its line.
        return lines + len(rest) - 1


def kill_again_and_again(home: Path, kills: int, every: int) -> dict[int, int]:
    """Kill one of the writers so many times, and deliver now and then; session → records said to be accepted."""
    folder, tables, draws, said = home / "spool", Tables(home / "tables"), random.Random(kills), {}
    writers = [Writer(folder, slot, slot) for slot in range(WRITERS)]
    try:
        for number in range(kills):
            slot = draws.randrange(WRITERS)
            dying = writers[slot]
            said[dying.session] = dying.killed_after(draws.choice((0, 1, draws.randrange(400))))
            writers[slot] = Writer(folder, slot, WRITERS + number)
            if number % every == every - 1:
                deliver(folder, tables)
    finally:
        for writer in writers:
            said[writer.session] = writer.killed_after(0)
    deliver(folder, tables)
    return said


@pytest.mark.parametrize(("kills", "every"), [(5, 2), pytest.param(200, 10, marks=pytest.mark.slow)])
def test_killed_writers_lose_nothing_accepted_invent_nothing_and_double_nothing(
    tmp_path: Path, kills: int, every: int
) -> None:
    said = kill_again_and_again(tmp_path, kills, every)
    ids: list[str] = Tables(tmp_path / "tables").scan(EVENTS).select(pl.col("id")).collect()["id"].to_list()
    assert max(Counter(ids).values()) == 1
    found: dict[int, list[int]] = {}
    for session, _, number in (each.partition(":") for each in ids):
        found.setdefault(int(session), []).append(int(number))
    assert set(found) <= set(said)
    for session, count in said.items():
        kept = sorted(found.get(session, ()))
        assert kept == list(range(len(kept)))
        # One record may have been accepted and not been said.
        assert count <= len(kept) <= count + 1
    counts = totals(tmp_path / "spool")
    assert (counts.offered, counts.delivered, counts.dropped) == (len(ids), len(ids), 0)
