"""A balancer for tests: connections go in turn to the services that say that they are ready."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self

CHECK_EVERY = 0.05
CHECK_WITHIN = 1.0
_ASK = b"GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_BLOCK = 65_536


class Balancer:
    """Round robin by connection on loopback, in a thread of its own.

    A connection that cannot be made to one service goes to the next; one that breaks under way breaks for its client
    too, as it does behind balancers that do not know which requests may be repeated.

    Attributes:
        port: where it listens, once it was entered.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        """Stand before the services at these ports of this machine."""
        self.port = 0
        self._ports = tuple(ports)
        self._ready: tuple[int, ...] = ()
        self._turns = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="balancer")

    @property
    def ready(self) -> tuple[int, ...]:
        """The ports of the services that were ready when they were last asked."""
        return self._ready

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let all connections go."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        await self._check()
        self._listening.set()
        checking = self._loop.create_task(self._keep_checking())
        await self._stop.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(checking, *others, return_exceptions=True)
        await server.wait_closed()

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            await self._check()

    async def _check(self) -> None:
        found = await asyncio.gather(*(_is_ready(port) for port in self._ports))
        self._ready = tuple(port for port, ready in zip(self._ports, found, strict=True) if ready)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ready, turn = self._ready or self._ports, next(self._turns)
        async with _closing(writer):
            for number in range(len(ready)):
                try:
                    there = await asyncio.open_connection("127.0.0.1", ready[(turn + number) % len(ready)])
                except OSError:
                    continue
                async with _closing(there[1]):
                    await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
                return


@contextlib.asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close a connection at the end, when what was written has gone, and at once where that fails."""
    try:
        yield
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    finally:
        writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes until it ends; then the other side ends as well."""
    with contextlib.suppress(OSError):
        while data := await reader.read(_BLOCK):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _is_ready(port: int) -> bool:
    try:
        async with asyncio.timeout(CHECK_WITHIN):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            async with _closing(writer):
                writer.write(_ASK)
                status = await reader.readline()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in status
