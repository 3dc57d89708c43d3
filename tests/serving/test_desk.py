import asyncio
import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import msgspec
import pytest

from afield.errors import RequestError
from afield.serving.desk import Desk, within
from afield.serving.http import Reply
from afield.serving.lane import Pace, overloaded
from afield.serving.pending import Pending
from afield.serving.service import Patience
from tests.serving.test_wire import HOST, post, read, sent
from tests.serving.wired import Kitchen, Wired, wired


def asked(service: Wired, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("localhost", service.port, timeout=20)
    connection.request("POST", path, "x", {name.replace("_", "-"): value for name, value in headers.items()})
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply


def cooking(service: Wired) -> socket.socket:
    """A connection whose request the model is busy with."""
    connection = service.connect()
    connection.sendall(post(b"first", path=b"/cook"))
    assert service.kitchen.begun.acquire(timeout=20)
    return connection


@pytest.mark.parametrize("gather", [0.0, 0.01])
def test_requests_that_are_ready_at_once_are_answered_together(gather: float) -> None:
    with wired(patience=Patience(gather=gather)) as service:
        replies = sent(service, b"".join(post(b"%d" % number, path=b"/many") for number in range(20)))
        assert [msgspec.json.decode(body)["body"] for _, _, body in replies] == [str(number) for number in range(20)]
        assert max(service.kitchen.together) > 1
        singles = [count for label, _, count in service.kitchen.counted if label == "many"]
        assert sum(singles) == 20


def test_after_a_stall_that_took_all_its_time_it_answers_again() -> None:
    with wired(patience=Patience(within=0.05)) as service:
        service.kitchen.stall = 0.2
        assert asked(service, "/many").status == 200
        service.kitchen.stall = 0.0
        assert {asked(service, "/many").status for _ in range(3)} == {200}


def test_those_that_would_wait_too_long_are_told_and_the_others_answered() -> None:
    with wired(patience=Patience(within=0.2)) as service:
        service.kitchen.stall = 0.01
        assert asked(service, "/many").status == 200
        replies = sent(service, b"".join([post(b"x", path=b"/many")] * 30))
        statuses = [status for status, _, _ in replies]
        assert (statuses[0], statuses[-1]) == (200, 503)
        assert len(service.kitchen.shed) == statuses.count(503)


def test_no_more_are_answered_together_than_is_bounded() -> None:
    with wired(patience=Patience(together=4)) as service:
        assert len(sent(service, b"".join([post(b"x", path=b"/many")] * 20))) == 20
        assert max(service.kitchen.together) <= 4


class Turns(asyncio.SelectorEventLoop):
    """A loop that never runs: what is to come soon is called by the test."""

    def __init__(self) -> None:
        self.soon: list[Callable[..., object]] = []
        super().__init__()

    def call_soon(self, callback: Callable[..., object], *_: object, **__: object) -> asyncio.Handle:
        self.soon.append(callback)
        return asyncio.Handle(callback, (), self)

    def turn(self) -> None:
        due, self.soon = self.soon, []
        for callback in due:
            callback()


class Client:
    """Takes replies, and nothing else."""

    lost = False

    def answer(self, _: Pending, __: Reply) -> None:
        """Take a reply."""


@contextmanager
def turning() -> Iterator[tuple[Turns, Kitchen, Callable[[int], None]]]:
    """A loop, what was answered, and how so many requests come to a desk."""
    with closing(Turns()) as loop:
        kitchen = Kitchen()
        desk = Desk(kitchen.service(Patience()), loop)

        def come(count: int) -> None:
            for _ in range(count):
                pending = Pending(Client(), "POST", "/many", "", {"host": "localhost"}, began=loop.time())
                assert desk.admit(pending) is None
                desk.take(pending)

        yield loop, kitchen, come


def test_clients_that_were_answered_together_are_looked_for_once_more_while_more_of_them_come() -> None:
    with turning() as (loop, kitchen, come):
        come(4)
        loop.turn()
        loop.turn()
        assert kitchen.together == [4]
        come(2)
        loop.turn()
        come(1)
        loop.turn()
        assert kitchen.together == [4]
        loop.turn()
        assert kitchen.together == [4, 3]


def test_when_as_many_are_ready_as_were_answered_last_none_is_waited_for() -> None:
    with turning() as (loop, kitchen, come):
        for count in (2, 2, 3):
            come(count)
            loop.turn()
            loop.turn()
        assert kitchen.together == [2, 2, 3]


def test_others_are_answered_while_a_slow_one_is_under_way() -> None:
    with wired() as service:
        service.kitchen.go.clear()
        slow = cooking(service)
        assert asked(service, "/echo").status == 200
        service.kitchen.go.set()
        slow.shutdown(socket.SHUT_WR)
        assert [each[0] for each in read(slow)] == [200]


def test_a_lane_that_is_full_sheds_with_the_time_to_come_again() -> None:
    with wired(patience=Patience(waiting=1)) as service:
        service.kitchen.go.clear()
        slow = cooking(service)
        reply = asked(service, "/cook")
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        assert service.kitchen.shed == ["cook"]
        service.kitchen.go.set()
        slow.shutdown(socket.SHUT_WR)
        assert [each[0] for each in read(slow)] == [200]
        assert asked(service, "/cook").status == 200


def test_one_that_waited_longer_than_its_client_does_is_not_begun() -> None:
    with wired() as service:
        service.kitchen.go.clear()
        slow, statuses = cooking(service), []
        late = threading.Thread(
            target=lambda: statuses.append(asked(service, "/cook", X_Request_Timeout_Ms="1").status)
        )
        late.start()
        late.join(0.2)  # longer than the client waits; that it has not been answered yet is what is tested
        assert statuses == []
        service.kitchen.go.set()
        late.join()
        assert (statuses, service.kitchen.shed) == ([503], ["cook"])
        slow.close()


def test_one_whose_client_has_gone_is_not_begun() -> None:
    with wired() as service:
        service.kitchen.go.clear()
        slow, gone = cooking(service), service.connect()
        gone.sendall(post(b"gone", path=b"/cook"))
        asked(service, "/echo")
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.close()
        while len(service.among) > 1:  # until its end has been seen
            asked(service, "/echo")
        service.kitchen.go.set()
        slow.shutdown(socket.SHUT_WR)
        read(slow)
        assert asked(service, "/cook").status == 200
        assert [each for each in service.kitchen.counted if each[0] == "cook"] == [("cook", 200, 1)] * 2


@pytest.mark.parametrize("stated", ["0", "-1", "soon", "1.5", "9" * 20, "\u0663"])
def test_a_time_limit_that_is_none_is_refused(stated: str) -> None:
    with pytest.raises(RequestError, match="milliseconds"):
        within({"x-request-timeout-ms": stated}, 2.0)


def test_the_shorter_of_what_client_proxy_and_service_allow_counts() -> None:
    assert within({}, 2.0) == 2.0
    assert within({"x-request-timeout-ms": "5000"}, 2.0) == 2.0
    assert within({"x-request-timeout-ms": "500", "x-envoy-expected-rq-timeout-ms": "400"}, 2.0) == 0.4


def test_a_pace_begins_with_the_first_answer_and_follows_later_ones() -> None:
    pace = Pace()
    pace.learn(1.0, 10)
    assert pace.seconds == 0.1
    for _ in range(60):
        pace.learn(0.2)
    assert 0.19 < pace.seconds < 0.2


def test_a_refusal_for_want_of_time_says_when_to_come_again() -> None:
    assert dict(overloaded(0.2).headers) == {"retry-after": "1"}
    assert dict(overloaded(7.2).headers) == {"retry-after": "8"}


def test_a_service_that_stops_says_so_finishes_what_it_began_and_closes_each_connection() -> None:
    with wired() as service:
        service.kitchen.go.clear()
        idle, slow = service.connect(), cooking(service)
        service.ask_to_stop()
        while not service.kitchen.left:
            pass
        during = sent(service, b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n", end=False)
        assert [(status, headers["connection"]) for status, headers, _ in during] == [(200, "close")]
        assert not service.kitchen.closed
        service.kitchen.go.set()
        assert [(status, headers["connection"]) for status, headers, _ in read(slow)] == [(200, "close")]
        assert read(idle) == []
        service.stopped()
        assert service.kitchen.closed
