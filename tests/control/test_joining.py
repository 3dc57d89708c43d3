"""Two services on one home behind a balancer; one is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from afield.control.joining import Joined, by_folder
from afield.control.office import Office
from afield.control.orphans import end, running_with
from afield.control.process import serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.errors import ServingError, UsageError
from afield.testing.balancer import Balancer
from surge.application import surge
from tests.control.loads import Load, everything_is_kept_once, say, tick, until
from tests.workshop.village import copied

ENOUGH = 80


def test_there_is_nothing_to_join_where_nothing_was_published(tmp_path: Path) -> None:
    joining = by_folder(surge(), tmp_path / "own", tmp_path / "share", Terms(), "b")
    service = Joined(surge(), joining, Terms(), say)
    with pytest.raises(ServingError, match="start that one first"):
        service.start()


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--as"):
        by_folder(surge(), tmp_path, tmp_path, Terms(), "../b")


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Office]:
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path / "share")
    yield opened
    for left in running_with(opened.home.folder / "service.json"):
        end(left)


@contextmanager
def second(office: Office, root: Path, port: int) -> "Iterator[subprocess.Popen[bytes]]":
    """A service that joins, as its own command; it and its workers are one group of processes."""
    command = [sys.executable, "-m", "afield", "serve", "surge", "--slot", "60m", "--port", str(port)]
    command += ["--join", str(office.home.root), "--as", "host-b"]
    environment = {**os.environ, "AFIELD_HOME": str(root)}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """As the machine's plug is pulled."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_service_that_joined_and_is_killed_under_load_loses_nothing_it_accepted(
    office: Office, tmp_path: Path
) -> None:
    first, other = free_port(), free_port()
    terms = Terms(port=first, by_events=True)
    with serving("surge", office.application.options, office.home.root, terms, say) as service:
        tick(service)
        with second(office, tmp_path / "own", other) as joined, Balancer((first, other)) as balancer:
            until(lambda: balancer.ready == (first, other), service.alive)
            with Load(balancer.port) as load:
                until(lambda: len(load.answers) > ENOUGH and len(load.facts) > ENOUGH, service.alive)
                kill(joined)
                before = len(load.answers)
                until(lambda: balancer.ready == (first,), service.alive)
                until(lambda: len(load.answers) > before + ENOUGH, service.alive)
    spool = office.home.joined / "host-b"
    everything_is_kept_once(office, load)
    accounts = [file.read_bytes() for file in spool.glob("*/*.settled")]
    assert len(accounts) == 2, "the killed service had accepted answers and facts, and both were delivered for it"


@pytest.mark.slow
def test_when_the_first_service_is_killed_the_other_goes_on_and_nothing_is_lost(office: Office, tmp_path: Path) -> None:
    first, other = free_port(), free_port()
    terms = Terms(port=first, by_events=True)
    with serving("surge", office.application.options, office.home.root, terms, say) as service:
        tick(service)
        with second(office, tmp_path / "own", other), Balancer((first, other)) as balancer:
            until(lambda: balancer.ready == (first, other), service.alive)
            with Load(balancer.port) as load:
                until(lambda: len(load.answers) > ENOUGH and len(load.facts) > ENOUGH, service.alive)
                service.process.kill()
                for process in running_with(office.home.folder / "service.json"):
                    os.kill(process, signal.SIGKILL)
                before = len(load.answers)
                until(lambda: balancer.ready == (other,))
                until(lambda: len(load.answers) > before + ENOUGH)
    with serving("surge", office.application.options, office.home.root, terms, say):
        pass
    everything_is_kept_once(office, load)
