"""Two services that share an object store and nothing else, behind a balancer; one is killed, the store pauses."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from afield.cli import VERBS, run
from afield.control.office import Office
from afield.control.orphans import end, running_with
from afield.control.service import Terms
from afield.demo import free_port
from afield.errors import ServingError, StoreError, UsageError
from afield.home import Home
from afield.records.traffic import Ingest
from afield.replay import Client
from afield.serving.health import Health
from afield.sharing.sharing import by_store
from afield.store.objects import Objects
from afield.store.secret import secret
from afield.telemetry.settlement import totals
from afield.testing.balancer import Balancer
from afield.testing.stand import Stand
from tests.control.loads import Load, everything_is_kept_once, say, until
from tests.sharing.conftest import TOY
from tests.store.object_store import KEYS, bucket_of
from tests.workshop.village import UNTIL, copied

ENOUGH = 80


def test_without_a_key_that_is_trusted_nothing_is_joined(tmp_path: Path, url: str) -> None:
    with pytest.raises(ServingError, match="holds no public key"):
        by_store(TOY, tmp_path, url, Terms(), "b", say)


def test_without_the_key_for_people_nothing_is_joined(tmp_path: Path, stand: Stand, url: str) -> None:
    shutil.copytree(stand.trusted, tmp_path / "trusted")
    with pytest.raises(ServingError, match="two names in the tables"):
        by_store(TOY, tmp_path, url, Terms(), "b", say)


def test_a_name_or_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="--as"):
        by_store(TOY, tmp_path, url, Terms(), "../b", say)
    with pytest.raises(StoreError, match="names no object store"):
        by_store(TOY, tmp_path, "ftp://host/x", Terms(), "b", say)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--share", "file:///nowhere", "--join", "/nowhere"], "--share is for the service that supervises"),
        (["--share", "file:///nowhere", "--live"], "--share is for the service that supervises"),
        (["--share", "file:///nowhere", "--design", "static"], "--share does nothing with --design static"),
        (["--as", "b"], "give --join"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], told: str
) -> None:
    monkeypatch.setenv("AFIELD_HOME", str(tmp_path))
    assert run(["serve", "afield.testing.toy:toy", *arguments], VERBS) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_there_is_nothing_to_join_where_nothing_was_published(tmp_path: Path, stand: Stand, url: str) -> None:
    shutil.copytree(stand.trusted, tmp_path / "trusted")
    secret(tmp_path / "privacy.key")
    joining = by_store(TOY, tmp_path, url, Terms(), "b", say)
    with pytest.raises(ServingError, match=r"there is nothing to answer with: .*start .* with --share"):
        joining.beside.start()


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Office]:
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path / "first")
    secret(opened.home.privacy)
    yield opened
    for left in running_with(opened.home.folder / "service.json"):
        end(left)


@pytest.fixture
def own(tmp_path: Path, office: Office) -> Home:
    """The home of the second host: a person brought it the keys."""
    made = Home.of(tmp_path / "second", office.application)
    shutil.copytree(office.home.trusted, made.trusted)
    shutil.copy2(office.home.privacy, made.privacy)
    return made


@contextmanager
def service(home: Home, port: int, *options: str) -> "Iterator[subprocess.Popen[bytes]]":
    """A service as its own command, stopped in order at the end; it and its workers are one group of processes."""
    command = [sys.executable, "-m", "afield", "serve", "surge", "--slot", "60m", "--port", str(port), *options]
    environment = {**os.environ, **KEYS, "AFIELD_HOME": str(home.root)}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        yield process
        process.terminate()
        process.wait()
    finally:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """As the machine's plug is pulled."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def health(port: int) -> Health | None:
    """What a service says of itself; None where it does not answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return msgspec.json.decode(connection.getresponse().read(), type=Health)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def serves(port: int, mode: str = "automate") -> bool:
    told = health(port)
    return told is not None and told.ready and told.mode == mode


def tick(port: int) -> None:
    """Let the clock of the events go on, so that feature rows are published."""
    client = Client(f"http://127.0.0.1:{port}")
    client.ingest(Ingest(watermark=UNTIL))
    client.close()


@pytest.mark.slow
def test_a_joined_service_that_is_killed_under_load_loses_nothing_it_accepted(
    office: Office, own: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    first, other = free_port(), free_port()
    with bucket_of() as (endpoint, store):
        url = f"s3://bucket/shared?endpoint_url={endpoint}&allow_http=true"
        joins = ("--join", url, "--as", "host-b")
        with service(office.home, first, "--events-clock", "--share", url):
            until(lambda: health(first) is not None)
            tick(first)
            until(lambda: serves(first))
            with service(own, other, *joins) as second, Balancer((first, other)) as balancer:
                until(lambda: balancer.ready == (first, other))
                with Load(balancer.port) as load:
                    until(lambda: len(load.answers) > ENOUGH and len(load.facts) > ENOUGH)
                    store.send_signal(signal.SIGSTOP)
                    before = len(load.answers)
                    until(lambda: len(load.answers) > before + ENOUGH)
                    store.send_signal(signal.SIGCONT)
                    until(lambda: bool(list(office.home.joined.glob("host-b/facts/*"))))
                    kill(second)
                    before = len(load.answers)
                    until(lambda: balancer.ready == (first,))
                    until(lambda: len(load.answers) > before + ENOUGH)
            office.actions.mode("off", "seen to arrive", datetime.now(UTC).replace(tzinfo=None))
            with service(own, other, *joins):
                until(lambda: serves(other, "off"))
        left = Objects(url, office.home.name).listed("spools")
    assert left == ()
    everything_is_kept_once(office, load)
    assert all(totals(office.home.joined / "host-b" / spool).delivered for spool in ("facts", "telemetry"))
