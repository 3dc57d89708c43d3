"""What a piece of work costs: seconds, and the memory that it took beyond what was held before."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
FORGET_PEAK = "5"


@dataclass(slots=True)
class Cost:
    """What was spent, once the work is done.

    Attributes:
        seconds: of wall time.
        memory: bytes by which resident memory rose at its peak; 0 where the work fitted into memory held before.
    """

    seconds: float = 0.0
    memory: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """The cost of what happens inside, filled in at its end; the process's memory, so measure one thing at a time.

    The kernel's mark of the highest resident memory is reset first (proc(5), `clear_refs`). Where that is not
    possible, a rise is seen only where it is the highest of the whole process.
    """
    cost = Cost()
    with suppress(OSError):
        RESET.write_text(FORGET_PEAK)
    held, started = _resident("VmRSS"), perf_counter()
    yield cost
    cost.seconds = perf_counter() - started
    cost.memory = max(0.0, _resident("VmHWM") - held)


def _resident(field: str) -> float:
    """Bytes of resident memory, now (`VmRSS`) or at the highest (`VmHWM`)."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024.0
