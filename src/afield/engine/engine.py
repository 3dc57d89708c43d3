"""An engine maps a function over partitions, in their order and with bounded memory: here, or on a cluster."""

import reprlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from multiprocessing import get_context
from typing import Protocol, TypeVar

from afield.errors import AfieldError, EngineError, UsageError

Partition = TypeVar("Partition")
Result = TypeVar("Result")

# Partitions under way for each process: one computed, one waiting, so that no process is idle.
AHEAD = 2
SHOWN = 120


class Engine(Protocol):
    """Where partitions are computed."""

    def map(self, function: Callable[[Partition], Result], partitions: Iterable[Partition]) -> Iterator[Result]:
        """The function's result for each partition, in the order of the partitions, whoever computed them.

        Partitions are taken, and results held, a few at a time. Other processes need a function that can be
        pickled, and find their data by its place: hand over paths, addresses and windows, not frames.

        Raises:
            AfieldError: the function failed for a partition; the message names it. What the function raised keeps its
                class where that is one of Afield's.
            EngineError: processes or a cluster were lost.
        """
        ...


@dataclass(frozen=True, slots=True)
class Local:
    """This machine.

    Attributes:
        processes: 1: in this process, one partition after the other; more: in as many others.
    """

    processes: int = 1

    def __post_init__(self) -> None:
        """Refuse a machine without processes."""
        if self.processes < 1:
            raise UsageError(f"{self.processes} processes compute nothing; give at least 1")

    def map(self, function: Callable[[Partition], Result], partitions: Iterable[Partition]) -> Iterator[Result]:
        """The results, in order; see `Engine`."""
        if self.processes == 1:
            for number, partition in enumerate(partitions):
                yield computed(function, number, partition)
            return
        # A forked process may inherit a lock of Polars' threads that nobody will open: start afresh.
        pool = ProcessPoolExecutor(self.processes, mp_context=get_context("spawn"))
        waiting = enumerate(partitions)
        under_way = deque(
            (number, pool.submit(computed, function, number, partition))
            for number, partition in islice(waiting, self.processes * AHEAD)
        )
        try:
            while under_way:
                number, future = under_way.popleft()
                try:
                    found = future.result()
                except BrokenProcessPool as error:
                    raise EngineError(
                        f"a process died while partition {number} or one soon after it was computed, as it does when "
                        "memory is short; use fewer processes or shorter partitions"
                    ) from error
                for further, partition in islice(waiting, 1):
                    under_way.append((further, pool.submit(computed, function, further, partition)))
                yield found
        finally:
            pool.shutdown(cancel_futures=True)


HERE = Local()
"""This process."""


def open_engine(name: str = "local", address: str = "", processes: int = 1) -> Engine:
    """The engine of this name.

    Args:
        name: `local`, or `ray` (needs the extra `afield[ray]`).
        address: of the Ray cluster's head, `host:port` from one of its nodes or `ray://host:port` from outside.
        processes: of the local engine.

    Raises:
        UsageError: there is no such engine, Ray is not installed, or the address does not fit.
    """
    if name == "local":
        if address:
            raise UsageError(f"the local engine has no address ({address} given); say --engine ray")
        return Local(processes)
    if name != "ray":
        raise UsageError(f"there is no engine {name!r}; there is: local, ray")
    # Ray takes a second to import: only who names it pays.
    engine: Engine = import_module("afield.engine.cluster").Cluster(address)
    return engine


def computed(function: Callable[[Partition], Result], number: int, partition: Partition) -> Result:
    """What the function gives; what it raises names the partition.

    Raises:
        AfieldError: of the class that the function raised, else an EngineError.
    """
    try:
        return function(partition)
    except AfieldError as error:
        raise type(error)(f"{told(number, partition)}: {error}") from error
    except Exception as error:
        raise EngineError(f"{told(number, partition)}: {type(error).__name__}: {error}") from error


def told(number: int, partition: object) -> str:
    """A partition for people: its number and the head of what it is."""
    short = reprlib.Repr()
    short.maxother = short.maxstring = SHOWN
    return f"partition {number}, {short.repr(partition)}"
