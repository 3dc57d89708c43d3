"""Controllers and services as processes: one leads, the next takes over, and the rollback is rehearsed beside them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from afield.commands.watch import WRITER
from afield.control.leading import Lead
from afield.control.office import Office
from afield.control.rehearsal import REHEARSED, Rehearsals
from afield.demo import free_port
from afield.records.traffic import Ingest
from afield.replay import Client
from afield.store.founding import name_ledger
from afield.store.ledger import Ledger
from afield.store.snapshots import publish_control
from afield.telemetry.claims import claim_any
from afield.testing.candidates import bad_candidate
from afield.testing.postgres import postgres
from tests.control.loads import Load, everything_is_kept_once, until
from tests.workshop.village import UNTIL, copied

pytestmark = pytest.mark.slow
PATIENCE = 120.0


@contextmanager
def started(*words: object, root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A verb of the command line in a process of its own; told to stop in order at the end."""
    command = [sys.executable, "-m", "afield", *map(str, words)]
    with (root / f"{words[0]}.log").open("ab") as log:
        process = subprocess.Popen(command, env={**os.environ, "AFIELD_HOME": str(root)}, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def leader(office: Office) -> str:
    """Who leads, by its own words."""
    held = office.ledger.leases.held("surge")
    return held.holder if held is not None and held.remaining > 0 else ""


def led_by(office: Office, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "it ended"
    return leader(office).startswith(f"process {process.pid} ")


def test_the_rollback_is_rehearsed_on_a_copy_timed_and_kept_once(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    office = copied(tmp_path_factory.getbasetemp(), tmp_path)
    first = office.actions.state.champion
    second = bad_candidate(office, first)
    office.by("somebody").promote(second, "to try it", office.newest())
    own = claim_any(office.home.telemetry, WRITER)
    lead = Lead(office.ledger, "surge", own, office.home.telemetry, lambda _: None)
    assert lead.take()
    publish_control(office.home.snapshots, office.led(lead).state.published(1, share=0.0, block=1, now=None))
    rehearsals = Rehearsals(office, lead)
    row = rehearsals.turn()
    again = rehearsals.turn()
    lead.give_up()
    own.release()
    assert row is not None
    assert again is None
    assert (row.kind, row.subject, row.replaces) == (REHEARSED, second, first)
    assert row.evidence["passed"] == 1.0
    assert 0 < float(row.evidence["seconds"]) < 30
    office.actions.refresh()
    assert office.actions.state.champion == second, "production was not touched"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_controllers_and_four_services_lose_nothing_when_the_leader_is_killed(
    kind: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    office = copied(tmp_path_factory.getbasetemp(), tmp_path)
    with ExitStack() as servers, ExitStack() as stack:
        if kind == "postgresql":
            rows = office.ledger.entries("surge")
            shutil.move(office.home.ledger_file, tmp_path / "moved.db")
            name_ledger(tmp_path, servers.enter_context(postgres()).url())
            office = copied_ledger(office, rows)
        first = stack.enter_context(started("watch", "surge", "--events-clock", root=tmp_path))
        until(lambda: led_by(office, first), patience=PATIENCE)
        second = stack.enter_context(started("watch", "surge", "--events-clock", root=tmp_path))
        ports = [free_port() for _ in range(4)]
        for port in ports:
            words = ("serve", "surge", "--join", tmp_path, "--port", port, "--as", f"s{port}")
            stack.enter_context(started(*words, root=tmp_path))
        until(lambda: listens(ports[0]), patience=PATIENCE)
        told = Client(f"http://127.0.0.1:{ports[0]}")
        told.ingest(Ingest(watermark=UNTIL))
        told.close()
        until(lambda: all(map(ready, ports)), patience=PATIENCE)
        loads = [stack.enter_context(Load(port, clients=1)) for port in ports]
        until(lambda: all(len(load.answers) > 20 for load in loads), patience=PATIENCE)
        assert led_by(office, first)
        first.send_signal(signal.SIGKILL)
        until(lambda: led_by(office, second), patience=PATIENCE)
        seen = [len(load.answers) for load in loads]
        until(lambda: all(len(load.answers) > at + 20 for load, at in zip(loads, seen, strict=True)), patience=PATIENCE)
        stack.close()
        with started("watch", "surge", "--events-clock", root=tmp_path) as last:
            until(lambda: led_by(office, last), patience=PATIENCE)
        for load in loads:
            everything_is_kept_once(office, load)


def copied_ledger(office: Office, rows: tuple[object, ...]) -> Office:
    """The office with its ledger where the home was told, holding `rows`."""
    ledger = Ledger(office.home.ledger)
    for row in rows:
        ledger.append(row)
    return Office(office.application, office.home, office.plan, office.operate, office.clock, office.tell)


def listens(port: int) -> bool:
    """Whether a service takes connections there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def ready(port: int) -> bool:
    """Whether a service there answers with a release."""
    if not listens(port):
        return False
    client = Client(f"http://127.0.0.1:{port}")
    try:
        return bool(client.health()["ready"])
    finally:
        client.close()
