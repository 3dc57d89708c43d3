"""Where drafts are kept: in this process, within a bound of bytes. Valkey or Redis: `serving.valkey`."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

LARGEST = 64 * 2**20
VALKEY = "afield.serving.valkey:ValkeyStore"
"""What several processes keep drafts in: `(url, prefix) -> Store`, loaded where a URL is given, for it is an extra."""


class Store(Protocol):
    """Keeps bytes by name for a while; it forgets when it likes, and never raises."""

    def get(self, name: str) -> bytes | None:
        """What is kept under a name; None where nothing is, or the store does not answer in time."""
        ...

    def put(self, name: str, content: bytes, seconds: float) -> bool:
        """Keep `content` for at most so long; whether it is kept."""
        ...

    def claim(self, name: str, seconds: float) -> bool:
        """Whether the caller is the first who asks for this work in so long; True where nobody can tell."""
        ...

    @property
    def problem(self) -> str:
        """Why the store did not do what was asked of it last; "" where it did."""
        ...


class InProcess:
    """A store in the memory of this process; what was used longest ago goes first where it is full."""

    problem = ""

    def __init__(self, largest: int = LARGEST, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep at most `largest` bytes; `clock` gives seconds."""
        self._largest = largest
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """What is kept under a name."""
        with self._lock:
            found = self._kept.get(name)
            if found is None:
                return None
            if found[0] < self._clock():
                self._drop(name)
                return None
            self._kept.move_to_end(name)
            return found[1]

    def put(self, name: str, content: bytes, seconds: float) -> bool:
        """Keep it; False where it alone is larger than everything that may be kept."""
        size = len(name) + len(content)
        if size > self._largest:
            return False
        with self._lock:
            self._drop(name)
            while self._size + size > self._largest:
                self._drop(next(iter(self._kept)))
            self._kept[name] = (self._clock() + seconds, content)
            self._size += size
        return True

    def claim(self, name: str, seconds: float) -> bool:
        """Whether the caller is the first who asks for this work in so long."""
        return self.get(name) is None and self.put(name, b"1", seconds)

    def _drop(self, name: str) -> None:
        found = self._kept.pop(name, None)
        if found is not None:
            self._size -= len(name) + len(found[1])
