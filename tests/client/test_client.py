"""A device from its first contact on: updates, rollbacks, no network, and a second start."""

from collections.abc import Callable

from afield.client.client import Client
from afield.testing.stand import Stand
from tests.client.upstream import Server

EAST = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'
Device = Callable[..., Client]


def test_a_device_answers_as_the_service_does_after_its_first_contact(
    stand: Stand, server: Server, device: Device
) -> None:
    first = stand.release()
    stand.rows()
    stand.control(first)
    client = device()
    client.synchronise()

    answer = client.ask(EAST)

    assert client.standing().problem == ""
    assert (answer.release, answer.applied, answer.output) == (first, (), {"forecast": 5.0, "bake": 5.0})
    assert answer.facts_age == 600.0
