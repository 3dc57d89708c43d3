"""Partitions on a Ray cluster: what a lost node held is computed again; a lost cluster is told within seconds.

The only file that imports Ray, an optional dependency.
"""

import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import cast

from afield.engine.engine import AHEAD, Partition, Result, computed
from afield.errors import AfieldError, EngineError, UsageError

try:
    import ray
except ImportError as error:
    raise UsageError("the engine ray needs Ray, which is not installed: pip install 'afield[ray]'") from error

CLIENT = "ray://"
RETRIES = 5
LOOK = 1.0
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Ray cluster that runs already; every node has the same Afield and the same application installed.

    Nothing is started here: a connection is made for each map, and ended after it.

    Attributes:
        address: of its head: `host:port` on one of its nodes, `ray://host:port` from outside.
        patience: seconds that the head may be silent, or that no node may have a processor, before it counts as lost.
    """

    address: str
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        """Refuse an address that names no host and port."""
        host, _, port = self.address.removeprefix(CLIENT).rpartition(":")
        if not host or not port.isdigit():
            raise UsageError(f"{self.address!r} is no address of a Ray cluster; give --address host:port of its head")

    def map(self, function: Callable[[Partition], Result], partitions: Iterable[Partition]) -> Iterator[Result]:
        """The results, in order; see `Engine`.

        A partition whose node is lost, or whose process dies, is computed again elsewhere, up to `RETRIES` times.

        Raises:
            EngineError: the cluster cannot be reached, was lost, or a partition's processes died again and again.
        """
        with self._connected() as head:
            task = cast("Callable[..., ray.ObjectRef[Result]]", ray.remote(max_retries=RETRIES)(computed).remote)
            shared = ray.put(function)
            waiting = enumerate(partitions)
            room = AHEAD * max(1, _processors())
            under_way = deque((number, task(shared, number, each)) for number, each in islice(waiting, room))
            while under_way:
                number, reference = under_way.popleft()
                found: Result = self._awaited(reference, number, head)
                # Let go of before more is asked for, so that the cluster's memory holds few results.
                del reference
                under_way.extend((further, task(shared, further, each)) for further, each in islice(waiting, 1))
                yield found

    @contextmanager
    def _connected(self) -> Iterator[tuple[str, int]]:
        """A connection; gives the host and port by which the head is watched."""
        if not _answers(_place(self.address)):
            raise EngineError(
                f"no Ray cluster answers at {self.address}; start one (ray start --head), or mend --address"
            )
        try:
            ray.init(address=self.address, log_to_driver=False, logging_level=logging.ERROR)
        except (ray.exceptions.RayError, ConnectionError, OSError, RuntimeError, ValueError) as error:
            raise EngineError(
                f"the Ray cluster at {self.address} refuses: {_first_line(error)}; its Ray and Python must be of this "
                "version, and this process on one of its nodes (from outside: ray://host:port)"
            ) from error
        try:
            outside = self.address.startswith(CLIENT)
            yield _place(self.address if outside else ray.get_runtime_context().gcs_address)
        finally:
            ray.shutdown()

    def _awaited(self, reference: "ray.ObjectRef[Result]", number: int, head: tuple[str, int]) -> Result:
        """A partition's result, while there is a cluster that may give it."""
        alive = time.monotonic()
        while True:
            try:
                return ray.get(reference, timeout=LOOK)
            except ray.exceptions.GetTimeoutError:
                # Ray itself ends the whole process after a minute without its head: look before it does.
                if _answers(head) and _processors():
                    alive = time.monotonic()
                elif time.monotonic() - alive > self.patience:
                    raise EngineError(
                        f"the Ray cluster at {self.address} was lost while partition {number} was computed: its head "
                        "does not answer, or no node with a processor is left; start it and run again"
                    ) from None
            except ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, AfieldError):
                    raise error.cause from error
                raise EngineError(f"partition {number}: {_first_line(error)}") from error
            except (ray.exceptions.RayError, ConnectionError) as error:
                raise EngineError(
                    f"partition {number} was given up after {RETRIES} tries on the Ray cluster at {self.address}: "
                    f"{_first_line(error)}; its nodes or processes die: look at their memory"
                ) from error


def _answers(place: tuple[str, int]) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(place, timeout=LOOK).close()
    except OSError:
        return False
    return True


def _processors() -> int:
    """How many processors the nodes offer that are known to live."""
    return int(ray.cluster_resources().get("CPU", 0))  # type: ignore[no-untyped-call]


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix(CLIENT).rpartition(":")
    return host.strip("[]"), int(port)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
