"""The file of an open segment: whole frames or none, also on a full disk."""

import errno
import os
from pathlib import Path

from afield.errors import TelemetryError
from afield.store.durable import sync_folder


class SegmentFile:
    """An open segment that frames are appended to.

    Attributes:
        path: where it is.
        size: bytes of the whole frames in it.
        broken: why what the disk holds is no longer known, or "".
    """

    def __init__(self, path: Path) -> None:
        """Make the file.

        Raises:
            TelemetryError: it cannot be made, or is there already.
        """
        self.path, self.size, self.broken = path, 0, ""
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        try:
            self._file = os.open(path, flags, 0o600)
        except OSError as error:
            raise TelemetryError(f"{_reason(error)}: cannot make {path}; mend its folder") from error

    def write(self, data: bytes | bytearray) -> None:
        """Hand whole frames to the operating system in one call; what it takes by half is cut off again.

        Raises:
            TelemetryError: nothing of them was written.
        """
        reason = "disk full"
        try:
            written = os.write(self._file, data)
            if written == len(data):
                self.size += written
                return
        except OSError as error:
            reason = _reason(error)
        self.cut(0)
        raise TelemetryError(f"{reason}: {self.path} takes no more; free space on its disk")

    def cut(self, length: int) -> None:
        """Take the last `length` bytes of whole frames back, and what may stand torn behind them."""
        self.size -= length
        try:
            os.ftruncate(self._file, self.size)
        except OSError as error:
            self._break(error)

    def sync(self) -> None:
        """Bring everything written onto the disk; another thread may write meanwhile. A sealed file is there already.

        Raises:
            TelemetryError: the disk failed, now or before: after an error the system forgets what it could not write.
        """
        if self._file < 0:
            return
        if not self.broken:
            try:
                os.fsync(self._file)
            except OSError as error:
                self._break(error)
        if self.broken:
            raise TelemetryError(self.broken)

    def seal(self) -> None:
        """Sync the file, rename it and close it.

        Raises:
            TelemetryError: it stays open, and can be sealed again.
        """
        self.sync()
        try:
            self.path.rename(self.path.with_suffix(".sealed"))
            sync_folder(self.path.parent)
        except OSError as error:
            raise TelemetryError(f"{_reason(error)}: cannot rename {self.path}; mend its folder") from error
        self.close()

    def close(self) -> None:
        """Let the file go as it is; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _break(self, error: OSError) -> None:
        self.broken = f"{_reason(error)}: what {self.path} holds is not known; look at the disk, open the spool again"


def _reason(error: OSError) -> str:
    return "disk full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else f"write failed ({error.strerror})"
