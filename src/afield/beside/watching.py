"""Watching beside a service that Afield does not run: what it told is delivered, joined and measured chunk by chunk."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from afield.beside.endpoint import listening
from afield.beside.inbox import Inbox
from afield.beside.payloads import ANSWERED, ASKED, Payloads
from afield.control.history import History
from afield.control.intake import Intake
from afield.control.leading import Lead
from afield.control.office import Office
from afield.control.standing import KINDS, standing
from afield.control.watch import Watch
from afield.errors import MonitoringError, StoreError, UsageError
from afield.records.facts import Window
from afield.serving.access import Access
from afield.store.durable import write_whole
from afield.store.secret import secret
from afield.telemetry.claims import claim_any
from afield.telemetry.delivery import EVENTS, OUTPUT
from afield.telemetry.outcomes import joined
from afield.telemetry.recorder import Recorder
from afield.telemetry.spool import Spool

WRITER = "beside"
PAUSE = 0.25
RETRY = 2.0


class Beside:
    """Takes telemetry and outcomes from elsewhere, and watches what they say."""

    def __init__(self, office: Office, reference: Path | None) -> None:
        """Watch for `office`, against the rows of `reference`, or those of the first chunk with outcomes.

        Raises:
            UsageError: the reference cannot be read.
        """
        self._office = office
        home, operate = office.home, office.operate
        self._measured_file, self._reference_file = home.folder / "beside.measured", home.folder / "beside.reference"
        self._given = _read(reference) if reference is not None else None
        own = claim_any(home.telemetry, WRITER)
        self._lead = Lead(office.ledger, office.application.name, own, home.telemetry, office.tell)
        policy = operate.telemetry
        self._events = Spool(home.telemetry, writer=own, mode=policy.mode, max_bytes=policy.max_bytes)
        self._facts = Spool(home.facts, writer=claim_any(home.facts, WRITER), mode="durable")
        self._intake = Intake(
            History(office.tables, {}, operate.step), office.tables, {}, home.facts, home.telemetry, self._events,
            office.tell, None, operate.outcomes,
        )  # fmt: skip
        recorder = Recorder(policy, self._events, secret(home.privacy))
        payloads = Payloads(operate.output, operate.step, ZoneInfo(office.application.zone), office.clock.now)
        self.inbox = Inbox(payloads, recorder, self._facts)
        self._watch: Watch | None = None

    def run(self, address: str, port: int, access: Access, stop: threading.Event, ready: Callable[[str], None]) -> None:
        """Lead, take what comes from those who may, and measure until `stop`; then deliver what was accepted.

        Args:
            address: where to listen.
            port: where to listen there.
            access: who may send.
            stop: ends it once set.
            ready: is told where to send.

        Raises:
            LeaseError: another controller leads by now.
            ServingError: the port is taken.
        """
        with ExitStack() as stack:
            stack.callback(self._end)
            if not self._lead.wait(stop):
                return
            self.deliver()
            self.inbox.remember(self._office.tables, self._office.clock.now())
            ready(stack.enter_context(listening(address, port, self.inbox.take, access)))
            while not stop.is_set():
                self._lead.check()
                try:
                    self.turn(self._office.clock.now())
                except StoreError as error:
                    self._office.tell(f"{error}; what was accepted is kept, and tried again")
                    stop.wait(RETRY)
                stop.wait(PAUSE)

    def deliver(self) -> None:
        """Bring what was accepted to its tables.

        Raises:
            StoreError: a table cannot be written; it stays in the spools.
        """
        self._facts.seal()
        self._intake.deliver()

    def turn(self, now: datetime) -> int:
        """Measure the chunks that are over by `now` and were not measured; how many.

        Raises:
            StoreError: a table or the ledger cannot be used; they are measured again.
        """
        monitoring = self._office.operate.monitoring
        border = now - monitoring.delay
        border -= (border - datetime.min) % monitoring.chunk
        begun = self._measured()
        if begun is None:
            self._note(border)
            return 0
        windows = [Window(start, start + monitoring.chunk) for start in Window(begun, border).ticks(monitoring.chunk)]
        if windows:
            self.deliver()
        for window in windows:
            self.measure(window)
            self._note(window.end)
        return len(windows)

    def measure(self, window: Window) -> None:
        """What the monitors see in a chunk; new alerts go to the ledger.

        Raises:
            StoreError: a table or the ledger cannot be used.
        """
        frame = self._frame(window)
        if not frame.height:
            return
        if self._reference() is None:
            self._office.tell(f"the {frame.height} rows since {window.start} are the reference from now on")
            frame.write_parquet(self._reference_file)
            return
        release = str(frame["release"][-1])
        actions = self._office.led(self._lead)
        self._watch = self._watch or self._monitors()
        for alert in self._watch.measure(frame, window, release):
            self._office.tell(alert.message)
            actions.alert(alert)

    def _frame(self, window: Window) -> pl.DataFrame:
        """Predictions of the chunk with what came true, and the features that came with them."""
        tables = self._office.tables
        found = joined(tables, window, expected=self._office.operate.outcomes).filter(pl.col("arm") == ANSWERED)
        if not found.height:
            return found
        inside = pl.col("tick").is_between(window.start, window.end, closed="left")
        asked = tables.scan(EVENTS).filter(inside & (pl.col("arm") == ASKED)).collect().unique("id")
        names = [name for name in asked.columns if name.startswith(OUTPUT) and asked[name].count()]
        features = asked.select("id", *(pl.col(name).alias(name.removeprefix(OUTPUT)) for name in names))
        return found.join(features, on="id", how="left", suffix="_asked")

    def _monitors(self) -> Watch:
        office, monitoring = self._office, self._office.operate.monitoring

        def reference(_: str) -> pl.DataFrame:
            rows = self._reference()
            if rows is None:
                raise MonitoringError("there is no reference yet; give one: --reference FILE")
            output = OUTPUT + office.operate.output
            return rows.rename({output: office.operate.output, "unit": "key"}, strict=False)

        return Watch(
            monitoring.monitors, (), office.operate.output, reference, office.tell, monitoring.budget,
            lambda: standing(office.ledger.entries(office.application.name, KINDS)),
        )  # fmt: skip

    def _reference(self) -> pl.DataFrame | None:
        if self._given is None and self._reference_file.is_file():
            self._given = pl.read_parquet(self._reference_file)
        return self._given

    def _measured(self) -> datetime | None:
        """Up to when chunks were measured; None before the first."""
        file = self._measured_file
        return datetime.fromisoformat(file.read_text("utf-8")) if file.is_file() else None

    def _note(self, until: datetime) -> None:
        write_whole(self._measured_file, (until.isoformat().encode(),))

    def _end(self) -> None:
        try:
            self.deliver()
        except StoreError as error:
            self._office.tell(f"not everything was delivered: {error}; it is kept, and the next start delivers it")
        finally:
            self._facts.close()
            self._events.close()
            self._lead.give_up()


def _read(file: Path) -> pl.DataFrame:
    """The rows of a Parquet or CSV file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return pl.read_csv(file, try_parse_dates=True) if file.suffix == ".csv" else pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UsageError(f"--reference {file}: {error}; give a Parquet or CSV file") from error
