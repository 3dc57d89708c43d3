"""Claims: at most one living writer of a name in a spool, known to the operating system."""

import fcntl
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from afield.errors import TelemetryError

_WRITER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_POLL = 0.01

DRAIN = "_drain"
"""The name that who drains a spool holds: one at a time."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write under a name; it ends with `release`, or with the process."""

    writer: str
    file: int

    def release(self) -> None:
        """Let the name go."""
        os.close(self.file)


def claim(folder: Path, writer: str, patience: float = 0.0) -> Claim | None:
    """The right to write as `writer`, or None where a living writer has it for longer than `patience` seconds.

    Raises:
        TelemetryError: it is no name for a writer, or the folder cannot be written.
    """
    if not _WRITER.fullmatch(writer) and writer != DRAIN:
        raise TelemetryError(f"{writer!r} cannot name a writer; use 1 to 64 of a-z, 0-9, _ and -, none of _- first")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / f"{writer}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise TelemetryError(f"cannot open a spool in {folder}: {error.strerror}; mend its permissions") from error
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(file)
                return None
            time.sleep(_POLL)
        else:
            return Claim(writer, file)


def claim_any(folder: Path, prefix: str, limit: int = 256) -> Claim:
    """The right to write as the first free of `PREFIX-0`, `PREFIX-1`, …: for workers that do not know their number.

    Raises:
        TelemetryError: all of them are taken.
    """
    for number in range(limit):
        found = claim(folder, f"{prefix}-{number}")
        if found is not None:
            return found
    raise TelemetryError(f"all {limit} writers {prefix}-0 to {prefix}-{limit - 1} of {folder} live; use another prefix")
