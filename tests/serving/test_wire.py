import http.client
import socket
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.serving.pending import Limits
from tests.serving.wired import Wired, wired

HOST = b"Host: localhost\r\n"
QUICK = Limits(head=2000, headers=20, head_seconds=0.1, body_seconds=0.1, idle_seconds=0.1, connections=6, pipelined=4)


@pytest.fixture(scope="module")
def service() -> Iterator[Wired]:
    with wired() as running:
        yield running


@pytest.fixture(scope="module")
def strict() -> Iterator[Wired]:
    with wired(QUICK) as running:
        yield running


def read(connection: socket.socket) -> list[tuple[int, dict[str, str], bytes]]:
    """Every reply until the service closes the connection."""
    content = b""
    while True:
        try:
            more = connection.recv(65536)
        except ConnectionResetError:
            break
        if not more:
            break
        content += more
    connection.close()
    return parsed(content)


def parsed(content: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    replies = []
    while content:
        head, _, content = content.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers.get("content-length", "0"))
        replies.append((int(first.split()[1]), headers, content[:length]))
        content = content[length:]
    return replies


def sent(service: Wired, *pieces: bytes, end: bool = True) -> list[tuple[int, dict[str, str], bytes]]:
    """The replies to what is sent; the client then sends no more."""
    connection = service.connect()
    for piece in pieces:
        connection.sendall(piece)
    if end:
        connection.shutdown(socket.SHUT_WR)
    return read(connection)


def still_answers(service: Wired) -> bool:
    return [each[0] for each in sent(service, b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n")] == [200]


def post(body: bytes, *headers: bytes, path: bytes = b"/echo") -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"POST %b HTTP/1.1\r\n%b%bContent-Length: %d\r\n\r\n%b" % (path, HOST, lines, len(body), body)


def test_a_connection_is_kept_and_carries_many_requests(service: Wired) -> None:
    connection = http.client.HTTPConnection("localhost", service.port, timeout=20)
    for number in range(3):
        connection.request("POST", f"/echo?n={number}", f"body {number}")
        told = msgspec.json.decode(connection.getresponse().read())
        assert told == {"method": "POST", "path": "/echo", "query": f"n={number}", "body": f"body {number}"}
    connection.close()


def test_requests_sent_in_one_go_are_answered_in_their_order(service: Wired) -> None:
    service.kitchen.go.clear()
    connection = service.connect()
    connection.sendall(post(b"slow", path=b"/cook") + post(b"quick") + post(b"quicker"))
    service.kitchen.begun.acquire(timeout=20)
    service.kitchen.go.set()
    connection.shutdown(socket.SHUT_WR)
    assert [msgspec.json.decode(body)["body"] for _, _, body in read(connection)] == ["slow", "quick", "quicker"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cuts=st.lists(st.integers(0, 400), max_size=6).map(sorted), bodies=st.lists(st.binary(max_size=60), max_size=3))
def test_however_the_bytes_arrive_the_replies_are_the_same(
    service: Wired, cuts: list[int], bodies: list[bytes]
) -> None:
    content = b"".join(post(body.hex().encode()) for body in bodies)
    pieces = [content[start:end] for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    replies = sent(service, *[piece for piece in pieces if piece])
    assert [msgspec.json.decode(body)["body"] for _, _, body in replies] == [body.hex() for body in bodies]


def test_replies_of_requests_behind_the_last_one_are_dropped_without_a_word(
    service: Wired, caplog: pytest.LogCaptureFixture
) -> None:
    connection = service.connect()
    connection.sendall(b"GET /nowhere HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello" + post(b"unheard"))
    assert [each[0] for each in read(connection)] == [404]
    assert still_answers(service)
    assert caplog.records == []


def test_a_chunked_body_is_put_together(service: Wired) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    ((status, _, body),) = sent(service, head, b"4\r\nlong\r\n", b"5;x=1\r\n text\r\n0\r\n\r\n")
    assert (status, msgspec.json.decode(body)["body"]) == (200, "long text")


def test_a_client_that_asks_first_is_told_to_go_on(service: Wired) -> None:
    connection = service.connect()
    connection.sendall(b"POST /echo HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"hi")
    connection.shutdown(socket.SHUT_WR)
    assert [each[0] for each in read(connection)] == [200]


def test_a_client_that_asks_first_and_is_refused_sends_nothing(service: Wired) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 2001\r\n\r\n"
    ((status, headers, _),) = sent(service, head, end=False)
    assert (status, headers["connection"]) == (413, "close")


def test_head_is_answered_as_get_without_a_body(service: Wired) -> None:
    ((status, headers, body),) = parsed_head(sent_raw(service, b"HEAD /echo HTTP/1.1\r\n" + HOST + b"\r\n"))
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0


def sent_raw(service: Wired, content: bytes) -> bytes:
    connection = service.connect()
    connection.sendall(content)
    connection.shutdown(socket.SHUT_WR)
    found = b""
    while more := connection.recv(65536):
        found += more
    connection.close()
    return found


def parsed_head(content: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    head, _, rest = content.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return [(int(first.split()[1]), dict(line.split(": ", 1) for line in lines), rest)]


def test_a_reply_without_a_body_says_no_length(service: Wired) -> None:
    assert b"content-length" not in sent_raw(service, b"GET /empty HTTP/1.1\r\n" + HOST + b"\r\n")


def test_an_old_client_gets_its_reply_and_the_end(service: Wired) -> None:
    ((status, headers, _),) = sent(service, b"GET /echo HTTP/1.0\r\n" + HOST + b"\r\n", end=False)
    assert (status, headers["connection"]) == (200, "close")


def test_a_client_that_asks_to_close_is_left_behind_its_reply(service: Wired) -> None:
    replies = sent(service, post(b"last", b"Connection: close") + post(b"unheard"), end=False)
    assert [each[0] for each in replies] == [200]


def test_every_reply_has_a_date_and_its_kind(service: Wired) -> None:
    ((_, headers, _),) = sent(service, b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n")
    assert headers["date"].endswith("GMT")
    assert headers["content-type"] == "application/json"


def test_a_line_break_in_a_header_begins_no_other(service: Wired) -> None:
    ((_, headers, _),) = sent(service, b"GET /split HTTP/1.1\r\n" + HOST + b"\r\n")
    assert headers["x-id"] == "a  evil: 1"


def test_names_in_a_path_reach_the_handler_decoded(service: Wired) -> None:
    ((_, _, body),) = sent(service, b"GET /a%20b/it HTTP/1.1\r\n" + HOST + b"\r\n")
    assert msgspec.json.decode(body) == {"name": "a b"}


def test_a_target_in_absolute_form_is_its_path(service: Wired) -> None:
    ((status, _, _),) = sent(service, b"GET http://localhost/echo HTTP/1.1\r\n" + HOST + b"\r\n")
    assert status == 200


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [(b"http://evil/echo", b"localhost", 403), (b"http://[::1]:80/echo", b"evil", 200)],
)
def test_the_host_of_a_target_in_absolute_form_counts_instead_of_the_header(
    service: Wired, target: bytes, host: bytes, status: int
) -> None:
    replies = sent(service, b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert [each[0] for each in replies] == [status]


@pytest.mark.parametrize(
    "target",
    [b"/../echo", b"/%2e%2e/echo", b"/echo/..%2f", b"/echo%00", b"/echo#x", b"/echo%23x", b"//echo", b"/echo/", b"*",
     b"/%ff", b"/%c3%28", b"/echo%", b"/echo%zz", b"/echo%0d%0aX:1", b"/" + b"a/" * 5000, b"http://[::1/echo"],
)  # fmt: skip
def test_tricks_in_a_path_find_nothing(service: Wired, target: bytes) -> None:
    ((status, _, body),) = sent(service, b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    assert (status, set(msgspec.json.decode(body))) == (404, {"error"})
    assert still_answers(service)


@pytest.mark.parametrize(
    "content",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.1\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /echo HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"GET /echo HTTP/1.1\r\n" + HOST + b"X: a\r\n folded\r\n\r\n",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /echo HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    ],
)
def test_what_is_no_request_is_told_so_and_the_connection_ends(service: Wired, content: bytes) -> None:
    ((status, headers, body),) = sent(service, content, end=False)
    assert (status, headers["connection"]) == (400, "close")
    assert set(msgspec.json.decode(body)) == {"error"}
    assert still_answers(service)


def test_good_requests_before_a_broken_one_are_answered(service: Wired) -> None:
    assert [each[0] for each in sent(service, post(b"good") + b"nonsense\r\n\r\n", end=False)] == [200, 400]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(noise=st.binary(min_size=1, max_size=300))
def test_noise_never_gets_more_than_a_refusal(service: Wired, noise: bytes) -> None:
    assert all(each[0] >= 400 for each in sent(service, noise))


def test_an_upgrade_is_not_made_and_the_request_answered(service: Wired) -> None:
    asked = b"GET /echo HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    ((status, headers, _),) = sent(service, asked, end=False)
    assert (status, headers["connection"]) == (200, "close")


def test_a_body_too_large_is_refused_by_its_length_and_by_its_bytes(service: Wired) -> None:
    chunked = b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    assert [each[0] for each in sent(service, post(b" " * 2000))] == [200]
    assert [each[0] for each in sent(service, post(b" " * 2001), end=False)] == [413]
    assert [each[0] for each in sent(service, chunked, b"7d1\r\n" + b" " * 2001, end=False)] == [413]
    assert [each[0] for each in sent(service, post(b"", b"X: 1")[:-5] + b"9" * 30 + b"\r\n\r\n", end=False)][-1] >= 400
    assert still_answers(service)


def test_who_is_refused_by_the_head_need_not_send_the_body(service: Wired) -> None:
    head = b"POST /nowhere HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n"
    ((status, headers, _),) = sent(service, head, end=False)
    assert (status, headers["connection"]) == (404, "close")
    ((status, _, _),) = sent(service, b"POST /echo HTTP/1.1\r\nHost: evil\r\nContent-Length: 1000\r\n\r\n", end=False)
    assert status == 403


def test_a_refused_client_that_goes_on_sending_hears_why(service: Wired) -> None:
    connection = service.connect()
    connection.sendall(b"POST /nowhere HTTP/1.1\r\n" + HOST + b"Content-Length: 900000\r\n\r\n" + b" " * 900_000)
    assert [each[0] for each in read(connection)] == [404]


def test_a_refusal_without_a_body_keeps_the_connection(service: Wired) -> None:
    get = b"GET /nowhere HTTP/1.1\r\n" + HOST + b"\r\n"
    assert [each[0] for each in sent(service, get + get + post(b"x"))] == [404, 404, 200]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431),
        (b"GET /echo HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 3000 + b"\r\n\r\n", 431),
        (b"GET /echo HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 3000, 431),
        (b"GET /echo HTTP/1.1\r\n" + HOST + b"".join(b"X%d: 1\r\n" % n for n in range(30)) + b"\r\n", 431),
        (b"GET /echo HTT", 408),
        (post(b"whole")[:-1], 408),
    ],
)
def test_a_head_that_is_too_long_or_comes_too_slowly_is_refused(strict: Wired, content: bytes, status: int) -> None:
    assert [each[0] for each in sent(strict, content, end=False)] == [status]
    assert still_answers(strict)


def test_a_connection_without_a_request_is_closed_after_a_while(strict: Wired) -> None:
    assert sent(strict, end=False) == []
    assert [each[0] for each in sent(strict, post(b"x"), end=False)] == [200]


def test_a_client_that_does_not_read_its_replies_is_cut_off(strict: Wired) -> None:
    connection = strict.connect()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(b"GET /long HTTP/1.1\r\n" + HOST + b"\r\n")
    while strict.among:  # until the sweep has cut it off
        pass
    connection.close()
    assert still_answers(strict)


def test_more_requests_in_a_row_than_wait_at_once_are_all_answered(strict: Wired) -> None:
    assert [each[0] for each in sent(strict, *[post(b"x", path=b"/cook")] * 20)] == [200] * 20


def test_a_connection_too_many_is_told_and_the_others_go_on(strict: Wired) -> None:
    connections = [strict.connect() for _ in range(QUICK.connections)]
    for connection in connections:
        connection.sendall(post(b"x"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    ((status, headers, _),) = sent(strict, end=False)
    assert (status, headers["retry-after"]) == (503, "1")
    for connection in connections:
        connection.close()
