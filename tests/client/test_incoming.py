"""Files that come in stretches: they go on where they broke off, and begin anew where they became others."""

from pathlib import Path

import pytest

from afield.client.incoming import bring
from afield.client.upstream import Upstream
from afield.errors import UnreachableError
from afield.testing.stand import Stand
from tests.client.conftest import EAST, Device
from tests.client.upstream import Server, model_path


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
