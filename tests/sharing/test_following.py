"""What a service publishes in an object store is followed as a device would: believed only where it is signed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from afield.client.folder import Folder
from afield.errors import ServingError, UnreachableError
from afield.home import Home
from afield.records.decision import ControlState
from afield.release.signing import Signer
from afield.serving.health import PROBLEM
from afield.sharing.following import Following
from afield.sharing.publishing import Publisher
from afield.sharing.source import object_of
from afield.store.objects import Objects
from afield.store.snapshots import Follower
from afield.testing.stand import Stand
from tests.client.upstream import ordered

Made = Callable[[], Following]


def held(own: Folder) -> ControlState:
    """What the workers of the host that follows are told."""
    follower = Follower(own.snapshots)
    follower.refresh()
    assert follower.control is not None
    return follower.control


def changed(store: Path, key: str) -> None:
    """Change one byte of an object."""
    content = bytearray((store / key).read_bytes())
    content[len(content) // 2] ^= 1
    (store / key).write_bytes(content)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def first(stand: Stand, publisher: Publisher) -> str:
    digest = stand.release()
    stand.rows()
    stand.control(digest)
    publisher.step()
    return digest


def test_releases_rows_and_control_arrive(stand: Stand, first: str, following: Made, own: Folder) -> None:
    assert following().step() == ""
    follower = Follower(own.snapshots)
    follower.refresh()
    assert follower.rows is not None
    assert follower.rows.version == stand.rows().version
    assert (held(own).champion, held(own).version) == (first, 1)
    assert (own.bundles / first / "manifest.json").read_bytes() == (
        stand.bundles / first / "manifest.json"
    ).read_bytes()


def test_what_has_not_changed_is_not_put_again(
    first: str, publisher: Publisher, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[str] = []
    monkeypatch.setattr(objects, "put", lambda key, _: put.append(key))
    publisher.step()
    assert put == []


def test_a_rollback_arrives_by_its_signed_order_only(
    stand: Stand, first: str, publisher: Publisher, following: Made, own: Folder
) -> None:
    follow = following()
    follow.step()
    newer = stand.release((0.2, 0.8))
    stand.control(newer)
    publisher.step()
    follow.step()
    assert held(own).champion == newer

    stand.control(first)
    publisher.step()
    assert "downgrade" in follow.step()
    assert held(own).champion == newer

    stand.control(first, order=ordered(stand, first, 100))
    publisher.step()
    assert follow.step() == ""
    assert (held(own).champion, held(own).last_good) == (first, newer)


def test_a_release_with_one_byte_changed_is_refused_and_the_one_before_stays(
    stand: Stand, store: Path, first: str, publisher: Publisher, following: Made, own: Folder
) -> None:
    follow = following()
    follow.step()
    newer = stand.release((0.2, 0.8))
    stand.control(newer)
    publisher.step()
    (model,) = (file.digest for file in stand.manifest(newer).files if file.name.startswith("parts/"))
    changed(store, object_of(f"/v1/bundles/{newer}/{model}"))
    with pytest.raises(UnreachableError, match="changed on the way"):
        follow.step()
    assert held(own).champion == first
    changed(store, object_of(f"/v1/bundles/{newer}/{model}"))
    follow.step()
    assert held(own).champion == newer


def test_a_manifest_with_one_byte_changed_is_refused(
    stand: Stand, store: Path, first: str, publisher: Publisher, following: Made, own: Folder
) -> None:
    follow = following()
    follow.step()
    newer = stand.release((0.2, 0.8))
    stand.control(newer)
    publisher.step()
    changed(store, object_of(f"/v1/bundles/{newer}"))
    assert "refused" in follow.step()
    assert held(own).champion == first


def test_a_release_that_a_stranger_signed_is_refused(
    stand: Stand, tmp_path: Path, publisher: Publisher, following: Made, own: Folder
) -> None:
    stranger = stand.release(signer=Signer(tmp_path / "stranger.key"))
    stand.rows()
    stand.control(stranger)
    publisher.step()
    assert "not trusted" in following().step()
    assert held(own).champion == ""


@pytest.mark.parametrize("kind", ["rows", "control"])
def test_a_snapshot_with_one_byte_changed_is_left_aside(
    stand: Stand, store: Path, first: str, publisher: Publisher, following: Made, own: Folder, kind: str
) -> None:
    follow = following()
    follow.step()
    before = Follower(own.snapshots)
    before.refresh()
    changed(store, object_of(f"/v1/snapshots/{kind}"))
    with pytest.raises(Exception, match="checksum"):
        follow.step()
    assert not before.refresh()


def test_a_store_that_is_gone_takes_nothing_away(
    stand: Stand, store: Path, first: str, publisher: Publisher, following: Made, own: Folder
) -> None:
    following().step()
    away = store.rename(store.with_name("away"))
    again = following()
    again.step()
    assert held(own).champion == first
    store.mkdir(exist_ok=True)
    shutil.rmtree(store)
    away.rename(store)
    newer = stand.release((0.2, 0.8))
    stand.control(newer)
    publisher.step()
    again.step()
    assert held(own).champion == newer


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life are given with each step."""
    monkeypatch.setattr("afield.sharing.publishing.BEAT_EVERY", -1.0)


@pytest.mark.usefixtures("always")
def test_a_store_that_was_emptied_is_filled_again(
    store: Path, first: str, publisher: Publisher, following: Made, own: Folder
) -> None:
    for path in store.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    publisher.step()
    assert publisher.step() == ""
    assert following().step() == ""
    assert held(own).champion == first


@pytest.mark.usefixtures("always")
def test_two_services_that_share_at_one_address_are_told(
    first: str, publisher: Publisher, objects: Objects, home: Home
) -> None:
    other = Publisher(objects, home)
    assert other.step() == ""
    assert "another service shares at" in publisher.step()
    assert "another service shares at" in other.step()
    other.step()
    assert other.step() == ""


def test_releases_that_nobody_names_any_more_are_removed(
    stand: Stand, store: Path, first: str, publisher: Publisher
) -> None:
    newer = stand.release((0.2, 0.8))
    stand.control(newer)
    publisher.step()
    assert {path.name.partition(".")[0] for path in (store / "bundles").iterdir() if path.suffix} == {newer}


def test_another_key_for_people_is_refused(
    stand: Stand, first: str, following: Made, home: Home, publisher: Publisher
) -> None:
    follow = following()
    home.privacy.chmod(0o600)
    home.privacy.write_bytes(b"x" * 32)
    with pytest.raises(ServingError, match="two names in the tables"):
        follow.step()


def test_the_other_supervisor_lives_here_while_it_gives_signs_there(
    first: str, publisher: Publisher, following: Made, home: Home, own: Folder
) -> None:
    follow, alive = following(), own.root / "supervisor.alive"
    follow.step()
    seen = alive.stat().st_mtime_ns
    home.heartbeat.with_suffix(PROBLEM).write_text("the tables do not answer")
    publisher.step()
    assert follow.step() == "the tables do not answer"
    assert alive.stat().st_mtime_ns == seen, "a problem is no sign of life"
    home.heartbeat.touch()
    home.heartbeat.with_suffix(PROBLEM).unlink()
    publisher.step()
    assert follow.step() == ""
    assert alive.stat().st_mtime_ns > seen
