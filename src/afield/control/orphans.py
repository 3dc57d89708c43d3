"""Data planes that outlived their supervisor: found by the configuration that they run with, and ended in order."""

import os
import signal
import time
from pathlib import Path

from afield.errors import ServingError
from afield.serving.launch import DEVICE, WORKER

PATIENCE = 20.0


def running_with(config: Path) -> tuple[int, ...]:
    """Processes of this machine that answer by the configuration CONFIG, as far as /proc shows them."""
    wanted = [[b"-m", program.encode(), os.fsencode(config)] for program in (WORKER, DEVICE)]
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        except OSError:
            continue
        if words[-3:] in wanted:
            found.append(int(entry.name))
    return tuple(sorted(found))


def end(process: int, patience: float = PATIENCE) -> None:
    """Let a process finish what it has begun, and return once it is gone; it is killed after `patience` seconds.

    Raises:
        ServingError: it belongs to somebody else, or does not end.
    """
    for number, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        try:
            os.kill(process, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise ServingError(
                f"process {process} answers here and is not ours; stop it, or use another home"
            ) from error
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            if not lives(process):
                return
            time.sleep(0.01)
    raise ServingError(f"process {process} does not end; stop it, or use another home")


def lives(process: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
