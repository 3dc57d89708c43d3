"""Requests that wait while a model is busy."""

import socket

import msgspec
import pytest

from afield.serving import lane
from tests.serving.test_desk import asked, cooking
from tests.serving.test_wire import post, read
from tests.serving.wired import Wired, wired


def waiting(service: Wired, requests: bytes) -> list[tuple[int, object]]:
    """The replies to requests that came while the model was busy with another."""
    service.kitchen.go.clear()
    slow, many = cooking(service), service.connect()
    many.sendall(requests)
    many.shutdown(socket.SHUT_WR)
    assert asked(service, "/echo").status == 200
    service.kitchen.go.set()
    slow.shutdown(socket.SHUT_WR)
    read(slow)
    return [(status, msgspec.json.decode(body).get("body")) for status, _, body in read(many)]


def test_those_that_wait_in_a_lane_share_a_pass() -> None:
    with wired() as service:
        replies = waiting(service, b"".join(post(b"%d" % number, path=b"/stew") for number in range(20)))
        assert replies == [(200, str(number)) for number in range(20)]
        assert service.kitchen.together == [20]
        assert sum(count for label, _, count in service.kitchen.counted if label == "stew") == 20


def test_those_of_another_route_or_with_large_bodies_do_not_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "SMALL", 100)
    with wired() as service:
        service.kitchen.together.clear()
        sizes = [b"a", b"b" * 60, b"c" * 60, b"d" * 300]
        stews = [post(size, path=b"/stew") for size in sizes]
        replies = waiting(service, b"".join([*stews[:2], post(b"x", path=b"/cook"), *stews[2:]]))
        assert [status for status, _ in replies] == [200] * 5
        assert service.kitchen.together == [2, 1, 1]
