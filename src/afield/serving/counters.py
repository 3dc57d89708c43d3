"""Counters of all workers of a service: each adds to its own shared file, any one of them can sum up."""

import fcntl
import itertools
import mmap
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

SUFFIX = ".counts"


class Counters:
    """Named float64 counters in a memory-mapped file per process; they only ever grow.

    A file outlives its process, so that the sums do not fall when a worker is replaced; the next process that comes
    goes on with it, so that there are never more files than there were processes at once.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        """Count into a file of this process in `folder`; all processes there use the same `names`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._places = {name: place for place, name in enumerate(names)}
        self._bytes = 8 * len(names)
        self._lock = threading.Lock()
        with _free(folder) as file:
            file.truncate(self._bytes)
            # The mapping keeps a descriptor of its own, and with it the lock, for as long as it lives.
            self._values = np.frombuffer(mmap.mmap(file.fileno(), self._bytes), np.float64)

    def add(self, name: str, amount: float = 1.0) -> None:
        """Add to one counter; a name that nobody declared is counted nowhere."""
        place = self._places.get(name)
        if place is not None:
            with self._lock:  # the lanes of a worker count too
                self._values[place] += amount

    def put(self, name: str, value: float) -> None:
        """Set one number of this process, for `greatest`."""
        self._values[self._places[name]] = value

    def totals(self) -> dict[str, float]:
        """Each counter, summed over all processes."""
        total: NDArray[np.float64] = sum(self._each(), np.zeros(len(self._places)))
        return dict(zip(self._places, total.tolist(), strict=True))

    def greatest(self, name: str) -> float:
        """The greatest of what the processes put."""
        return float(max(values[self._places[name]] for values in self._each()))

    def _each(self) -> Iterator[NDArray[np.float64]]:
        for file in self._folder.glob(f"*{SUFFIX}"):
            content = file.read_bytes()
            if len(content) == self._bytes:
                yield np.frombuffer(content, np.float64)


def _free(folder: Path) -> BinaryIO:
    """The first counters' file that no living process counts into, locked."""
    for number in itertools.count():
        file = (folder / f"{number}{SUFFIX}").open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
        else:
            return file
    raise AssertionError("unreachable")


def clear(folder: Path) -> None:
    """Forget the counters of an earlier run, in folders below too; called before the first worker starts."""
    for file in folder.rglob(f"*{SUFFIX}"):
        file.unlink(missing_ok=True)
