"""What a device recorded arrives at least once, under stable ids, and the counts add up."""

from pathlib import Path

import pytest

from afield.client.client import Client
from afield.client.courier import BATCH
from afield.errors import RequestError
from afield.records.traffic import Counts
from tests.client.conftest import EAST, Device
from tests.client.upstream import Server

SALE = (
    b'{"facts": [{"id": "s1", "kind": "sale", "at": "2026-03-02T08:59:00", "fields": {"shop": "east", "loaves": 2}}]}'
)


def adds_up(counts: Counts) -> bool:
    return counts.offered == counts.delivered + counts.spooled + counts.sampled_out + counts.dropped


def test_answers_given_offline_arrive_with_their_ids_and_releases(server: Server, client: Client) -> None:
    server.down = True
    answers = [client.ask(EAST) for _ in range(BATCH + 20)]
    client.synchronise()
    assert client.standing().events == Counts(BATCH + 20, 0, BATCH + 20, 0, 0)

    server.down = False
    client.synchronise()

    assert [event.id for event in server.events] == [answer.id for answer in answers]
    assert {event.release for event in server.events} == {answers[0].release}
    assert client.standing().events == Counts(BATCH + 20, BATCH + 20, 0, 0, 0)


def test_what_was_taken_but_not_acknowledged_is_sent_again_with_the_same_ids_and_key(
    server: Server, client: Client
) -> None:
    answer = client.ask(EAST)
    server.mute = True
    client.synchronise()
    assert "/v1/telemetry" in client.standing().problem

    server.mute = False
    client.synchronise()

    assert len(server.events) >= 2
    assert {event.id for event in server.events} == {answer.id}
    assert len(set(server.keys)) == 1
    assert client.standing().events == Counts(1, 1, 0, 0, 0)


def test_what_waits_survives_the_end_of_the_process(server: Server, client: Client, device: Device) -> None:
    server.down = True
    ids = {client.ask(EAST).id for _ in range(3)}
    client.stop()
    server.down = False

    again = device()
    again.synchronise()

    assert {event.id for event in server.events} == ids
    assert again.standing().events == Counts(3, 3, 0, 0, 0)


def test_one_event_that_the_service_refuses_holds_up_no_other_and_counts_as_dropped(
    server: Server, client: Client
) -> None:
    ids = [client.ask(EAST).id for _ in range(9)]
    server.refuses = ids[4]

    client.synchronise()
    client.synchronise()

    assert [event.id for event in server.events] == [*ids[:4], *ids[5:]]
    counts = client.standing().events
    assert (counts.delivered, counts.dropped, counts.dropped_by_reason) == (8, 1, {"refused upstream": 1})
    assert adds_up(counts)


def test_facts_told_to_the_device_reach_the_service(server: Server, client: Client) -> None:
    assert client.tell(SALE) == {"facts": 1, "outcomes": 0}

    client.synchronise()

    assert [fact.id for fact in server.facts] == ["s1"]
    assert client.standing().facts == Counts(1, 1, 0, 0, 0)


def test_a_fact_of_an_unknown_kind_is_refused_on_the_device(client: Client) -> None:
    with pytest.raises(RequestError):
        client.tell(SALE.replace(b"sale", b"sold"))


def test_a_service_that_sheds_load_is_asked_again_later(server: Server, client: Client) -> None:
    client.ask(EAST)
    server.status = 503
    client.synchronise()
    assert "answered 503" in client.standing().problem
    assert client.standing().events.spooled == 1

    server.status = 0
    client.synchronise()

    assert len(server.events) == 1


def test_a_damaged_segment_is_set_aside_and_the_rest_is_sent(server: Server, client: Client, device: Device) -> None:
    server.down = True
    client.ask(EAST)
    client.synchronise()
    kept = client.ask(EAST)
    client.synchronise()
    client.stop()
    first, _ = sorted(client.folder.telemetry.glob("*.sealed"))
    first.write_bytes(first.read_bytes()[:-1] + b"\x00")
    server.down = False

    again = device()
    again.synchronise()

    assert [event.id for event in server.events] == [kept.id]
    assert "is damaged" in again.standing().problem
    assert Path(first.with_suffix(".damaged")).exists()
