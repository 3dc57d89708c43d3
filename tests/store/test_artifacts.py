"""Artifacts: what is put comes back unchanged, or not at all."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.errors import StoreError
from afield.store.artifacts import Artifacts


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=100))
def test_content_comes_back_under_its_digest(tmp_path: Path, content: bytes) -> None:
    artifacts = Artifacts(tmp_path)
    digest = artifacts.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert artifacts.has(digest)
    assert artifacts.get(digest) == content
    assert artifacts.put(content) == digest


def test_a_file_goes_in_and_comes_out(tmp_path: Path) -> None:
    source, target = tmp_path / "model.onnx", tmp_path / "out" / "copy.onnx"
    source.write_bytes(bytes(range(256)) * 80_000)
    artifacts = Artifacts(tmp_path / "artifacts")
    digest = artifacts.put_file(source)
    artifacts.get_file(digest, target)
    assert target.read_bytes() == source.read_bytes()
    assert artifacts.get(digest) == source.read_bytes()


def test_changed_content_is_refused_and_not_written(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    digest = artifacts.put(b"model")
    (tmp_path / digest[:2] / digest).write_bytes(b"MODEL")
    with pytest.raises(StoreError, match="was changed"):
        artifacts.get(digest)
    with pytest.raises(StoreError, match="was changed"):
        artifacts.get_file(digest, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert not list(tmp_path.glob(".copy*"))


def test_torn_content_is_written_again(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    digest = artifacts.put(b"model")
    (tmp_path / digest[:2] / digest).write_bytes(b"mo")
    artifacts.put(b"model")
    assert artifacts.get(digest) == b"model"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    assert not artifacts.has("0" * 64)
    with pytest.raises(StoreError, match="is not in"):
        artifacts.get("0" * 64)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_what_is_no_digest_is_refused(tmp_path: Path, digest: str) -> None:
    for ask in (Artifacts(tmp_path).get, Artifacts(tmp_path).has):
        with pytest.raises(StoreError, match="is no digest"):
            ask(digest)


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Artifacts(tmp_path / "file").put(b"x")
    with pytest.raises(StoreError, match="nowhere://x"):
        Artifacts("nowhere://x")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"none\.onnx"):
        Artifacts(tmp_path).put_file(tmp_path / "none.onnx")


def test_a_url_of_a_store_works_as_a_folder_does() -> None:
    artifacts = Artifacts("memory:///")
    assert artifacts.get(artifacts.put(b"x")) == b"x"
