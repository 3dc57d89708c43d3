"""A network between two processes of one machine: a TCP proxy that adds delay, jitter, rate limits and cuts.

    with Proxy(8000, Way(round_trip=0.06, round_trip_p95=0.09, up=1e6)) as proxy:
        ...                          # clients go to 127.0.0.1, port proxy.port
        proxy.cut()                  # connections break, new ones are refused
        proxy.mend()
        proxy.counts                 # bytes up and down, connections

In user space, because a kernel may have no network emulation and asking for it takes rights. What it lacks: lost
packets, slow start and the round trips of a connection's set-up.
"""

import asyncio
import math
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from types import TracebackType

from afield.errors import UsageError

PIECE, AHEAD = 16_384, 256
"""Bytes that are read at once, and pieces that wait in one direction before no more are read."""
Z95 = 1.6448536269514722


@dataclass(frozen=True, slots=True)
class Way:
    """How a network behaves, each connection for itself.

    Attributes:
        round_trip, round_trip_p95: seconds there and back: median, and what 95 of 100 exchanges stay below
            (log-normal); an exchange is a piece that goes up after something came down. Half is spent each way.
        up, down: bytes a second; infinite where nothing limits them.
    """

    round_trip: float = 0.0
    round_trip_p95: float = 0.0
    up: float = math.inf
    down: float = math.inf


@dataclass(frozen=True, slots=True)
class Carried:
    """What went through: bytes in each direction, and connections that were let in."""

    up: int = 0
    down: int = 0
    connections: int = 0


class Proxy:
    """A way to a port of this machine; a context manager that carries from its start to its end."""

    def __init__(self, target: int, way: Way, *, seed: int = 0, port: int = 0) -> None:
        """Carry to the loopback port `target`, listening at `port` (0: a free one); `seed` is of the jitter.

        Raises:
            UsageError: a time or a rate makes no sense.
        """
        times = (way.round_trip, way.round_trip_p95)
        if not (min(way.up, way.down) > 0 and all(0 <= time < math.inf for time in times)):
            raise UsageError(f"{way}: delays are finite and not below 0, rates above 0")
        if way.round_trip_p95 < way.round_trip:
            raise UsageError(f"{way}: 95 of 100 round trips cannot be shorter than half of them")
        self.port = port
        self.counts = Carried()
        self._target, self._way = target, way
        self._random = Random(seed)  # noqa: S311 - jitter, no secret
        self._whole = True
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._open: set[asyncio.StreamWriter] = set()

    def __enter__(self) -> "Proxy":
        """Listen."""
        self._thread.start()
        listening = asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Break what is open and stop listening."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Break all connections, and let no new one in until `mend`."""
        self._whole = False
        self._loop.call_soon_threadsafe(self._break)

    def mend(self) -> None:
        """Let connections in again."""
        self._whole = True

    def forget(self) -> None:
        """Count from 0."""
        self.counts = Carried()

    def _break(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        self._break()
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            if not self._whole:
                raise ConnectionAbortedError
            there, onward = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self.counts = replace(self.counts, connections=self.counts.connections + 1)
        self._open |= {writer, onward}
        exchange = _Exchange(self._way, self._random)
        try:
            with suppress(asyncio.CancelledError):  # the end of the proxy; asyncio's streams would log it as a failure
                await asyncio.gather(
                    self._one_way(reader, onward, exchange, self._way.up, upward=True),
                    self._one_way(there, writer, exchange, self._way.down, upward=False),
                )
        finally:
            for each in (writer, onward):
                self._open.discard(each)
                each.close()

    async def _one_way(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, exchange: "_Exchange", rate: float, upward: bool
    ) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(AHEAD)
        delivering = asyncio.create_task(self._deliver(waiting, sink))
        free = 0.0
        with suppress(OSError):
            while piece := await source.read(PIECE):
                now = self._loop.time()
                delay = exchange.half(upward)
                free = max(now, free) + len(piece) / rate
                self._count(len(piece), upward)
                await waiting.put((free + delay, piece))
        await waiting.put((0.0, b""))
        await delivering

    async def _deliver(self, waiting: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter) -> None:
        """Pass pieces on when their time comes, in their order; nothing more passes once the sink is gone."""
        with suppress(OSError):
            while True:
                due, piece = await waiting.get()
                if not piece:
                    if sink.can_write_eof():
                        sink.write_eof()
                    return
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                sink.write(piece)
                await sink.drain()
        while (await waiting.get())[1]:
            pass

    def _count(self, size: int, upward: bool) -> None:
        held = self.counts
        self.counts = replace(held, up=held.up + size) if upward else replace(held, down=held.down + size)


class _Exchange:
    """The round trip of the exchange that is under way on one connection."""

    def __init__(self, way: Way, random: Random) -> None:
        self._way, self._random = way, random
        self._half, self._down = 0.0, True

    def half(self, upward: bool) -> float:
        """Seconds that a piece takes one way; drawn anew where one goes up after another came down."""
        if upward and self._down and self._way.round_trip > 0:
            spread = math.log(self._way.round_trip_p95 / self._way.round_trip) / Z95
            self._half = self._way.round_trip * math.exp(spread * self._random.gauss(0.0, 1.0)) / 2
        self._down = not upward
        return self._half
