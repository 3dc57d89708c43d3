"""The tables or the ledger do not answer for a while: the service goes on, says so, and nothing is lost."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from afield.commands.watch import WRITER
from afield.control.actions import Actions, Journal
from afield.control.controller import Controller
from afield.control.office import Office
from afield.control.orphans import end, running_with
from afield.control.process import Running, serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.errors import StoreError
from afield.replay import Client
from afield.serving.health import STALE
from afield.store.founding import name_ledger
from afield.telemetry.claims import claim_any
from afield.testing.postgres import Server, postgres
from tests.control.loads import Load, everything_is_kept_once, say, tick, until
from tests.workshop.village import UNTIL, copied

ENOUGH = 30
pytestmark = pytest.mark.slow


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Office]:
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path)
    yield opened
    for left in running_with(opened.home.folder / "service.json"):
        end(left)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as running:
        yield running


def health(service: Running) -> dict[str, object]:
    client = Client(service.url)
    try:
        return client.health()
    finally:
        client.close()


def test_while_the_tables_are_gone_answers_go_on_and_afterwards_all_are_kept(office: Office) -> None:
    port, tables = free_port(), office.home.tables
    terms = Terms(port=port, by_events=True)
    with serving("surge", office.application.options, office.home.root, terms, say) as service:
        before = UNTIL - timedelta(hours=1)
        tick(service, before)
        until(lambda: health(service)["tick"] == before.isoformat(), service.alive)
        tables.rename(tables.with_name("aside"))
        tables.write_text("no folder")
        tick(service)
        with Load(port, clients=1) as load:
            until(lambda: "the supervisor: " in str(health(service)["problem"]), service.alive)
            already = len(load.answers)
            until(lambda: len(load.answers) > already + ENOUGH, service.alive)
            assert health(service)["ready"]
            tables.unlink()
            tables.with_name("aside").rename(tables)
            until(lambda: "the supervisor: " not in str(health(service)["problem"]), service.alive)
    assert load.broken == []
    everything_is_kept_once(office, load)


Fault = Callable[[Server, str], AbstractContextManager[None]]
FAULTS: dict[str, tuple[Fault, str]] = {
    "gone": (lambda server, _: server.gone(), "the supervisor: the ledger"),
    "locked": (lambda server, url: server.locked(url), "the supervisor: the ledger"),
    "frozen": (lambda server, _: server.frozen(), "the supervisor was last alive"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_while_a_ledger_on_postgresql_does_not_answer_answers_go_on_and_afterwards_all_are_kept(
    fault: str, office: Office, server: Server
) -> None:
    url, port = server.url(), free_port()
    office = on_server(office, url)
    breaks, said = FAULTS[fault]
    terms = Terms(port=port, by_events=True)
    with serving("surge", office.application.options, office.home.root, terms, say) as service:
        tick(service)
        until(lambda: health(service)["tick"] == UNTIL.isoformat(), service.alive)
        with Load(port, clients=1) as load:
            with breaks(server, url):
                until(lambda: said in str(health(service)["problem"]), service.alive, patience=STALE + 30)
                already = len(load.answers)
                until(lambda: len(load.answers) > already + ENOUGH, service.alive)
                assert health(service)["ready"]
            until(lambda: health(service)["problem"] == "", service.alive, patience=STALE + 30)
            office.by("somebody").mode("prompt", "is the ledger followed again?", UNTIL)
            until(lambda: health(service)["mode"] == "prompt", service.alive)
    assert load.broken == []
    everything_is_kept_once(office, load)


def test_a_ledger_that_goes_away_as_a_controller_takes_over_does_not_end_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    stop = threading.Event()

    def led(self: Office, journal: Journal) -> Actions:
        tries.append("tried")
        if len(tries) == 1:
            raise StoreError("the ledger is gone")
        return Actions(journal, "surge", self.clock)

    monkeypatch.setattr(Office, "led", led)
    controller = Controller(office, Terms(by_events=True), claim_any(office.home.telemetry, WRITER))
    controller.supervise(stop, stop.set)
    controller.stop()
    assert len(tries) == 2


def on_server(office: Office, url: str) -> Office:
    """The office with its history in the ledger at `url` instead of the file."""
    rows = office.ledger.entries("surge")
    shutil.move(office.home.ledger_file, office.home.root / "moved.db")
    name_ledger(office.home.root, url)
    moved = replace(office)
    for row in rows:
        moved.ledger.append(row)
    return moved
