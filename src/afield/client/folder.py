"""Where everything of one application lies on a device, and what it must not forget."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from afield.errors import StoreError
from afield.records.release import Manifest
from afield.store.durable import write_whole
from afield.store.snapshots import control_from, current


class Kept(msgspec.Struct, frozen=True):
    """What a device remembers between two starts.

    Attributes:
        champion: the release in force on this device, or "".
        last_good: the one before it, or "".
        seen: the highest sequence accepted; what is older needs a signed statement.
        offset: seconds by which the device's clock was behind the server's when that was last heard.
    """

    champion: str = ""
    last_good: str = ""
    seen: int = 0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Folder:
    """The folders of one application on a device: those of a service, filled from elsewhere.

    Attributes:
        root: holds all of it, for one application.
        keys: folder of the public keys whose signatures count; one of its own where None.
    """

    root: Path
    keys: Path | None = None

    @property
    def bundles(self) -> Path:
        """Releases that were verified and proven, by digest."""
        return self.root / "bundles"

    @property
    def incoming(self) -> Path:
        """What is on its way."""
        return self.root / "incoming"

    @property
    def trusted(self) -> Path:
        """Public keys whose signatures count."""
        return self.keys or self.root / "trusted"

    @property
    def snapshots(self) -> Path:
        """Feature rows and control state as they were last fetched."""
        return self.root / "snapshots"

    @property
    def telemetry(self) -> Path:
        """Spool of recorded events."""
        return self.root / "spool" / "telemetry"

    @property
    def facts(self) -> Path:
        """Spool of facts and outcomes."""
        return self.root / "spool" / "facts"

    @property
    def state(self) -> Path:
        """File of what is remembered."""
        return self.root / "device.json"

    def remembered(self) -> Kept:
        """What was kept last; where that is lost or damaged, what the control state and the releases here say.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            return msgspec.json.decode(self.state.read_bytes(), type=Kept)
        except (FileNotFoundError, msgspec.MsgspecError):
            return self._recovered()
        except OSError as error:
            raise StoreError(f"{self.state}: cannot be read ({error.strerror}); mend its permissions") from error

    def remember(self, kept: Kept) -> None:
        """Keep it, whole or not at all.

        Raises:
            StoreError: it cannot be written.
        """
        write_whole(self.state, (msgspec.json.encode(kept),))

    def _recovered(self) -> Kept:
        sequences = [0]
        for file in self.bundles.glob("*/manifest.json"):
            with suppress(OSError, msgspec.MsgspecError):
                sequences.append(msgspec.json.decode(file.read_bytes(), type=Manifest).sequence)
        try:
            control = control_from(current(self.snapshots, "control").read_bytes())
        except (OSError, StoreError):
            return Kept(seen=max(sequences))
        return Kept(control.champion, control.last_good, max(sequences))
