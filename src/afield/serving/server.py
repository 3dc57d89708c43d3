"""One worker's server: a service at a listening socket, until it is told to stop."""

import asyncio
import gc
import resource
import signal
import socket
from dataclasses import replace

import uvloop

from afield.serving.desk import Desk
from afield.serving.heads import tick
from afield.serving.pending import Limits
from afield.serving.service import Service
from afield.serving.wire import Connection

BACKLOG = 4096
SWEEP = 0.25
NOTICE = 0.25
"""Seconds for which a worker that is to stop still takes connections and says that it is not ready."""
DRAIN = 10.0
"""Seconds after which requests that are still under way are given up."""
_SPARE = 256
LET_GO = signal.SIGUSR1
"""Tells a worker to let some of its connections go behind their next reply."""


def run_worker(service: Service, listener: socket.socket, limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
    """Serve at a listening socket, alone or beside other workers, until SIGTERM or SIGINT.

    Then it says for a moment that it is not ready, takes no more connections, finishes the requests under way and
    closes each connection behind its reply.

    Args:
        service: answers.
        listener: bound; it is made to listen.
        limits: what a connection may take.
    """
    # Each request makes some containers that die with it; looking for cycles among them is worth it now and then.
    gc.set_threshold(50_000, 50, 50)
    uvloop.run(_worked(service, listener, replace(limits, connections=_affordable(limits))))


def bound(address: str, port: int) -> socket.socket:
    """A socket bound to a numeric address, for workers to listen at.

    Raises:
        OSError: it cannot be.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


async def _worked(service: Service, listener: socket.socket, limits: Limits) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    among: set[Connection] = set()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(LET_GO, _let_go, among)
    await serve(service, listener, stop, limits, among)


async def serve(
    service: Service, listener: socket.socket, stop: asyncio.Event, limits: Limits, among: set[Connection]
) -> None:
    """Serve on the running loop until `stop` is set, and then drain; `among` holds the open connections."""
    loop = asyncio.get_running_loop()
    desk = Desk(service, loop)
    server = await loop.create_server(
        lambda: Connection(desk, limits, among, loop.time), sock=listener, backlog=BACKLOG
    )
    sweeping = loop.create_task(_sweep(among, loop))
    await stop.wait()
    service.leave()
    desk.leaving = True
    await asyncio.sleep(NOTICE)
    server.close()
    given_up = loop.time() + DRAIN
    while among and loop.time() < given_up:
        await asyncio.sleep(0.01)
    sweeping.cancel()
    for connection in list(among):
        connection.close()
    desk.close()
    service.close()


def _let_go(among: set[Connection]) -> None:
    """End every second connection behind its next reply, so that it comes back to a worker that has fewer."""
    for connection in list(among)[::2]:
        connection.let_go = True


async def _sweep(among: set[Connection], loop: asyncio.AbstractEventLoop) -> None:
    """Close the connections that take too long, and renew the date of replies."""
    while True:
        await asyncio.sleep(SWEEP)
        tick()
        now = loop.time()
        for connection in list(among):
            connection.check(now)


def _affordable(limits: Limits) -> int:
    """As many connections as this process may open files for, which it first raises as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(1, min(limits.connections, hard - _SPARE)) if hard != resource.RLIM_INFINITY else limits.connections
