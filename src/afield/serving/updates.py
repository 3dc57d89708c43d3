"""What a worker takes over while it answers: new snapshots, and new releases once they have proven themselves."""

import threading
from collections.abc import Callable
from typing import Protocol

import msgspec

from afield.errors import ReleaseError
from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.serving.predictor import Predictor
from afield.serving.releases import Release
from afield.serving.situation import Situation

EVERY = 0.02


class Snapshots(Protocol):
    """The latest snapshots of the control plane."""

    @property
    def rows(self) -> FeatureRows | None:
        """The newest feature rows."""
        ...

    @property
    def control(self) -> ControlState | None:
        """The newest control state."""
        ...

    @property
    def problem(self) -> str:
        """What is wrong with the snapshots; "" when nothing is."""
        ...

    def refresh(self) -> bool:
        """Look for newer ones; whether anything changed."""
        ...


class Updates:
    """Follows snapshots and swaps what the predictor sees, off the request path."""

    def __init__(self, snapshots: Snapshots, load: Callable[[str], Release], predictor: Predictor) -> None:
        """Let `predictor` see what `snapshots` say; `load` opens a release and checks its golden rows."""
        self._snapshots = snapshots
        self._load = load
        self._predictor = predictor
        self._releases: dict[str, Release] = {}
        self._champion = ""
        self._problem = ""
        self._stop = threading.Event()

    def step(self) -> bool:
        """Take over what is new; whether anything was.

        A release that cannot be loaded is not served: the champion before it goes on, a challenger
        does not take part, and the situation's `problem` says why. It is tried again with the next snapshot.
        """
        snapshots = self._snapshots
        if not snapshots.refresh() and snapshots.problem == self._problem:
            return False
        self._problem = snapshots.problem
        problems = [self._problem] if self._problem else []
        control = snapshots.control or ControlState(version=0, champion="")
        loaded = {digest: self._opened(digest, problems) for digest in _wanted(control)}
        releases = {digest: release for digest, release in loaded.items() if release is not None}
        if control.champion not in releases and self._champion in self._releases:
            releases[self._champion] = self._releases[self._champion]
        else:
            self._champion = control.champion
        self._releases = releases
        rows = snapshots.rows
        problems += _mismatched(rows, releases.get(self._champion))
        seen = msgspec.structs.replace(control, champion=self._champion)
        self._predictor.see(Situation(rows, seen, releases, "; ".join(problems)))
        return True

    def run(self, go_on: Callable[[], bool], every: float = EVERY) -> None:
        """Step every `every` seconds while `go_on()`, or until `stop`."""
        while go_on() and not self._stop.wait(every):
            self.step()

    def stop(self) -> None:
        """End `run`."""
        self._stop.set()

    def _opened(self, digest: str, problems: list[str]) -> Release | None:
        if digest in self._releases:
            return self._releases[digest]
        try:
            return self._load(digest)
        except ReleaseError as error:
            problems.append(f"release {digest[:12]} is refused: {error}")
            return None


def _wanted(control: ControlState) -> tuple[str, ...]:
    named = (control.champion, control.challenger, control.last_good)
    return tuple(dict.fromkeys(digest for digest in named if digest))


def _mismatched(rows: FeatureRows | None, release: Release | None) -> list[str]:
    if rows is None or release is None or not release.feature_set or rows.feature_set == release.feature_set:
        return []
    return [
        f"the feature rows follow contract {rows.feature_set[:12]}; "
        f"release {release.digest[:12]} was trained with {release.feature_set[:12]}"
    ]
