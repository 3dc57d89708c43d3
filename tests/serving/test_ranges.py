"""Content given whole, in part, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.serving.http import Reply, Request
from afield.serving.ranges import ranged

CONTENT = bytes(range(100))
TAG = '"abc"'


def asked(content: bytes = CONTENT, **headers: str) -> Reply:
    request = Request("GET", "/file", {name.replace("_", "-"): value for name, value in headers.items()})
    return ranged(request, len(content), lambda start, count: content[start : start + count], tag=TAG, kind="x/y")


def headers(reply: Reply) -> dict[str, str]:
    return dict(reply.headers)


def test_without_a_range_the_whole_is_sent_with_its_tag() -> None:
    reply = asked()

    assert (reply.status, reply.body, headers(reply)) == (200, CONTENT, {"etag": TAG, "accept-ranges": "bytes"})


@pytest.mark.parametrize(
    ("asks", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=90-", 90, 100),
        ("bytes=-10", 90, 100),
        ("bytes=50-500", 50, 100),
        ("bytes=99-99", 99, 100),
    ],
)
def test_one_range_is_sent_and_said_which(asks: str, start: int, end: int) -> None:
    reply = asked(range=asks)

    assert (reply.status, reply.body) == (206, CONTENT[start:end])
    assert headers(reply)["content-range"] == f"bytes {start}-{end - 1}/100"


@pytest.mark.parametrize("asks", ["bytes=0-1,5-6", "bytes=9-1", "bytes=-", "lines=1-2", "bytes=a-b", "bytes=1", ""])
def test_what_is_not_understood_as_a_range_gets_the_whole(asks: str) -> None:
    assert asked(range=asks).status == 200


@pytest.mark.parametrize("asks", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_beyond_the_end_is_told_the_size(asks: str) -> None:
    reply = asked(range=asks)

    assert (reply.status, reply.body, headers(reply)["content-range"]) == (416, b"", "bytes */100")


def test_a_range_of_another_version_gets_the_whole() -> None:
    assert asked(range="bytes=10-", if_range='"other"').status == 200
    assert asked(range="bytes=10-", if_range=TAG).status == 206


@pytest.mark.parametrize("known", [TAG, f'"other", {TAG}', f"W/{TAG}", "*"])
def test_who_has_it_already_gets_nothing(known: str) -> None:
    reply = asked(if_none_match=known, range="bytes=0-1")

    assert (reply.status, reply.body) == (304, b"")


@given(content=st.binary(max_size=300), size=st.integers(1, 50))
def test_stretches_one_after_the_other_are_the_whole(content: bytes, size: int) -> None:
    found = b""
    while len(found) < len(content):
        reply = asked(content, range=f"bytes={len(found)}-{len(found) + size - 1}")
        assert reply.status == 206
        found += reply.body
    assert found == content
