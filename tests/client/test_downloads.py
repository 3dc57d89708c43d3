"""What happens to a download on its way: it breaks off, is changed, is signed by a stranger, does not fit the disk."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from afield.client.client import Client
from afield.client.incoming import bring
from afield.client.upstream import UnreachableError, Upstream
from afield.errors import UsageError
from afield.release.signing import Signer
from afield.testing.stand import Stand
from tests.client.upstream import Server

EAST = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'
Device = Callable[..., Client]


@pytest.fixture
def first(stand: Stand) -> str:
    digest = stand.release()
    stand.rows()
    stand.control(digest)
    return digest


def model_path(stand: Stand, release: str) -> str:
    """Where the service has the model of a release."""
    manifest = stand.manifest(release)
    (digest,) = (file.digest for file in manifest.files if file.name.startswith("parts/"))
    return f"/v1/bundles/{release}/{digest}"


def test_a_download_that_broke_off_goes_on_where_it_stopped(
    stand: Stand, server: Server, device: Device, first: str
) -> None:
    client, path = device(), model_path(stand, first)
    server.cut = 80
    client.synchronise()
    assert client.ask(EAST).release == "none"
    assert "broke off" in client.standing().problem

    for _ in range(40):
        client.synchronise()

    assert client.ask(EAST).release == first
    ranges = [asked for at, asked in server.asked if at == path]
    assert ranges == ["bytes=0-4194303", "bytes=80-4194383"]


def test_a_download_goes_on_after_the_device_was_switched_off(
    stand: Stand, server: Server, device: Device, first: str
) -> None:
    client, path = device(), model_path(stand, first)
    server.cut = 80
    for _ in range(40):
        if path not in server.paths(path):
            client.synchronise()
    client.stop()
    server.cut = None
    server.asked.clear()

    again = device()
    again.synchronise()

    assert again.ask(EAST).release == first
    assert [asked for at, asked in server.asked if at == path] == ["bytes=80-4194383"]


def test_a_file_with_one_byte_changed_is_not_used_and_fetched_anew(
    stand: Stand, server: Server, device: Device, first: str
) -> None:
    client, path = device(), model_path(stand, first)
    server.changed = lambda at, body: body[:-1] + bytes([body[-1] ^ 1]) if at == path else body
    client.synchronise()
    assert client.ask(EAST).release == "baseline"
    assert "changed on the way" in client.standing().problem

    server.changed = lambda _, body: body
    client.synchronise()

    assert client.ask(EAST).release == first


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99])
def test_no_byte_of_an_announcement_can_be_changed(
    stand: Stand, server: Server, device: Device, first: str, share: float
) -> None:
    def flipped(at: str, body: bytes) -> bytes:
        place = int(share * len(body))
        return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :] if at == f"/v1/bundles/{first}" else body

    server.changed = flipped
    client = device()
    client.synchronise()

    assert client.ask(EAST).release == "baseline"
    assert not list(client.folder.bundles.glob("*"))


def test_a_release_signed_by_a_stranger_is_refused_before_any_file_of_it_is_fetched(
    stand: Stand, server: Server, device: Device, first: str, tmp_path: Path
) -> None:
    client = device()
    client.synchronise()
    forged = stand.release((0.0, 1.0), signer=Signer(tmp_path / "stranger.key"))
    stand.control(forged)

    client.synchronise()

    assert client.ask(EAST).release == first
    assert "is not trusted" in client.standing().problem
    assert server.paths(f"/v1/bundles/{forged}/") == []


def test_an_old_signature_does_not_fit_a_newer_manifest(
    stand: Stand, server: Server, device: Device, first: str
) -> None:
    client = device()
    client.synchronise()
    second = stand.release((0.0, 1.0))
    shutil.copy(stand.bundles / first / "signature.json", stand.bundles / second / "signature.json")
    stand.control(second)

    client.synchronise()

    assert client.ask(EAST).release == first
    assert "signed for another release" in client.standing().problem


def test_a_damaged_snapshot_is_left_aside_and_fetched_anew(
    stand: Stand, server: Server, device: Device, first: str
) -> None:
    client = device()
    server.changed = lambda at, body: body[:-1] + b"?" if at.startswith("/v1/snapshots") else body
    client.synchronise()
    assert client.situation.rows is None

    server.changed = lambda _, body: body
    client.synchronise()

    assert client.ask(EAST).applied == ()


def test_a_release_for_which_there_is_no_room_is_not_begun(
    stand: Stand, server: Server, device: Device, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 100, 100))
    client = device()

    client.synchronise()

    assert "100 bytes are free" in client.standing().problem
    assert server.paths(f"/v1/bundles/{first}/") == []


@pytest.fixture
def upstream(server: Server) -> Iterator[Upstream]:
    with closing(Upstream(server.url)) as made:
        yield made


def test_a_service_that_knows_no_ranges_is_asked_for_the_whole(
    tmp_path: Path, server: Server, upstream: Upstream, first: str
) -> None:
    server.ignores_ranges = True
    file = tmp_path / "rows.part"

    arrived = bring(upstream, "/v1/snapshots/rows", file, largest=10**6, chunk=10)

    assert arrived is not None
    assert arrived.whole
    assert file.stat().st_size == (server.stand.snapshots / "rows.snapshot").stat().st_size


def test_content_that_became_another_one_meanwhile_begins_anew(
    tmp_path: Path, stand: Stand, upstream: Upstream, first: str
) -> None:
    file = tmp_path / "control.part"
    bring(upstream, "/v1/snapshots/control", file, largest=10**6, chunk=50)
    stand.control(first, mode="off")

    arrived = bring(upstream, "/v1/snapshots/control", file, largest=10**6, chunk=10**6)

    assert arrived is not None
    assert arrived.whole
    assert file.read_bytes() == (stand.snapshots / "control.snapshot").read_bytes()


def test_more_than_is_allowed_is_not_read(tmp_path: Path, upstream: Upstream, first: str) -> None:
    with pytest.raises(UnreachableError):
        bring(upstream, "/v1/snapshots/rows", tmp_path / "part", largest=10)


@pytest.mark.parametrize("url", ["ftp://host", "http://", "host:80", "http://host/path", "http://[::1", "http://h:x"])
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="no address of a service"):
        Upstream(url)


def test_a_token_is_not_sent_unencrypted() -> None:
    with pytest.raises(UsageError, match="use https"):
        Upstream("http://10.0.0.1:8000", token="secret-secret-secret")
