"""What a service publishes in its home, mirrored into an object store as it changes."""

import hashlib
import time
from pathlib import Path

import msgspec

from afield.errors import AbsentError, ReleaseError, StoreError
from afield.home import Home
from afield.records.decision import ControlState
from afield.records.release import Manifest
from afield.serving.bundles import Bundles
from afield.serving.health import PROBLEM
from afield.sharing.source import object_of
from afield.store.objects import Objects
from afield.store.snapshots import control_from, current

ALIVE = "/v1/alive"
BEAT_EVERY = 5.0

Stamp = tuple[int, int, int]
NOTHING: Stamp = (0, 0, 0)


class Alive(msgspec.Struct, frozen=True):
    """What the supervisor's host says of itself.

    Attributes:
        beat: nanoseconds at which the supervisor last gave a sign, by its host's clock; another one for another sign.
        problem: what the supervisor cannot do at the moment, or "".
        privacy: fingerprint of the key of the hashes that stand for people; every host must have the same.
    """

    beat: int
    problem: str = ""
    privacy: str = ""


def fingerprint(key: Path) -> str:
    """Says which key lies in a file of 256 random bits, and nothing about it; "" where there is none."""
    try:
        return hashlib.sha256(b"afield privacy\n" + key.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


class Publisher:
    """Keeps an object store as the home is: releases first, then the control state that names them."""

    def __init__(self, objects: Objects, home: Home) -> None:
        """Mirror what `home` publishes."""
        self._objects, self._home = objects, home
        self._bundles = Bundles(home.bundles)
        self._rows = self._control = NOTHING
        self._said, self._told = 0.0, ("", "")
        self._there: frozenset[str] = frozenset()
        self._left = self._problem = ""

    def step(self) -> str:
        """Put what has changed since the last call, and every few seconds a sign of life; what is wrong, or "".

        Where the store was emptied meanwhile, everything is put again.

        Raises:
            StoreError: the store does not take it, or a snapshot here is damaged; it is tried again with the next call.
            ReleaseError: a file of a release was changed on this disk.
        """
        self._publish_control()
        self._publish_rows()
        self._live()
        return self._problem

    def _publish_control(self) -> None:
        file = current(self._home.snapshots, "control")
        stamp = _stamp(file)
        if stamp == self._control:
            return
        content = _read(file)
        named = _named(control_from(content))
        for release in sorted(named - self._there):
            self._put_release(release)
        self._objects.put(object_of("/v1/snapshots/control"), content)
        if named != self._there:
            self._remove_others(named)
        self._control, self._there = stamp, named

    def _publish_rows(self) -> None:
        file = current(self._home.snapshots, "rows")
        stamp = _stamp(file)
        if stamp != self._rows:
            self._objects.put(object_of("/v1/snapshots/rows"), _read(file))
            self._rows = stamp

    def _put_release(self, release: str) -> None:
        """Put a release that is here, whole; one that is not is left to the health of who answers."""
        statement = self._bundles.statement(release)
        if statement is None:
            return
        try:
            files = msgspec.json.decode(statement, type=_Announced).manifest.files
        except msgspec.MsgspecError as error:
            raise ReleaseError(f"release {release[:12]} is damaged in {self._home.bundles}: {error}") from error
        for file in files:
            content = self._bundles.file(release, file.digest)
            if content:
                self._objects.put(object_of(f"/v1/bundles/{release}/{file.digest}"), content)
        self._objects.put(object_of(f"/v1/bundles/{release}"), statement)

    def _remove_others(self, named: frozenset[str]) -> None:
        """Remove the releases that nobody is to fetch any more."""
        for each in self._objects.listed("bundles"):
            if each.key.split("/")[1].partition(".")[0] not in named:
                self._objects.remove(each.key)

    def _live(self) -> None:
        """Say that the supervisor lives, while it does, and what troubles it."""
        beat, problem = _stamp(self._home.heartbeat)[0], _noted(self._home.heartbeat.with_suffix(PROBLEM))
        privacy = fingerprint(self._home.privacy)
        now = time.monotonic()
        if (now - self._said > BEAT_EVERY or self._told != (problem, privacy)) and beat:
            self._look_after_it()
            self._left = self._objects.put(object_of(ALIVE), msgspec.json.encode(Alive(beat, problem, privacy)))
            self._said, self._told = now, (problem, privacy)

    def _look_after_it(self) -> None:
        """See whether the sign of life that was left is still there, and nobody else's."""
        if not self._left:
            return
        try:
            found = self._objects.look(object_of(ALIVE)).version
        except AbsentError:
            self._rows, self._control, self._there = NOTHING, NOTHING, frozenset()
            found = self._left
        others = f"another service shares at {self._objects.url}: give each an address of its own"
        self._problem = others if found != self._left else ""


class _Announced(msgspec.Struct):
    manifest: Manifest


def _named(control: ControlState) -> frozenset[str]:
    """The releases that a control state names."""
    return frozenset(filter(None, (control.champion, control.challenger, control.last_good)))


def _stamp(file: Path) -> Stamp:
    """Says whether a file is another one than before; the same as of nothing where there is none."""
    try:
        status = file.stat()
    except OSError:
        return NOTHING
    return status.st_mtime_ns, status.st_ino, status.st_size


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise StoreError(f"{file} cannot be read ({error.strerror}); mend its permissions") from error


def _noted(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
