"""What comes in from the spools, and what goes to the tables: facts, outcomes, events."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import polars as pl

from afield.control.emergencies import Emergencies
from afield.control.history import History, as_frame
from afield.errors import TelemetryError
from afield.labelling.contests import CONTESTS, contest_rows
from afield.records.facts import Window
from afield.records.traffic import Ingest, Outcome
from afield.store.tables import Tables
from afield.telemetry.delivery import EVENTS, deliver
from afield.telemetry.encoding import decode
from afield.telemetry.expected import ANY, Expectation
from afield.telemetry.outcomes import OUTCOMES, joined, latest, store_outcomes
from afield.telemetry.segments import Position, read, segments
from afield.telemetry.settlement import drain
from afield.telemetry.spool import Spool
from afield.workshop.plan import Table

COUNTED = "counted"
PATIENCE = 7.0


class Intake:
    """Facts into memory at once; facts, events and outcomes into Delta tables chunk by chunk, each once.

    Attributes:
        watermark: every fact known before this moment has been sent, as far as clients said so.
    """

    def __init__(
        self,
        history: History,
        tables: Tables,
        specs: Mapping[str, Table],
        facts: Path,
        telemetry: Path,
        own: Spool,
        tell: Callable[[str], None],
        joined: Path | None = None,
        expected: Expectation = ANY,
        emergencies: Emergencies | None = None,
    ) -> None:
        """Take from the folders `facts` and `telemetry`, and from those of services that joined.

        Args:
            history: takes the facts.
            tables: take facts, outcomes and events.
            specs: the tables of history.
            facts: spool of facts and outcomes.
            telemetry: spool of events.
            own: the spool that this process records to.
            tell: is told which segment was damaged and set aside.
            joined: folder in which each service that joined keeps two spools of its own, `facts` and `telemetry`.
            expected: what outcomes are to be like; others are kept, and not joined.
            emergencies: hear each fact first; what is theirs does not go into history, and is acted on before it goes.
        """
        self._history = history
        self._tables = tables
        self._specs = {table.kind: (name, table) for name, table in specs.items() if table.kind}
        self._facts = facts
        self._telemetry = telemetry
        self._own = own
        self._tell = tell
        self._joined = joined
        self._expected, self._emergencies = expected, emergencies
        self._seen: dict[Path, dict[str, Position]] = {}
        self.watermark: datetime | None = None

    def poll(self) -> int:
        """Take in what workers accepted since the last call; how many facts were new."""
        return sum(self._poll(folder) for folder in self._spools(self._facts))

    def deliver(self) -> None:
        """Bring every sealed segment to its tables, and remove it after that; a damaged one is set aside and told.

        Raises:
            StoreError: a table cannot be written; the segments stay.
        """
        self.poll()
        self._drain(self._own.seal)
        for folder in self._spools(self._facts):
            self._drain(partial(drain, folder, self._commit))
        for folder in self._spools(self._telemetry):
            self._drain(partial(deliver, folder, self._tables))

    def settle(self, patience: float = PATIENCE) -> None:
        """Wait until workers have handed over what they hold, and deliver it; at most `patience` seconds."""
        deadline = time.monotonic() + patience
        folders = (*self._spools(self._facts), *self._spools(self._telemetry))
        while time.monotonic() < deadline and any(not each.sealed for folder in folders for each in segments(folder)):
            self._own.seal()
            time.sleep(0.02)
        self.deliver()

    def add(self, name: str, rows: pl.DataFrame, chunk: Window) -> None:
        """Add rows to a table of history that say something about the chunk; once."""
        self._tables.append(name, rows, writer="chunks", transaction=_number(chunk))

    def last_chunk(self) -> datetime | None:
        """When the last chunk began whose truth was kept; None before the first."""
        number = self._tables.transaction(OUTCOMES, COUNTED)
        return None if number is None else datetime(1970, 1, 1) + timedelta(seconds=number)

    def came_true(self, labelled: pl.DataFrame, chunk: Window) -> None:
        """Keep the truth of a chunk, once, as outcomes.

        Args:
            labelled: `key`, `event_time`, `known_at` and `value` of each row.
            chunk: the stretch of ticks that they answer.
        """
        rows = labelled.with_columns(
            id=pl.concat_str("key", pl.lit("@"), pl.col("event_time").dt.to_string("iso:strict")),
            source=pl.lit(COUNTED),
            supersedes=pl.lit(None, pl.String),
        )
        store_outcomes(self._tables, rows, writer=COUNTED, transaction=_number(chunk))

    def correct(self, labelled: pl.DataFrame, chunk: Window) -> int:
        """Supersede the outcomes of an earlier chunk that later facts have changed; how many."""
        if not self._tables.exists(OUTCOMES):
            return 0
        inside = pl.col("event_time").is_between(chunk.start, chunk.end, closed="left")
        held = latest(self._tables.scan(OUTCOMES).filter(inside & (pl.col("source") == COUNTED)).collect())
        changed = labelled.join(held.select("key", "event_time", "id", old="value"), on=["key", "event_time"])
        changed = changed.filter(pl.col("value") != pl.col("old"))
        if changed.height:
            rows = changed.with_columns(supersedes="id", id=pl.col("id") + "+", source=pl.lit(COUNTED)).drop("old")
            store_outcomes(self._tables, rows, writer=f"{COUNTED}-corrections", transaction=_number(chunk))
        return changed.height

    def joined(self, window: Window) -> pl.DataFrame:
        """Tick events of the window with what came true."""
        return joined(self._tables, window, expected=self._expected).filter(pl.col("kind") == "tick")

    def answers(self, window: Window) -> pl.DataFrame:
        """Answers that clients asked for in the window; one that a device sent twice counts once."""
        inside = pl.col("tick").is_between(window.start, window.end, closed="left")
        found = self._tables.scan(EVENTS).filter(inside & (pl.col("kind") == "answer")).collect()
        return found.unique("id", keep="first", maintain_order=True)

    def _spools(self, own: Path) -> list[Path]:
        """The spool of this service, and the one like it of every service that joined, whether it lives or not."""
        return [own, *sorted(self._joined.glob(f"*/{own.name}"))] if self._joined is not None else [own]

    def _poll(self, folder: Path) -> int:
        seen = self._seen.setdefault(folder, {})
        batches: list[Ingest] = []
        try:
            for position, raw in read(folder, after=seen):
                seen[position.writer] = position
                batch = decode(raw)
                if isinstance(batch, Ingest):
                    batches.append(batch)
        except TelemetryError:
            self._drain(lambda: drain(folder, self._commit))
        return self._take(batches)

    def _take(self, batches: Sequence[Ingest]) -> int:
        """Facts into memory, all at once, and the watermark forward; how many facts were new."""
        marks = [batch.watermark for batch in batches if batch.watermark is not None]
        if marks:
            self.watermark = max(*marks, self.watermark or marks[0])
        facts = (fact for batch in batches for fact in batch.facts)
        hears = self._emergencies.hears if self._emergencies else lambda _: False
        return self._history.take(fact for fact in facts if not hears(fact))

    def _drain(self, bring: Callable[[], object]) -> None:
        """Bring what can be brought: one damaged segment must not hold up the others, nor stop the service."""
        try:
            bring()
        except TelemetryError as error:
            self._tell(f"not everything was delivered: {error}")

    def _commit(self, writer: str, number: int, records: list[bytes]) -> None:
        """Keep one segment of facts, outcomes and contests; it may have been sealed since the last poll."""
        batches = [batch for batch in map(decode, records) if isinstance(batch, Ingest)]
        self._take(batches)
        if self._emergencies:
            self._emergencies.act()
        facts = [fact for batch in batches for fact in batch.facts]
        for kind, (name, table) in self._specs.items():
            rows = as_frame((fact for fact in facts if fact.kind == kind), table)
            if rows.height:
                self._tables.append(name, rows, writer=writer, transaction=number)
        sent: Iterable[Outcome] = [outcome for batch in batches for outcome in batch.outcomes]
        if sent:
            store_outcomes(self._tables, tuple(sent), writer=writer, transaction=number)
        contests = contest_rows([each for batch in batches for each in batch.contests])
        if contests.height:
            self._tables.append(CONTESTS, contests, writer=writer, transaction=number)


def _number(chunk: Window) -> int:
    """A number that grows with the chunk: the seconds at which it begins."""
    return int((chunk.start - datetime(1970, 1, 1)).total_seconds())
