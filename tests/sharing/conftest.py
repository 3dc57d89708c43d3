"""A service's home that is shared in a folder, and a host that follows it; both in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from afield.answering import loader
from afield.application import Operate, load
from afield.client.folder import Folder
from afield.home import Home
from afield.sharing.following import Following
from afield.sharing.publishing import Publisher
from afield.sharing.source import Published
from afield.store.objects import Objects
from afield.store.secret import secret
from afield.testing.stand import Stand

TOY = load("afield.testing.toy:toy")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"file://{tmp_path / 'store'}"


@pytest.fixture
def objects(url: str) -> Objects:
    return Objects(url)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """The home of the service that publishes; its heart beats."""
    made = Home.of(tmp_path / "first", TOY)
    made.folder.mkdir(parents=True)
    made.heartbeat.touch()
    secret(made.privacy)
    return made


@pytest.fixture
def stand(home: Home) -> Stand:
    """Makes what that service publishes."""
    return Stand(home.folder)


@pytest.fixture
def publisher(objects: Objects, home: Home) -> Publisher:
    return Publisher(objects, home)


@pytest.fixture
def own(tmp_path: Path, stand: Stand) -> Folder:
    """The folder of the host that follows."""
    return Folder(tmp_path / "second", keys=stand.trusted)


@pytest.fixture
def following(objects: Objects, own: Folder, home: Home) -> Callable[[], Following]:
    """Makes who follows; another one goes on where the one before stopped, as after a new start."""
    operate = TOY.part(TOY.operate, Operate)

    def made() -> Following:
        opened = loader(own.bundles, own.trusted, operate, "toy")
        return Following(own, Published(objects), own.root / "supervisor.alive", "toy", opened, home.privacy)

    return made
