"""A device from its first contact on: updates, rollbacks, no network, and a second start."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from afield.client.client import Client
from afield.errors import RequestError
from afield.records.table import Table
from afield.serving.static import coded
from afield.testing.stand import TICK, Stand
from afield.testing.toy import SHOPS
from tests.client.upstream import Server, ordered

EAST = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'
Device = Callable[..., Client]


@pytest.fixture
def first(stand: Stand) -> str:
    """A champion with feature rows."""
    digest = stand.release()
    stand.rows()
    stand.control(digest)
    return digest


@pytest.fixture
def client(first: str, device: Device) -> Client:
    """A device that was in contact once."""
    made = device()
    made.synchronise()
    assert made.ask(EAST).release == first
    return made


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

    assert (offline.release, offline.applied, offline.output) == ("r0", ("static:usual",), {"forecast": 7.0, "bake": 7.0})
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


def test_new_rows_overrides_and_modes_hold_after_the_next_contact(stand: Stand, client: Client, first: str) -> None:
    stand.rows(TICK + timedelta(hours=1))
    stand.control(first, mode="off")

    client.synchronise()

    assert client.situation.rows is not None
    assert client.situation.rows.tick == TICK + timedelta(hours=1)
    assert client.ask(b'{"shop": "east", "at": "2026-03-02T10:10:00"}').applied == ("mode:off",)


def test_what_has_not_changed_is_not_sent_again(server: Server, client: Client) -> None:
    client.synchronise()
    server.asked.clear()
    sent: list[int] = []

    def weighed(_: str, body: bytes) -> bytes:
        sent.append(len(body))
        return body

    server.changed = weighed
    client.synchronise()

    assert server.paths("/") == ["/v1/snapshots/control", "/v1/snapshots/rows"]
    assert sent == [0, 0]


def test_a_newer_release_takes_over_and_its_predecessor_stays_as_the_last_good_one(
    stand: Stand, client: Client, first: str
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)

    client.synchronise()

    assert client.ask(EAST).release == second
    assert client.standing().last_good == first
    assert sorted(path.name for path in client.folder.bundles.iterdir()) == sorted([first, second])


def test_only_the_files_that_changed_are_fetched(stand: Stand, server: Server, client: Client) -> None:
    server.asked.clear()
    second = stand.release((0.0, 1.0))
    stand.control(second)

    client.synchronise()

    # The card is the same; the model and the golden rows are not.
    assert len(server.paths(f"/v1/bundles/{second}/")) == 2


def test_a_release_of_two_updates_ago_is_removed(stand: Stand, client: Client, first: str) -> None:
    for weights in ((0.0, 1.0), (1.0, 0.0)):
        stand.control(stand.release(weights))
        client.synchronise()

    assert first not in {path.name for path in client.folder.bundles.iterdir()}


def test_a_rollback_reaches_the_device_where_it_was_signed(stand: Stand, client: Client, first: str) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()

    stand.control(first, order=ordered(stand, first, 3))
    client.synchronise()

    assert client.ask(EAST).release == first
    assert client.standing().sequence == 3


def test_a_rollback_reaches_a_device_that_removed_the_release_meanwhile(
    stand: Stand, client: Client, first: str
) -> None:
    for weights in ((0.0, 1.0), (1.0, 0.0)):
        stand.control(stand.release(weights))
        client.synchronise()

    stand.control(first, order=ordered(stand, first, 4))
    client.synchronise()

    assert client.ask(EAST).release == first


def test_a_downgrade_that_nobody_signed_is_refused_and_the_kill_switch_works_all_the_same(
    stand: Stand, client: Client, first: str
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()

    stand.control(first)
    client.synchronise()
    assert client.ask(EAST).release == second
    assert "a downgrade" in client.standing().problem

    stand.control(first, mode="off")
    client.synchronise()
    assert client.ask(EAST).applied == ("mode:off",)


def test_an_old_order_does_not_bring_an_old_release_back(stand: Stand, client: Client, first: str) -> None:
    stale = ordered(stand, first, 2)
    for weights in ((0.0, 1.0), (1.0, 0.0)):
        champion = stand.release(weights)
        stand.control(champion)
        client.synchronise()

    stand.control(first, order=stale)
    client.synchronise()

    assert client.ask(EAST).release == champion
    assert "has sequence 2, older than 3" in client.standing().problem


def test_after_a_rollback_the_release_that_was_taken_back_is_a_downgrade(
    stand: Stand, client: Client, first: str
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()
    stand.control(first, order=ordered(stand, first, 3))
    client.synchronise()

    stand.control(second)
    client.synchronise()

    assert client.ask(EAST).release == first
    assert "a downgrade" in client.standing().problem


def test_an_order_for_the_release_in_force_is_remembered(stand: Stand, client: Client, first: str) -> None:
    stand.control(first, order=ordered(stand, first, 7))

    client.synchronise()

    assert client.standing().sequence == 7


def test_a_device_whose_notes_are_lost_still_refuses_a_downgrade(
    stand: Stand, client: Client, device: Device, first: str
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()
    client.stop()
    client.folder.state.write_bytes(b"\x00" * 40)

    again = device()
    stand.control(first)
    again.synchronise()

    assert again.ask(EAST).release == second


@pytest.mark.parametrize("name", ["../kept", "..", "", "/", "x" * 64, "A" * 64])
def test_a_service_that_names_a_path_instead_of_a_release_reaches_nothing(
    stand: Stand, client: Client, first: str, name: str
) -> None:
    beside = client.folder.root / "kept"
    beside.mkdir()
    stand.control(name, challenger=name, stage="canary")

    client.synchronise()

    assert beside.is_dir()
    assert client.folder.telemetry.is_dir()
    assert client.ask(EAST).release == first


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


def test_of_a_service_of_another_application_nothing_is_taken(stand: Stand, client: Client, first: str) -> None:
    stand.control(stand.release((0.0, 1.0), application="surge"), mode="off")
    stand.rows(TICK + timedelta(hours=1))

    client.synchronise()

    assert client.situation.rows is not None
    assert client.situation.rows.tick == TICK
    assert (client.ask(EAST).release, client.ask(EAST).applied) == (first, ())
    assert "serves surge, not this application" in client.standing().problem


def test_a_challenger_of_another_application_is_refused(stand: Stand, client: Client, first: str) -> None:
    other = stand.release((0.0, 1.0), application="surge")
    stand.control(first, challenger=other, stage="canary", canary_share=1.0, salt="s")

    client.synchronise()

    assert client.ask(EAST).release == first
    assert "is of surge, not of toy" in client.standing().problem


def test_a_release_that_this_code_does_not_reproduce_is_refused_once_and_the_one_before_stays(
    stand: Stand, server: Server, client: Client, first: str
) -> None:
    wrong = stand.release((0.0, 1.0), expected=99.0)
    stand.control(wrong)
    client.synchronise()
    assert client.ask(EAST).release == first
    assert "golden output 'forecast'" in client.standing().problem

    server.asked.clear()
    client.synchronise()

    assert server.paths("/v1/bundles/") == []


def test_a_challenger_is_fetched_for_a_canary_only(stand: Stand, server: Server, client: Client, first: str) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(first, challenger=second, stage="shadow")
    client.synchronise()
    assert server.paths(f"/v1/bundles/{second}") == []

    stand.control(first, challenger=second, stage="canary", canary_share=1.0, salt="s")
    client.synchronise()

    assert client.ask(EAST).release == second
    assert client.standing().sequence == 1


def test_an_old_release_does_not_come_in_by_way_of_a_canary(stand: Stand, client: Client, first: str) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()

    stand.control(second, challenger=first, stage="canary", canary_share=1.0, salt="s")
    client.synchronise()

    assert client.ask(EAST).release == second
    assert "a downgrade" in client.standing().problem


def test_a_bundle_that_was_harmed_on_the_device_is_stood_in_for_and_fetched_again(
    stand: Stand, server: Server, client: Client, device: Device, first: str
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()
    client.stop()
    model = client.folder.bundles / second / "parts" / "loaves" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"\x00")

    again = device()
    offline = again.ask(EAST)
    again.synchronise()

    assert (offline.release, offline.applied) == (first, ("fallback:last_good",))
    assert again.standing().problem == ""
    assert (again.ask(EAST).release, again.ask(EAST).applied) == (second, ())


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
