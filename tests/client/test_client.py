"""A device from its first contact on: with and without a network, a second start, two processes, its end."""

import socket
import threading
from pathlib import Path

import msgspec
import numpy as np
import pytest

from afield.application import load
from afield.client.client import Client
from afield.client.synchroniser import JITTER
from afield.errors import RequestError
from afield.records.table import Table
from afield.serving.levels import coded
from afield.testing.stand import TICK, Stand
from afield.testing.toy import SHOPS
from tests.client.conftest import EAST, Device
from tests.client.upstream import Server


def test_a_device_answers_as_the_service_does_after_its_first_contact(first: str, client: Client) -> None:
    answer = client.ask(EAST)

    assert client.standing().problem == ""
    assert (answer.release, answer.applied, answer.output) == (first, (), {"forecast": 5.0, "bake": 5.0})
    assert answer.facts_age == 600.0


def test_before_the_first_contact_the_neutral_answer_is_given_and_says_so(server: Server, device: Device) -> None:
    server.down = True
    client = device()
    client.synchronise()

    answer = client.ask(EAST)

    assert (answer.release, answer.applied, answer.output) == ("none", ("fallback:neutral",), {"bake": 10.0})
    assert "http://127.0.0.1" in client.standing().problem


def test_before_the_first_contact_what_was_compiled_into_the_product_answers(
    stand: Stand, server: Server, device: Device, tmp_path: Path
) -> None:
    columns = {name: coded(np.full(4, value)) for name, value in (("forecast", 7.0), ("low", 4.0), ("high", 10.0))}
    table = Table("toy", "r0", TICK, 1e7, 3600.0, TICK, 3600.0, 1, ("usual",), SHOPS, columns)
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "table.json").write_bytes(msgspec.json.encode(table))
    server.down = True
    client = device(static=tmp_path / "static")
    client.synchronise()

    offline = client.ask(EAST)
    server.down = False
    digest = stand.release()
    stand.rows()
    stand.control(digest)
    client.synchronise()

    assert (offline.release, offline.applied, offline.output) == (
        "r0",
        ("static:usual",),
        {"forecast": 7.0, "bake": 7.0},
    )
    assert client.ask(EAST).release == digest
    assert [event.id for event in server.events] == [offline.id]


def test_without_a_network_the_device_goes_on_and_says_how_old_its_facts_are(server: Server, client: Client) -> None:
    server.down = True
    client.synchronise()

    late = client.ask(b'{"shop": "east", "at": "2026-03-02T10:30:00"}')

    assert (late.applied, late.facts_age) == ((), 5400.0)
    assert client.standing().problem != ""


def test_a_second_start_without_a_network_answers_from_what_was_kept(
    server: Server, client: Client, device: Device, first: str
) -> None:
    client.stop()
    server.down = True

    again = device()

    assert again.ask(EAST).release == first
    assert again.standing().sequence == 1


def test_of_two_processes_with_one_folder_one_fetches_and_both_answer(
    stand: Stand, server: Server, client: Client, device: Device
) -> None:
    other = device()
    server.asked.clear()
    other.synchronise()
    assert server.asked == []
    second = stand.release((0.0, 1.0))
    stand.control(second)

    client.synchronise()
    other.synchronise()

    assert other.ask(EAST).release == second
    client.stop()
    stand.control(stand.release((1.0, 0.0)))
    other.synchronise()
    assert other.ask(EAST).release not in (second, "none")


def test_the_next_good_request_after_a_wrong_one_is_answered(client: Client) -> None:
    with pytest.raises(RequestError):
        client.ask(b'{"shop": "nowhere", "at": "2026-03-02T09:10:00"}')
    with pytest.raises(msgspec.DecodeError):
        client.ask(b'{"shop": "east", "at": "2026-03-02T09:10:00"')

    assert client.ask(EAST).applied == ()


def test_the_thread_brings_what_is_new_and_stops(stand: Stand, device: Device) -> None:
    digest = stand.release()
    stand.rows()
    stand.control(digest)
    client = device()

    client.start()
    client.wait(10.0)
    client.stop()

    assert client.standing().release == digest


def test_answers_go_on_while_releases_are_swapped_and_each_is_its_own_release_s(
    stand: Stand, client: Client, first: str
) -> None:
    truth = {first: 5.0}
    answers: list[tuple[str, float, tuple[str, ...]]] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            answer = client.ask(EAST)
            answers.append((answer.release, answer.output["forecast"], answer.applied))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for number in range(1, 6):
            release = stand.release((number / 8, 0.5))
            truth[release] = number / 8 * 4.0 + 3.0
            stand.control(release)
            client.synchronise()
            while answers[-1][0] != release:
                assert asking.is_alive()
    finally:
        done.set()
        asking.join()

    assert {release for release, _, _ in answers} == set(truth)
    assert all(abs(output - truth[release]) < 1e-6 for release, output, _ in answers)
    assert {applied for _, _, applied in answers} == {()}


def test_what_is_wrong_is_logged_once(server: Server, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    server.down = True
    for _ in range(3):
        client.synchronise()

    assert [record.getMessage() for record in caplog.records] == [client.standing().problem]


def test_it_ends_while_a_connection_does_not_come_about_and_lets_its_folder_go_afterwards(
    stand: Stand, device: Device, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def never(*_: object, **__: object) -> socket.socket:
        asked.set()
        answered.wait(60.0)
        raise OSError("nobody there")

    other = device()
    with monkeypatch.context() as patched:
        patched.setattr(socket, "create_connection", never)
        client = device()
        client.ask(EAST)
        client.start()
        asked.wait()
        client.stop()
        assert not answered.is_set()
        other.synchronise()
        assert other.standing().release == ""
    answered.set()
    for thread in threading.enumerate():
        if thread.name == "synchroniser":
            thread.join()
    other.synchronise()

    assert other.standing().release == first


@pytest.mark.parametrize("name", ["surge", "signs"])
def test_a_device_looks_in_the_rhythm_that_the_planner_weighs(name: str, tmp_path: Path) -> None:
    application = load(name)
    considered = application.requirements.considerations
    assert considered is not None
    client = Client(application, tmp_path, "http://127.0.0.1:9")
    pause = client._synchroniser.pause()
    client.stop()

    assert pause == pytest.approx(considered.model.sync_s, rel=JITTER)
