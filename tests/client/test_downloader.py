"""What a service publishes, as it comes to hold on a device: rows, modes, releases, rollbacks; or nothing of it."""

from datetime import timedelta

import pytest

from afield.client.client import Client
from afield.testing.stand import TICK, Stand
from tests.client.conftest import EAST, Device
from tests.client.upstream import Server, ordered


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


def test_an_order_for_the_release_in_force_is_remembered(stand: Stand, client: Client, first: str) -> None:
    stand.control(first, order=ordered(stand, first, 7))

    client.synchronise()

    assert client.standing().sequence == 7


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


def test_of_a_service_of_another_application_nothing_is_taken(stand: Stand, client: Client, first: str) -> None:
    stand.control(stand.release((0.0, 1.0), application="surge"), mode="off")
    stand.rows(TICK + timedelta(hours=1))

    client.synchronise()

    assert client.situation.rows is not None
    assert client.situation.rows.tick == TICK
    assert (client.ask(EAST).release, client.ask(EAST).applied) == (first, ())
    assert "serves surge, not this application" in client.standing().problem


def test_a_challenger_is_fetched_for_a_canary_only(stand: Stand, server: Server, client: Client, first: str) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(first, challenger=second, stage="shadow")
    client.synchronise()
    assert server.paths(f"/v1/bundles/{second}") == []

    stand.control(first, challenger=second, stage="canary", canary_share=1.0, salt="s")
    client.synchronise()

    assert client.ask(EAST).release == second
    assert client.standing().sequence == 1


def test_a_damaged_snapshot_is_left_aside_and_fetched_anew(
    stand: Stand, server: Server, device: Device, first: str
) -> None:
    client = device()
    server.changed = lambda at, body: body[:-1] + b"?" if at.startswith("/v1/snapshots") else body
    client.synchronise()
    assert client.situation.rows is None

    server.changed = lambda _, body: body
    client.synchronise()

    assert client.ask(EAST).applied == ()


def test_a_service_that_publishes_nothing_is_told_from_one_that_cannot_be_reached(
    server: Server, device: Device
) -> None:
    client = device()

    client.synchronise()

    assert (
        client.standing().problem
        == f"{server.url} publishes nothing; give the address of a service of this application"
    )


def test_a_page_that_asks_to_sign_in_is_no_snapshot(server: Server, client: Client, first: str) -> None:
    server.refusal = 200

    client.synchronise()

    assert "/v1/snapshots/control: it is not a snapshot" in client.standing().problem
    assert (client.ask(EAST).release, client.ask(EAST).applied) == (first, ())


@pytest.mark.parametrize(("status", "hint"), [(401, "in force"), (403, "role"), (500, "answered 500")])
def test_a_device_that_is_not_let_in_says_why_and_answers(
    server: Server, client: Client, first: str, status: int, hint: str
) -> None:
    client.ask(EAST)
    server.refusal = status

    client.synchronise()

    assert hint in client.standing().problem
    assert client.ask(EAST).release == first
    assert client.standing().events.spooled == 2
