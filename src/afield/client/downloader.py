"""What a service publishes, brought to a device: feature rows, the control state, and the releases that it names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from afield.client.folder import Folder, Kept
from afield.client.incoming import bring, drop
from afield.client.releases import Releases
from afield.client.upstream import Source
from afield.errors import RefusedError, ReleaseError, StoreError
from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.store.durable import write_whole
from afield.store.snapshots import control_from, current, publish_control, rows_from

LARGEST = 2**28
NOT_FOUND = 404

Snapshot = TypeVar("Snapshot", FeatureRows, ControlState)


@dataclass(frozen=True, slots=True)
class Step:
    """What one step came to.

    Attributes:
        changed: whether there is something to take over.
        more: whether a download is under way, so that the next step should follow at once.
    """

    changed: bool
    more: bool


class Downloader:
    """Fills the folders that a data plane follows, as a supervisor would.

    The server decides which release is in force; the device decides whether it may be. Until the champion that the
    server names is here, verified and proven, the one before stays; everything else that the server says (mode,
    overrides) holds at once. The last good release is the one that was in force on this device before.

    Attributes:
        kept: what is remembered.
        problem: why the release in force is not the server's champion; "" where it is, or is on its way.
    """

    def __init__(self, folder: Folder, upstream: Source, releases: Releases) -> None:
        """Bring into `folder` what `upstream` publishes."""
        self._folder, self._upstream, self._releases = folder, upstream, releases
        self.kept = folder.remembered()
        self.problem = ""
        self._told: ControlState | None = None
        self._published: ControlState | None = None
        self._challenger = ""
        self._settled: set[tuple[str, str]] = set()
        self._versions: dict[str, str] = {}

    def step(self) -> Step:
        """Bring what is new, at most one stretch of a release.

        Raises:
            UnreachableError: the service or the network failed; what was held stays in use.
            StoreError: what came is damaged, or the disk does not take it; the same.
        """
        control = self._bring("control", control_from)
        if control is not None:
            self._told = control[1]
        if self._told is None:
            self.problem = f"{self._upstream.url} publishes nothing; give the address of a service of this application"
            return Step(changed=False, more=False)
        other = self._other(self._told)
        if other:
            self.problem = f"{self._upstream.url} serves {other}, not this application; give the address of another"
            return Step(changed=False, more=False)
        rows = self._bring("rows", rows_from)
        if rows is not None:
            write_whole(current(self._folder.snapshots, "rows"), (rows[0],))
        at_once = self._publish(self._told)
        more = self._follow(self._told)
        later = self._publish(self._told)
        return Step(rows is not None or at_once or later, more)

    def resume(self) -> None:
        """Go on from what the folder says; another process may have brought it there meanwhile."""
        self.kept = self._folder.remembered()

    def remember(self, offset: float) -> None:
        """Keep by how much the device's clock was behind, in seconds.

        Raises:
            StoreError: it cannot be written.
        """
        if abs(offset - self.kept.offset) > 1.0:
            self._keep(msgspec.structs.replace(self.kept, offset=offset))

    def _bring(self, kind: str, parse: Callable[[bytes], Snapshot]) -> tuple[bytes, Snapshot] | None:
        """A snapshot, as bytes and parsed, where it is another one than was brought last."""
        part, path = self._folder.incoming / f"{kind}.part", f"/v1/snapshots/{kind}"
        try:
            arrived = bring(self._upstream, path, part, known=self._versions.get(kind, ""), largest=LARGEST)
            while arrived is not None and not arrived.whole:
                arrived = bring(self._upstream, path, part, largest=LARGEST)
            if arrived is None:
                return None
            content = part.read_bytes()
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        except OSError as error:
            raise StoreError(f"{part}: cannot be read ({error.strerror}); mend its folder") from error
        drop(part)
        try:
            snapshot = parse(content)
        except StoreError as error:
            raise StoreError(f"{self._upstream.url}{path}: {error}; what was held stays in use") from error
        self._versions[kind] = arrived.version
        return content, snapshot

    def _other(self, told: ControlState) -> str:
        """The application that the service is of, where it is another one's: nothing that it says is of use here."""
        settled = (told.champion, told.order) in self._settled
        return "" if settled else self._releases.foreign(told.champion)

    def _follow(self, told: ControlState) -> bool:
        """Bring the releases that the server names; whether more of them is to come."""
        self.problem = ""
        champion = (told.champion, told.order)
        if told.champion and champion not in self._settled:
            sequence = self._stepped(told.champion, told.order)
            if sequence is None:
                return not self.problem
            self._adopt(told.champion, sequence)
            self._settled = {champion}
            # Published anew even where the state is the same: its release may have been fetched again meanwhile.
            self._published = None
        if told.stage != "canary" or not told.challenger:
            self._challenger = ""
        elif told.challenger != self._challenger:
            if self._stepped(told.challenger, "") is None:
                return not self.problem
            self._challenger = told.challenger
        return False

    def _stepped(self, digest: str, order: str) -> int | None:
        """The sequence of a release that is here and proven; None where it is on its way, or refused."""
        try:
            return self._releases.step(digest, seen=self.kept.seen, order=order)
        except ReleaseError as error:
            self.problem = f"release {digest[:12]} is refused: {error}"
            return None

    def _adopt(self, digest: str, sequence: int) -> None:
        """Put a release in force."""
        kept = self.kept
        before = kept.last_good if digest == kept.champion else kept.champion
        self._keep(Kept(digest, before, max(sequence, kept.seen), kept.offset))

    def _keep(self, kept: Kept) -> None:
        if kept != self.kept:
            self._folder.remember(kept)
            self.kept = kept

    def _publish(self, told: ControlState) -> bool:
        """Publish what the server says, of the releases that are in force here; whether it says something new."""
        kept = self.kept
        climbs = told.stage == "canary" and self._challenger != "" and told.challenger == self._challenger
        state = msgspec.structs.replace(
            told,
            champion=kept.champion,
            last_good=kept.last_good,
            challenger=self._challenger if climbs else "",
            stage="canary" if climbs and kept.champion == told.champion else "idle",
        )
        if state == self._published:
            return False
        publish_control(self._folder.snapshots, state)
        self._published = state
        self._releases.keep_only({kept.champion, kept.last_good, told.champion, told.challenger})
        return True
