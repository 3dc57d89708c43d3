import io
import json
import logging
from collections.abc import Iterator

import pytest

from afield.serving import journal
from afield.serving.http import Reply, failed
from afield.serving.journal import Journal, both, identified, log_to
from afield.serving.routing import Route
from tests.serving.test_wire import HOST, sent
from tests.serving.wired import Wired, wired


@pytest.fixture(scope="module")
def service() -> Iterator[Wired]:
    with wired() as running:
        yield running


class Handled:
    method, path, identity = "POST", "/v1/loaves", "r1"
    route: Route | None = Route("answers", {})

    def __init__(self, **headers: str) -> None:
        self.headers = {"authorization": "Bearer secret", **headers}


def asked(*headers: bytes, path: bytes = b"/echo") -> bytes:
    return b"GET %b?token=secret HTTP/1.1\r\n%b%b\r\n" % (path, HOST, b"".join(line + b"\r\n" for line in headers))


@pytest.mark.parametrize("given", ["7", "a" * 128, "0af7651916cd43dd-8448eb211c80319c", "x=1:2/3@host+a.b_c"])
def test_an_id_that_can_be_written_anywhere_comes_back(service: Wired, given: str) -> None:
    ((_, headers, _),) = sent(service, asked(b"X-Request-Id: " + given.encode()))
    assert headers["x-request-id"] == given


@pytest.mark.parametrize("given", [b"", b"a b", b"a" * 129, b'"', b"\xff", b"a\tb", b"<script>"])
def test_another_is_replaced(service: Wired, given: bytes) -> None:
    ((_, headers, _),) = sent(service, asked(b"X-Request-Id: " + given))
    assert headers["x-request-id"].encode("latin-1") != given
    assert headers["x-request-id"].isascii()


def test_every_request_has_an_id_of_its_own_in_replies_and_refusals(service: Wired) -> None:
    replies = sent(service, asked(), asked(path=b"/nowhere"), asked(path=b"/fails"), asked(path=b"/empty"))
    assert [status for status, _, _ in replies] == [200, 404, 500, 304]
    assert len({headers["x-request-id"] for _, headers, _ in replies}) == 4


def test_a_watch_is_told_each_request_with_its_id_and_status(service: Wired) -> None:
    service.kitchen.watched.clear()
    sent(service, asked(b"X-Request-Id: good"), asked(b"X-Request-Id: bad", path=b"/nowhere"))
    assert [(identity, status) for identity, status, _ in service.kitchen.watched] == [("good", 200), ("bad", 404)]


def test_ids_of_processes_that_were_forked_off_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    first = identified({})
    journal._renew()
    assert first.split("-")[0] != identified({}).split("-")[0]


def test_a_line_says_what_was_asked_and_no_secret() -> None:
    lines: list[str] = []
    Journal("all", lines.append, lambda: 0.0)(Handled(), Reply(200, b"secret answer"), 0.00125)
    (line,) = map(json.loads, lines)
    assert "secret" not in lines[0]
    assert {name: line[name] for name in ("time", "request_id", "method", "route", "path", "status", "seconds")} == {
        "time": "1970-01-01T00:00:00.000+00:00", "request_id": "r1", "method": "POST", "route": "answers",
        "path": "/v1/loaves", "status": 200, "seconds": 0.00125,
    }  # fmt: skip


def test_the_path_of_a_request_that_no_route_took_is_not_written() -> None:
    lines: list[str] = []
    handled = Handled()
    handled.route = None
    Journal("all", lines.append)(handled, Reply(404, b""), 0.0)
    assert json.loads(lines[0])["path"] == ""


def test_of_failures_only_so_many_lines_are_written_and_the_others_counted() -> None:
    lines: list[str] = []
    now = [0.0]
    note = Journal("errors", lines.append, lambda: now[0])
    note(Handled(), Reply(200, b""), 0.0)
    note(Handled(), Reply(404, b""), 0.0)
    for _ in range(250):
        note(Handled(), Reply(503, b""), 0.0)
    now[0] = 1.0
    note(Handled(), Reply(500, b""), 0.0)
    assert len(lines) == 101
    assert json.loads(lines[-1])["passed_over"] == 150


def test_a_failure_is_logged_with_its_id_and_place_but_not_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("afield"), "handlers", [])  # a worker may have been made in this process
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log_to(handler)
    try:
        with pytest.raises(ValueError, match="secret") as caught:
            int("secret of a body")
        assert failed(caught.value, "r9").status == 500
    finally:
        logging.getLogger("afield").removeHandler(handler)
    line = json.loads(stream.getvalue())
    assert (line["request_id"], line["error"], line["level"]) == ("r9", "ValueError", "error")
    assert "test_journal.py" in line["at"][0]
    assert "secret" not in stream.getvalue()


def test_several_may_watch() -> None:
    seen: list[int] = []
    watch = both(None, lambda *_: seen.append(1), lambda *_: seen.append(2))
    assert watch is not None
    watch(Handled(), Reply(200, b""), 0.0)
    assert seen == [1, 2]
    assert both(None, None) is None
