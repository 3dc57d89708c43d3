"""Releases on a device: what is refused (changed, of a stranger, older, not reproduced), what is fetched and kept."""

import shutil
from pathlib import Path

import pytest

from afield.client import releases
from afield.client.client import Client
from afield.client.folder import Folder
from afield.client.keeping import place
from afield.errors import ReleaseError
from afield.records.release import Manifest
from afield.release.bundle import load
from afield.release.signing import Signer, Trusted
from afield.testing.stand import Stand
from tests.client.conftest import EAST, Device
from tests.client.upstream import Server, model_path, ordered


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


def test_a_release_for_which_there_is_no_room_is_not_begun(
    stand: Stand, server: Server, device: Device, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 100, 100))
    client = device()

    client.synchronise()

    assert "100 bytes are free" in client.standing().problem
    assert server.paths(f"/v1/bundles/{first}/") == []


def test_only_the_files_that_changed_are_fetched(stand: Stand, server: Server, client: Client) -> None:
    server.asked.clear()
    second = stand.release((0.0, 1.0))
    stand.control(second)

    client.synchronise()

    # The card is the same; the model and the golden rows are not.
    assert len(server.paths(f"/v1/bundles/{second}/")) == 2


def test_a_release_of_two_updates_ago_is_removed(stand: Stand, client: Client, first: str) -> None:
    for weights in ((0.0, 1.0), (1.0, 0.0)):
        stand.control(stand.release(weights))
        client.synchronise()

    assert first not in {path.name for path in client.folder.bundles.iterdir()}


def test_a_downgrade_that_nobody_signed_is_refused_and_the_kill_switch_works_all_the_same(
    stand: Stand, client: Client, first: str
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()

    stand.control(first)
    client.synchronise()
    assert client.ask(EAST).release == second
    assert "a downgrade" in client.standing().problem

    stand.control(first, mode="off")
    client.synchronise()
    assert client.ask(EAST).applied == ("mode:off",)


def test_an_old_order_does_not_bring_an_old_release_back(stand: Stand, client: Client, first: str) -> None:
    stale = ordered(stand, first, 2)
    for weights in ((0.0, 1.0), (1.0, 0.0)):
        champion = stand.release(weights)
        stand.control(champion)
        client.synchronise()

    stand.control(first, order=stale)
    client.synchronise()

    assert client.ask(EAST).release == champion
    assert "has sequence 2, older than 3" in client.standing().problem


def test_after_a_rollback_the_release_that_was_taken_back_is_a_downgrade(
    stand: Stand, client: Client, first: str
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()
    stand.control(first, order=ordered(stand, first, 3))
    client.synchronise()

    stand.control(second)
    client.synchronise()

    assert client.ask(EAST).release == first
    assert "a downgrade" in client.standing().problem


def test_a_device_whose_notes_are_lost_still_refuses_a_downgrade(
    stand: Stand, client: Client, device: Device, first: str
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()
    client.stop()
    client.folder.state.write_bytes(b"\x00" * 40)

    again = device()
    stand.control(first)
    again.synchronise()

    assert again.ask(EAST).release == second


def test_a_challenger_of_another_application_is_refused(stand: Stand, client: Client, first: str) -> None:
    other = stand.release((0.0, 1.0), application="surge")
    stand.control(first, challenger=other, stage="canary", canary_share=1.0, salt="s")

    client.synchronise()

    assert client.ask(EAST).release == first
    assert "is of surge, not of toy" in client.standing().problem


def test_a_release_that_this_code_does_not_reproduce_is_refused_once_and_the_one_before_stays(
    stand: Stand, server: Server, client: Client, first: str
) -> None:
    wrong = stand.release((0.0, 1.0), expected=99.0)
    stand.control(wrong)
    client.synchronise()
    assert client.ask(EAST).release == first
    assert "golden output 'forecast'" in client.standing().problem

    server.asked.clear()
    client.synchronise()

    assert server.paths("/v1/bundles/") == []


def test_an_old_release_does_not_come_in_by_way_of_a_canary(stand: Stand, client: Client, first: str) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()

    stand.control(second, challenger=first, stage="canary", canary_share=1.0, salt="s")
    client.synchronise()

    assert client.ask(EAST).release == second
    assert "a downgrade" in client.standing().problem


def test_a_bundle_that_was_harmed_on_the_device_is_stood_in_for_and_fetched_again(
    stand: Stand, server: Server, client: Client, device: Device, first: str
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()
    client.stop()
    model = client.folder.bundles / second / "parts" / "loaves" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"\x00")

    again = device()
    offline = again.ask(EAST)
    again.synchronise()

    assert (offline.release, offline.applied) == (first, ("fallback:last_good",))
    assert again.standing().problem == ""
    assert (again.ask(EAST).release, again.ask(EAST).applied) == (second, ())


def zeroed(file: Path) -> None:
    """As a loss of power leaves a file whose size was on the disk and whose content was not."""
    size = file.stat().st_size
    file.unlink()
    file.write_bytes(bytes(size))


def test_a_file_that_a_loss_of_power_damaged_before_its_release_was_whole_is_fetched_again(
    stand: Stand, server: Server, client: Client, device: Device
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    draft, server.cut = client.folder.incoming / second / "bundle", 80
    for _ in range(60):
        client.synchronise()
        if gathered := [path for path in draft.rglob("*") if path.is_file()]:
            break
    client.stop()
    server.cut = None
    zeroed(gathered[0])

    again = device()
    again.synchronise()
    assert "damaged on this disk" in again.standing().problem
    again.synchronise()

    assert (again.ask(EAST).release, again.standing().problem) == (second, "")


@pytest.mark.parametrize("name", ["parts/loaves/model.onnx", "manifest.json", "signature.json"])
def test_a_bundle_that_was_damaged_once_it_was_placed_is_fetched_again_and_not_refused_for_good(
    stand: Stand, client: Client, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def placed(folder: Folder, digest: str, raw: bytes, signature: bytes, manifest: Manifest) -> None:
        monkeypatch.undo()
        place(folder, digest, raw, signature, manifest)
        zeroed(folder.bundles / digest / name)

    second = stand.release((0.0, 1.0))
    stand.control(second)
    monkeypatch.setattr(releases, "place", placed)

    client.synchronise()
    assert "damaged on this disk" in client.standing().problem
    client.synchronise()

    assert (client.ask(EAST).release, client.standing().problem) == (second, "")


def test_damage_to_a_file_that_two_releases_share_takes_only_one_of_them(
    stand: Stand, client: Client, first: str
) -> None:
    second = stand.release((0.0, 1.0))
    stand.control(second)
    client.synchronise()

    with (client.folder.bundles / second / "card.md").open("r+b") as stream:
        stream.write(b"\0")

    trusted = Trusted(client.folder.trusted)
    with pytest.raises(ReleaseError):
        load(client.folder.bundles, second, trusted)
    assert load(client.folder.bundles, first, trusted).digest == first
