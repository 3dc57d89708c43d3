"""What recording costs a request, and how fast durable telemetry is beside SQLite that syncs as often.

SQLite writes the same encoded records one by one, in a write-ahead log with full sync, committed every 100 ms: what it
took since the last commit is lost with the process, where a durable spool keeps every record that it took.
"""

import sqlite3
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from afield.records.traffic import Event
from afield.telemetry.encoding import encode
from afield.telemetry.policy import Policy
from afield.telemetry.recorder import Recorder
from afield.telemetry.sketches import Sketcher
from afield.telemetry.spool import SYNC_EVERY, Spool
from benchmarks.measure import Result, show

ROUNDS, ROWS = 7, 100_000
COST, AHEAD = 5.0, 1.5
_AT = datetime(2023, 7, 1, 18, 15)


def main() -> None:
    """Measure and print."""
    events = [_event(number) for number in range(ROWS)]
    blobs = [encode(event) for event in events]
    recorded, encoded = _in_turn(lambda folder: _recorded(folder, events), lambda _: _encoded(events))
    ours, theirs = _in_turn(lambda folder: _spooled(folder, blobs), lambda folder: _inserted(folder, blobs))
    cost, ahead = recorded / ROWS * 1e6, theirs / ours
    show(
        [
            Result(
                "record an answer, fast, with sketches of all traffic",
                cost,
                "us",
                "encoding it",
                recorded / encoded,
                f"<= {COST:g} us",
                cost <= COST,
            ),
            Result(
                "durable rows a second",
                ROWS / ours,
                "1/s",
                "SQLite (WAL, synchronous=FULL, a commit each 100 ms)",
                ahead,
                f">= {AHEAD:g} x",
                ahead >= AHEAD,
            ),
        ]
    )


def _event(number: int) -> Event:
    """An event like those of surge."""
    at, output = _AT + timedelta(milliseconds=number), {"forecast": number % 97 / 7, "multiplier": 1.0}
    return Event(
        f"{number:032x}", str(number % 263), "champion", "c" * 64, _AT, 1.0, 0.9, "p", "v" * 16, output, at, ("clamp",)
    )


def _in_turn(ours: Callable[[Path], float], theirs: Callable[[Path], float]) -> tuple[float, float]:
    """Median of the seconds that both report, run A B A B, each round in an empty folder."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for run, taken in zip((ours, theirs), seconds, strict=True):
            with tempfile.TemporaryDirectory() as folder:
                taken.append(run(Path(folder)))
    return median(seconds[0]), median(seconds[1])


def _recorded(folder: Path, events: list[Event]) -> float:
    with Spool(folder, writer="w", mode="fast") as spool:
        record = Recorder(Policy("p", mode="fast"), spool, sketcher=Sketcher()).record
        started = perf_counter()
        for event in events:
            record(event)
        return perf_counter() - started


def _encoded(events: list[Event]) -> float:
    started = perf_counter()
    for event in events:
        encode(event)
    return perf_counter() - started


def _spooled(folder: Path, blobs: list[bytes]) -> float:
    with Spool(folder, writer="w", mode="durable") as spool:
        append = spool.append
        started = perf_counter()
        for blob in blobs:
            append(blob)
        spool.seal()
        return perf_counter() - started


def _inserted(folder: Path, blobs: list[bytes]) -> float:
    database = sqlite3.connect(folder / "events.sqlite", isolation_level=None)
    try:
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE events (record BLOB)"):
            database.execute(statement)
        insert = database.execute
        started = committed = perf_counter()
        insert("BEGIN")
        for blob in blobs:
            insert("INSERT INTO events VALUES (?)", (blob,))
            if perf_counter() - committed >= SYNC_EVERY:
                insert("COMMIT")
                insert("BEGIN")
                committed = perf_counter()
        insert("COMMIT")
        return perf_counter() - started
    finally:
        database.close()


if __name__ == "__main__":
    main()
