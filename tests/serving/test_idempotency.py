import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from afield.errors import InferenceError, RequestError
from afield.serving.http import Reply, Request
from afield.serving.idempotency import Replies, once
from afield.serving.routing import Route

PATH = "/v1/loaves"


class Counting:
    """A handler whose replies count up."""

    def __init__(self, status: int = 200) -> None:
        self.numbers = itertools.count(1)
        self.status = status

    def __call__(self, request: Request) -> Reply:
        return Reply(self.status, b'{"number": %d}' % next(self.numbers), headers=(("x", "y"),))


@pytest.fixture
def replies(tmp_path: Path) -> Replies:
    return Replies(tmp_path / "replies")


def ask(body: bytes = b"{}", key: str | None = "k1", path: str = PATH) -> Request:
    return Request("POST", path, {} if key is None else {"idempotency-key": key}, body)


def handler(replies: Replies, give: Callable[[Request], Reply]) -> Callable[[Request], Reply]:
    return once({PATH: Route("answers", {"POST": give})}, replies)[PATH].methods["POST"]


def test_the_same_key_and_body_get_the_same_reply_and_nothing_is_done_again(replies: Replies) -> None:
    give = handler(replies, Counting())
    first, again = give(ask()), give(ask())
    assert (again.status, again.body) == (first.status, first.body) == (200, b'{"number": 1}')
    assert again.headers == (("x", "y"), ("idempotency-replayed", "true"))


def test_another_worker_knows_the_reply_too(replies: Replies, tmp_path: Path) -> None:
    handler(replies, Counting())(ask())
    other = handler(Replies(tmp_path / "replies"), Counting())
    assert dict(other(ask()).headers)["idempotency-replayed"] == "true"


def test_the_same_key_with_another_body_is_refused(replies: Replies) -> None:
    give = handler(replies, Counting())
    give(ask())
    assert give(ask(b"{ }")).status == 422
    assert give(ask()).body == b'{"number": 1}'


def test_another_key_another_path_or_no_key_is_another_request(replies: Replies) -> None:
    give = handler(replies, Counting())
    bodies = [
        give(request).body for request in (ask(), ask(key="k2"), ask(path="/v1/rolls"), ask(key=None), ask(key=None))
    ]
    assert len(set(bodies)) == 5


def test_the_keys_of_two_tokens_are_kept_apart(replies: Replies) -> None:
    def by(token: str, body: bytes = b"{}") -> Request:
        return Request("POST", PATH, {"idempotency-key": "k1", "authorization": f"Bearer {token}"}, body)

    give = handler(replies, Counting())
    assert give(by("first")).body == b'{"number": 1}'
    assert give(by("second", b"{ }")).body == b'{"number": 2}'
    assert give(by("first")).body == b'{"number": 1}'
    assert give(ask()).body == b'{"number": 3}'


def test_a_refusal_is_not_kept_so_that_the_request_can_be_mended(replies: Replies) -> None:
    def refuse(_: Request) -> Reply:
        raise RequestError("no")

    with pytest.raises(RequestError):
        handler(replies, refuse)(ask(b"bad"))
    assert handler(replies, Counting(status=503))(ask(b"busy")).status == 503
    assert handler(replies, Counting())(ask(b"good")).status == 200


def test_while_a_request_is_being_answered_its_key_says_so(replies: Replies) -> None:
    seen: list[int] = []

    def meanwhile(request: Request) -> Reply:
        seen.extend(handler(replies, Counting())(again).status for again in (ask(), ask(b"other")))
        return Reply(200, b"{}")

    assert handler(replies, meanwhile)(ask()).status == 200
    assert seen == [409, 422]


def test_a_request_whose_process_ended_is_answered_anew(replies: Replies, tmp_path: Path) -> None:
    handler(replies, Counting())(ask())
    (file,) = (tmp_path / "replies").iterdir()
    file.write_bytes(file.read_bytes()[:32])
    assert handler(replies, Counting())(ask()).headers == (("x", "y"),)


def test_replies_are_forgotten_when_they_are_old_or_too_many(tmp_path: Path) -> None:
    now = [1000.0]
    replies = Replies(tmp_path, most=10, keep=60.0, clock=lambda: now[0])
    give = handler(replies, Counting())
    for number in range(64):
        give(ask(key=f"k{number}"))
    assert len(list(tmp_path.iterdir())) == 10
    now[0] += 61
    assert give(ask(key="k63")).headers == (("x", "y"),)


def test_nobody_can_read_an_answer_in_the_files(replies: Replies, tmp_path: Path) -> None:
    handler(replies, lambda _: Reply(200, b"secret answer"))(ask(b"secret question", "secret key"))
    for file in (tmp_path / "replies").iterdir():
        assert b"secret" not in file.read_bytes() + file.name.encode()
        assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", "a\nb", "\x00"])
def test_a_key_must_be_one(replies: Replies, key: str) -> None:
    with pytest.raises(RequestError, match="printable"):
        handler(replies, Counting())(ask(key=key))


def test_requests_without_a_key_are_still_answered_together(replies: Replies) -> None:
    batches: list[int] = []

    def together(requests: list[Request]) -> list[Reply]:
        batches.append(len(requests))
        return [Reply(200, request.body) for request in requests]

    def fail(_: Request) -> Reply:
        raise InferenceError("broken")

    route = once({PATH: Route("answers", {"POST": fail}, together=together)}, replies)[PATH]
    assert route.together is not None
    found = route.together([ask(b"1", None), ask(b"2"), ask(b"3", None)])
    assert [(reply.status, reply.body) for reply in found][::2] == [(200, b"1"), (200, b"3")]
    assert found[1].status == 500
    assert batches == [2]
