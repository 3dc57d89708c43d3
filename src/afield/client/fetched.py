"""Snapshots as a device has fetched them: that none are here yet is no damage, and told by who fetches."""

from pathlib import Path

from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.store.snapshots import Follower


class Fetched:
    """The latest snapshots of a device's folder."""

    def __init__(self, folder: Path) -> None:
        """Follow `folder`, which a downloader fills."""
        self._follower = Follower(folder)

    @property
    def rows(self) -> FeatureRows | None:
        """The newest feature rows."""
        return self._follower.rows

    @property
    def control(self) -> ControlState | None:
        """The newest control state."""
        return self._follower.control

    @property
    def problem(self) -> str:
        """What is wrong with the snapshots; "" where nothing is, or nothing was fetched yet."""
        return self._follower.problem if self.rows is not None or self.control is not None else ""

    def refresh(self) -> bool:
        """Look for newer ones; whether anything changed."""
        return self._follower.refresh()
