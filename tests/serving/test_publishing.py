"""Snapshots and bundles as devices fetch them."""

import pytest

from afield.serving import bundles, publishing
from afield.serving.access import Access
from afield.serving.bundles import Bundles
from afield.serving.http import Reply, Request
from afield.serving.service import Service
from afield.store.snapshots import Follower, control_from, rows_from
from afield.testing.stand import Stand


@pytest.fixture
def service(stand: Stand) -> Service:
    follower = Follower(stand.snapshots)
    follower.refresh()
    return Service(
        publishing.routes(stand.snapshots),
        bundles.routes(Bundles(stand.bundles), lambda: control_from(control(stand)), dict),
        access=Access(),
        counted=lambda *_: None,
    )


def control(stand: Stand) -> bytes:
    return (stand.snapshots / "control.snapshot").read_bytes()


def get(service: Service, path: str, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.reply(Request("GET", path, {"host": "localhost", **named}))


def test_the_current_snapshots_are_served_as_they_lie_there(stand: Stand, service: Service) -> None:
    rows, state = stand.rows(), stand.control("r")

    assert rows_from(get(service, "/v1/snapshots/rows").body).version == rows.version
    assert control_from(get(service, "/v1/snapshots/control").body) == state


def test_a_snapshot_that_the_client_has_is_not_sent_again_until_another_is_published(
    stand: Stand, service: Service
) -> None:
    stand.control("r")
    tag = dict(get(service, "/v1/snapshots/control").headers)["etag"]
    assert get(service, "/v1/snapshots/control", if_none_match=tag).status == 304

    stand.control("s")

    assert get(service, "/v1/snapshots/control", if_none_match=tag).status == 200


def test_before_the_first_snapshot_there_is_none(service: Service) -> None:
    assert get(service, "/v1/snapshots/rows").status == 404


@pytest.mark.parametrize("path", ["/v1/snapshots", "/v1/snapshots/", "/v1/snapshots/..", "/v1/snapshots/rows/x"])
def test_nothing_else_is_served_there(service: Service, path: str) -> None:
    assert get(service, path).status == 404


def test_a_file_of_a_bundle_comes_in_stretches(stand: Stand, service: Service) -> None:
    release = stand.release()
    (model,) = (file for file in stand.manifest(release).files if file.name.startswith("parts/"))
    path = f"/v1/bundles/{release}/{model.digest}"
    whole = get(service, path)

    first, rest = get(service, path, range="bytes=0-49"), get(service, path, range="bytes=50-")

    assert (first.status, rest.status) == (206, 206)
    assert first.body + rest.body == whole.body
    assert dict(whole.headers)["etag"] == f'"{model.digest}"'


def test_a_file_that_was_changed_on_disk_between_two_stretches_is_not_served(stand: Stand, service: Service) -> None:
    release = stand.release()
    (model,) = (file for file in stand.manifest(release).files if file.name.startswith("parts/"))
    path, file = f"/v1/bundles/{release}/{model.digest}", stand.bundles / release / model.name
    assert get(service, path, range="bytes=0-49").status == 206

    file.write_bytes(file.read_bytes()[:-1] + b"?")

    assert get(service, path, range="bytes=50-").status == 500


def test_the_champion_is_told_with_the_order_to_go_back_to_it(stand: Stand, service: Service) -> None:
    stand.control("r", order="signed")
    assert get(service, "/v1/bundles/champion").body == b'{"release":"r","mode":"automate","order":"signed"}'

    stand.control("r")
    assert get(service, "/v1/bundles/champion").body == b'{"release":"r","mode":"automate"}'


def test_the_modes_of_slices_are_told_with_it_and_no_unit_s(stand: Stand, service: Service) -> None:
    stand.control("r", mode_by_unit={"slice:coast": "prompt", "east": "off"})
    told = b'{"release":"r","mode":"automate","slices":{"coast":"prompt"}}'
    assert get(service, "/v1/bundles/champion").body == told
