"""What another service published in an object store, brought into folders here and kept when the store is gone."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from afield.client.downloader import Downloader
from afield.client.folder import Folder
from afield.client.opening import Opening
from afield.client.releases import Releases
from afield.client.upstream import Source
from afield.errors import ServingError, StoreError
from afield.serving.health import PROBLEM
from afield.serving.releases import Release
from afield.sharing.publishing import ALIVE, Alive, fingerprint
from afield.sharing.source import FOUND
from afield.store.durable import write_whole

LARGEST = 2**16


class Following:
    """Fills the folders that the workers of this host follow.

    Releases are taken as a device takes them: signed by a key that is trusted here, whole, proven on their golden rows,
    never an older one without a signed order. Until a release is here, the one before it answers.
    """

    def __init__(
        self,
        folder: Folder,
        source: Source,
        heartbeat: Path,
        application: str,
        opened: Callable[[str], Release],
        privacy: Path,
    ) -> None:
        """Follow what `source` publishes.

        Args:
            folder: what comes is kept here.
            source: the published objects.
            heartbeat: file that is touched whenever the other service gave a sign of life.
            application: whose releases are taken.
            opened: opens a release of `folder`, verified and proven.
            privacy: file of the key of the hashes that stand for people.
        """
        self._source, self._heartbeat, self._privacy = source, heartbeat, privacy
        self._downloader = Downloader(folder, source, Releases(folder, source, application, Opening(opened).take))
        self._alive, self._version = Alive(0), ""

    def step(self) -> str:
        """Bring what is new, whole; why the release in force is not the one that is published, or what troubles there.

        Raises:
            UnreachableError: the store did not answer, or what came was changed on the way; what is here stays.
            StoreError: this disk does not take it, or what came is damaged; the same.
            ServingError: the other service makes its hashes with another key.
        """
        while self._downloader.step().more:
            continue
        self._look_for_life()
        return "; ".join(filter(None, (self._downloader.problem, self._alive.problem)))

    def note(self, problem: str) -> None:
        """Let this host's workers say in their health what is wrong; "" for nothing any more."""
        file = self._heartbeat.with_suffix(PROBLEM)
        with contextlib.suppress(OSError, StoreError):
            if problem:
                write_whole(file, (problem.encode(),))
            else:
                file.unlink(missing_ok=True)

    def _look_for_life(self) -> None:
        """Take over what the other service says of itself, and that its supervisor lives where it gave a new sign."""
        told = self._source.get(ALIVE, largest=LARGEST, headers={"If-None-Match": self._version})
        if told.status != FOUND:
            return
        try:
            alive = msgspec.json.decode(told.body, type=Alive)
        except msgspec.MsgspecError as error:
            raise StoreError(f"{self._source.url}: what lies there is no sign of life: {error}") from error
        if alive.beat != self._alive.beat:
            self._touch()
        self._alive, self._version = alive, told.headers["etag"]
        if alive.privacy and alive.privacy != fingerprint(self._privacy):
            self._version = ""
            raise ServingError(
                f"{self._privacy} is another key than that of the service at {self._source.url}: the same person would "
                "have two names in the tables; copy that service's file here, by a way that you trust"
            )

    def _touch(self) -> None:
        try:
            self._heartbeat.parent.mkdir(parents=True, exist_ok=True)
            self._heartbeat.touch()
        except OSError as error:
            raise StoreError(f"{self._heartbeat} cannot be written: {error.strerror}; mend its folder") from error
