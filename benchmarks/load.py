"""Load for a service: wrk on a core of its own, or clients of ours that ask at a rate whatever comes back."""

import asyncio
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httptools

from benchmarks.services import Target, pin

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
WRK = shutil.which("wrk")


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk measured.

    Attributes:
        rate: requests a second.
        p50, p99: latency, ms.
        refused: replies that were none of 2xx or 3xx.
    """

    rate: float
    p50: float
    p99: float
    refused: int


def wrk(target: Target, connections: int, seconds: float) -> Load:
    """Ask as fast as replies come, over so many connections.

    Raises:
        RuntimeError: wrk is not installed, or a connection failed.
    """
    if WRK is None:
        raise RuntimeError("wrk is not installed; apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if target.body:
            kind = "wrk.headers['Content-Type'] = 'application/json'\n"
            script.write(f"wrk.method = {target.method!r}\nwrk.body = {target.body!r}\n{kind}")
        script.flush()
        options = ["-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency", "-s", script.name]
        url = f"http://127.0.0.1:{target.port}{target.path}"
        process = subprocess.Popen([WRK, *options, url], stdout=subprocess.PIPE, text=True)  # noqa: S603 - on the path
        pin(process.pid, 1)
        said, _ = process.communicate()
    if "Socket errors" in said:
        raise RuntimeError(f"{target.name} failed under load:\n{said}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None:
        raise RuntimeError(f"wrk said:\n{said}")
    return Load(float(rate[1]), _time(said, "50%"), _time(said, "99%"), int(refused[1]) if refused else 0)


def _time(said: str, name: str) -> float:
    found = re.search(rf"{name}\s+([\d.]+)(us|ms|s)", said)
    if found is None:
        raise RuntimeError(f"wrk said:\n{said}")
    return float(found[1]) * UNITS[found[2]]


@dataclass(slots=True)
class Replies:
    """What clients got.

    Attributes:
        seconds: of each reply with status 200, from when its request was due.
        statuses: status → how many.
        told: refusals that said when to come again.
        failed: requests without a reply.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    told: int = 0
    failed: int = 0

    def p99(self) -> float:
        """The 99th percentile of the seconds of good replies."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)] if self.seconds else float("nan")


class Client(asyncio.Protocol):
    """One connection that asks one request at a time."""

    def __init__(self) -> None:
        """Not connected yet."""
        self._reply: asyncio.Future[tuple[int, bytes, bool]] | None = None
        self._again = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self._transport = transport
        self._begin()

    def connection_lost(self, error: Exception | None) -> None:
        """Whoever waits hears that no reply comes."""
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error or ConnectionError("closed"))

    def data_received(self, data: bytes) -> None:
        """Some of a reply."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, _: bytes) -> None:
        """One header."""
        self._again = self._again or name.lower() == b"retry-after"

    def on_body(self, data: bytes) -> None:
        """Some of the body."""
        self._body += data

    def on_message_complete(self) -> None:
        """A whole reply."""
        if self._reply is not None and not self._reply.done():
            self._reply.set_result((self._parser.get_status_code(), self._body, self._again))
        self._begin()

    async def ask(self, request: bytes) -> tuple[int, bytes, bool]:
        """Status, body, and whether it says when to come again."""
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(request)  # type: ignore[attr-defined]
        return await self._reply

    def _begin(self) -> None:
        self._parser, self._body, self._again = httptools.HttpResponseParser(self), b"", False


def asked(target: Target) -> bytes:
    """The bytes of a request."""
    body = (target.body or "").encode()
    head = f"{target.method} {target.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def connected(target: Target, count: int) -> list[Client]:
    """So many connections."""
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(Client, "127.0.0.1", target.port))[1] for _ in range(count)]


async def at_rate(target: Target, rate: float, seconds: float, connections: int) -> Replies:
    """Ask `rate` times a second, each time over a free connection, whatever comes back.

    A request for which no connection is free counts from when it was due.
    """
    clients: asyncio.Queue[Client] = asyncio.Queue()
    for client in await connected(target, connections):
        clients.put_nowait(client)
    replies, request, tasks = Replies(), asked(target), set[asyncio.Task[None]]()

    async def one(due: float) -> None:
        client = await clients.get()
        try:
            status, _, again = await client.ask(request)
        except OSError:
            replies.failed += 1
            return
        if status == 200:
            replies.seconds.append(time.perf_counter() - due)
        replies.statuses[status] = replies.statuses.get(status, 0) + 1
        replies.told += again
        clients.put_nowait(client)

    start, number = time.perf_counter(), 0
    while (now := time.perf_counter() - start) < seconds:
        while number < now * rate:
            tasks.add(asyncio.create_task(one(start + number / rate)))
            number += 1
        await asyncio.sleep(0.001)
    await asyncio.wait(tasks)
    return replies


async def in_turn(
    target: Target, connections: int, go_on: Callable[[int], bool], seen: Callable[[bytes], Awaitable[None] | None]
) -> Replies:
    """Ask over so many connections, each as soon as it was answered, while `go_on(requests so far)`."""
    replies, request = Replies(), asked(target)

    async def one(client: Client) -> None:
        while go_on(sum(replies.statuses.values())):
            due = time.perf_counter()
            status, body, again = await client.ask(request)
            if status == 200:
                replies.seconds.append(time.perf_counter() - due)
                seen(body)
            replies.statuses[status] = replies.statuses.get(status, 0) + 1
            replies.told += again

    for result in await asyncio.gather(*map(one, await connected(target, connections)), return_exceptions=True):
        if isinstance(result, OSError):
            replies.failed += 1
        elif isinstance(result, BaseException):
            raise result
    return replies
