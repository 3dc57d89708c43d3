"""Objects in a folder and in an S3-compatible store: whole, in stretches, with versions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from afield.errors import AbsentError, StoreError
from afield.store.objects import Objects
from tests.store.object_store import KEYS, bucket


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, bucket() as there:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        yield there


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "folder":
        return Objects(f"file://{tmp_path / 'store'}")
    return Objects(f"s3://bucket/objects?endpoint_url={request.getfixturevalue('endpoint')}&allow_http=true")


def test_an_object_comes_in_stretches_and_not_again_where_it_is_known(objects: Objects) -> None:
    objects.put("a/b.object", b"0123456789")
    whole = objects.fetch("a/b.object", count=100)
    assert whole is not None
    assert (whole.start, whole.total, whole.content) == (0, 10, b"0123456789")
    part = objects.fetch("a/b.object", start=4, count=3)
    assert part is not None
    assert (part.start, part.total, part.content, part.version) == (4, 10, b"456", whole.version)
    assert objects.look("a/b.object").version == whole.version
    assert objects.fetch("a/b.object", count=100, known=whole.version) is None
    version = objects.put("a/b.object", b"others")
    again = objects.fetch("a/b.object", count=100, known=whole.version)
    assert again is not None
    assert (again.content, again.version) == (b"others", version)


def test_objects_are_listed_moved_and_removed(objects: Objects) -> None:
    for name in ("x/2", "x/1", "y/1"):
        objects.put(name, name.encode())
    assert [(each.key, each.size) for each in objects.listed("x")] == [("x/1", 3), ("x/2", 3)]
    objects.move("x/1", "aside/x/1")
    objects.remove("x/2")
    objects.remove("x/2")
    assert objects.listed("x") == ()
    assert objects.listed("nowhere") == ()
    assert [each.key for each in objects.listed("aside")] == ["aside/x/1"]
    with pytest.raises(AbsentError, match="x/1 is not there"):
        objects.fetch("x/1", count=1)


def test_a_store_that_does_not_answer_says_so_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    objects = Objects("s3://bucket/x?endpoint_url=http://127.0.0.1:1&allow_http=true")
    with pytest.raises(StoreError, match="s3://bucket/x does not answer or refuses") as failed:
        objects.put("k", b"")
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in str(failed.value)


@pytest.mark.parametrize(
    "url",
    ["ftp://host/x", "s3:///x", "file://", "file://host/x", "s3://user:secret@bucket/x", "s3://b/x?secret=secret"],
)
def test_a_url_that_names_no_store_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(StoreError) as failed:
        Objects(url)
    assert "user" not in str(failed.value)
    assert "=secret" not in str(failed.value)
