"""The tables do not answer for a while: the service goes on, says so, and nothing is lost."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from afield.control.office import Office
from afield.control.orphans import end, running_with
from afield.control.process import Running, serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.replay import Client
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
