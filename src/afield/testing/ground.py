"""The ground on which designs are examined: two signed releases, snapshots, and a real service that can be cut off."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from afield.application import Application, Operate
from afield.records.considerations import Design
from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.records.release import Manifest
from afield.records.traffic import Event
from afield.release.bundle import load, write
from afield.release.signing import Signer, Statement, Trusted, sign_statement
from afield.serving.config import Config
from afield.serving.launch import await_ready, launch
from afield.store.snapshots import Follower, feature_rows, publish_control, publish_rows
from afield.telemetry.encoding import decode
from afield.telemetry.segments import read

PATIENCE = 20.0
# Seconds that a service may take to open its releases on a machine that does much else.
OPENING = 120.0
FURTHER = ("manifest.json", "signature.json")


class Ground:
    """One application's service with everything that it stands on, under one folder.

    Attributes:
        application, operate: what is examined.
        signer: signs what is published.
        folder: holds bundles, trusted keys, snapshots and spools.
        first, second: two releases; the second is newer and says the same.
        keys: of the rows; one that is empty where requests bring their own input.
        tick: of the rows.
    """

    def __init__(
        self, folder: Path, application: Application, bundle: Path, signer: Signer, rows: FeatureRows | None = None
    ) -> None:
        """Stand on a copy of the release in the folder `bundle`, re-signed by `signer`.

        Args:
            folder: where it stands.
            application: what is examined.
            bundle: of a release.
            signer: signs what is published.
            rows: feature rows of a tick; the release's golden rows where None, where another contract made them, or
                where they rest on facts that are too old for the model.

        Raises:
            ReleaseError: the release does not verify.
        """
        self.folder = folder
        self.application = application
        self.operate = application.part(application.operate, Operate)
        self.signer = signer
        signer.publish(self.trusted)
        self._manifest = msgspec.json.decode((bundle / "manifest.json").read_bytes(), type=Manifest)
        self._files = {
            str(path.relative_to(bundle)): path.read_bytes()
            for path in bundle.rglob("*")
            if path.is_file() and path.name not in FURTHER
        }
        self._sequence = self._manifest.sequence
        self.first = self._release()
        self.second = self._release()
        self.golden = load(self.bundles, self.first, Trusted(self.trusted)).golden
        usable = rows is not None and rows.feature_set == self.feature_set
        fresh = rows is not None and rows.tick - rows.as_of <= self.operate.stale_after
        self._rows = rows if rows is not None and usable and fresh else self._from_golden()
        self.keys = self._rows.keys or ("",)
        self.tick = self._rows.tick
        self._version = 0
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._config: Config | None = None

    @property
    def feature_set(self) -> str:
        """Digest of the releases' feature contract."""
        return self._manifest.feature_set

    @property
    def bundles(self) -> Path:
        """The releases by digest."""
        return self.folder / "bundles"

    @property
    def trusted(self) -> Path:
        """Public keys that count."""
        return self.folder / "trusted"

    @property
    def snapshots(self) -> Path:
        """What the workers follow."""
        return self.folder / "snapshots"

    @property
    def telemetry(self) -> Path:
        """Where the service records events."""
        return self.folder / "telemetry"

    @property
    def url(self) -> str:
        """Where the service is."""
        return f"http://127.0.0.1:{self._port}"

    def publish(self) -> FeatureRows:
        """The feature rows, for everybody who follows."""
        publish_rows(self.snapshots, self._rows)
        return self._rows

    def control(self, champion: str, *, back: bool = False, **others: object) -> ControlState:
        """A control state; its clock stands at the tick. Going back to an earlier release is a signed order."""
        self._version += 1
        order = self._order(champion) if back else ""
        fields = {"version": self._version, "champion": champion, "now": self.tick, "order": order}
        state = msgspec.convert({**fields, **others}, ControlState)
        publish_control(self.snapshots, state)
        return state

    def published(self) -> tuple[FeatureRows | None, ControlState]:
        """What was published last."""
        follower = Follower(self.snapshots)
        follower.refresh()
        return follower.rows, follower.control or ControlState(version=0, champion="")

    @contextmanager
    def serving(self, design: Design = "server", cache: str = "") -> Iterator[None]:
        """The service as a process of its own, in the design server or cached."""
        self._config = Config(
            application=self.application.called,
            options=dict(self.application.options),
            snapshots=str(self.snapshots),
            bundles=str(self.bundles),
            trusted=str(self.trusted),
            facts=str(self.folder / "facts"),
            telemetry=str(self.telemetry),
            counts=str(self.folder / "counts"),
            privacy=str(self.folder / "privacy.key"),
            port=self._port,
            seal_after=0.2,
            design=design,
            cache=cache,
        )
        try:
            self.restore()
            yield
        finally:
            self.cut()

    def restore(self) -> None:
        """Let the service answer again."""
        if self._config is not None and self._process is None:
            self._process = launch(self._config, self.folder / "config.json", self.folder / "service.log")
            await_ready(self._config, self._process, patience=OPENING)

    def cut(self) -> None:
        """End the service; what it recorded stays."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def events(self, *folders: Path) -> list[Event]:
        """The answers recorded in the service's spool and in others."""
        found = []
        for folder in (self.telemetry, *folders):
            if folder.is_dir():
                records = [decode(body) for _, body in read(folder)]
                found += [record for record in records if isinstance(record, Event)]
        return found

    def _from_golden(self) -> FeatureRows:
        """The golden rows as those of their tick; none where requests bring their own input."""
        golden, step = self.golden, self.operate.step
        tick = golden.tick - (golden.tick - datetime.min) % step
        if self.operate.from_input is not None:
            return feature_rows(self.feature_set, tick, tick, (), {})
        columns = {name: np.array(values) for name, values in golden.features.items()}
        return feature_rows(self.feature_set, tick, tick, golden.keys, columns)

    def _release(self) -> str:
        self._sequence += 1
        manifest = msgspec.structs.replace(self._manifest, sequence=self._sequence, files=())
        return write(self.bundles, manifest, self._files, self.signer)

    def _order(self, champion: str) -> str:
        self._sequence += 1
        statement = Statement(
            "rollback", self.application.name, champion, self._sequence, datetime.now(UTC), "the suite goes back"
        )
        return sign_statement(statement, self.signer).decode()
